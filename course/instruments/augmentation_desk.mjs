// The augmentation desk: one photo in eleven random versions, as Keras's layers make them.
import { unpack, written, element, instrument, frame, slider, choice, checkbox, button, live_line, each_frame } from "./elements.mjs";

// ---- arithmetic: what the layers of Keras 3.15 compute, with TensorFlow's image transform -------

const desk_float = Math.fround; // places are float32 there; wrapped rims jump where they round

export const DESK_DRAWS = ["horizontal", "vertical", "rotation", "zoom", "down", "right", "shear_x", "shear_y", "brightness", "contrast"];
const DESK_VERSIONS = 11;
const DESK_MOVEMENTS = ["rotation", "zoom", "translation", "shear"];
const DESK_STRENGTHS = [...DESK_MOVEMENTS, "brightness", "contrast"];

/** The flips at work: "both" are two layers, which flip independently. */
export function desk_flips(flip) {
  return flip === "both" ? ["horizontal", "vertical"] : flip === "none" ? [] : [flip];
}

/** A version's draws by name; with `strongest`, each at −1 or 1. */
export function desk_drawn(draw, strongest) {
  return Object.fromEntries(DESK_DRAWS.map((name, i) => [name, strongest ? (draw[i] >= 0 ? 1 : -1) : draw[i]]));
}

/**
 * The matrix of a movement, [a0, a1, a2, b0, b1, b2]: the pixel (x, y) of the new photo is fetched
 * from (a0 x + a1 y + a2, b0 x + b1 y + b2) of the old one.
 */
export function desk_matrix(name, at, drawn, rows, columns) {
  const f = desk_float;
  if (name === "rotation") {
    const angle = f(f(360 * (at * drawn.rotation)) * f(Math.PI / 180));
    const [cosine, sine] = [f(Math.cos(angle)), f(Math.sin(angle))];
    const [x, y] = [(columns - 1) / 2, (rows - 1) / 2];
    const a2 = f(f(x - f(x * cosine)) - f(y * -sine));
    const b2 = f(f(y - f(x * sine)) - f(y * cosine));
    return [cosine, -sine, a2, sine, cosine, b2];
  }
  if (name === "zoom") {
    const factor = f(1 + at * drawn.zoom);
    const rest = f(1 - factor);
    return [factor, 0, f(((columns - 1) / 2) * rest), 0, factor, f(((rows - 1) / 2) * rest)];
  }
  if (name === "translation") return [1, 0, -f(f(at * drawn.right) * columns), 0, 1, -f(f(at * drawn.down) * rows)];
  return [1, f(at * drawn.shear_x), 0, f(at * drawn.shear_y), 1, 0]; // shear: about the upper left corner
}

/** Where a place outside the photo is fetched from instead. "constant" leaves it outside. */
export function desk_inside(place, length, fill) {
  const last = length - 1;
  if (fill === "constant" || (place >= 0 && place <= last)) return place;
  const f = desk_float;
  let inside = place;
  if (fill === "reflect") {
    const period = 2 * length;
    if (place < 0) {
      inside = f(period * Math.trunc(f(-place / period)) + place);
      inside = inside < -length ? f(inside + period) : f(-inside - 1);
    } else {
      inside = f(place - period * Math.trunc(f(place / period)));
      if (inside >= length) inside = f(f(period - inside) - 1);
    }
  } else if (fill === "wrap") {
    // TensorFlow counts whole photos in steps of length − 1 and moves by length: the rims jump.
    inside = place < 0 ? f(place + length * (Math.trunc(f(-place / last)) + 1)) : f(place - length * Math.trunc(f(place / last)));
  }
  return inside < 0 ? 0 : inside > last ? last : inside;
}

/** Along one side: for each pixel its two neighbours in the old photo, and their weights. */
function desk_axis(scale, offset, length, fill) {
  const f = desk_float;
  const table = { low: new Int32Array(length), high: new Int32Array(length), near: new Float64Array(length), far: new Float64Array(length) };
  for (let i = 0; i < length; i++) {
    const place = desk_inside(f(f(scale * i) + offset), length, fill);
    const low = Math.floor(place);
    const [low_is_in, high_is_in] = [low >= 0 && low < length, low + 1 >= 0 && low + 1 < length];
    table.low[i] = low_is_in ? low : 0;
    table.high[i] = high_is_in ? low + 1 : 0;
    table.near[i] = low_is_in ? low + 1 - place : 0; // what lies outside is black
    table.far[i] = high_is_in ? place - low : 0;
  }
  return table;
}

/** Fetch each pixel of `target` from `source`, bilinearly; both hold red, green, blue, row by row. */
export function desk_fetch(source, target, rows, columns, matrix, fill) {
  const f = desk_float;
  const [a0, a1, a2, b0, b1, b2] = matrix;
  let to = 0;
  if (a1 === 0 && b0 === 0) { // rows and columns stay apart: two tables say it all
    const across = desk_axis(a0, a2, columns, fill), down = desk_axis(b1, b2, rows, fill);
    for (let y = 0; y < rows; y++) {
      const above = 3 * columns * down.low[y], below = 3 * columns * down.high[y];
      const top = down.near[y], bottom = down.far[y];
      for (let x = 0; x < columns; x++) {
        const left = 3 * across.low[x], right = 3 * across.high[x];
        const near = across.near[x], far = across.far[x];
        const p = above + left, q = above + right, r = below + left, s = below + right;
        target[to++] = top * (near * source[p] + far * source[q]) + bottom * (near * source[r] + far * source[s]);
        target[to++] = top * (near * source[p + 1] + far * source[q + 1]) + bottom * (near * source[r + 1] + far * source[s + 1]);
        target[to++] = top * (near * source[p + 2] + far * source[q + 2]) + bottom * (near * source[r + 2] + far * source[s + 2]);
      }
    }
    return;
  }
  const a_column = Float32Array.from({ length: columns }, (_, x) => a0 * x);
  const b_column = Float32Array.from({ length: columns }, (_, x) => b0 * x);
  const [last_column, last_row] = [columns - 1, rows - 1];
  const width = 3 * columns;
  for (let y = 0; y < rows; y++) {
    const a_row = f(a1 * y), b_row = f(b1 * y);
    for (let x = 0; x < columns; x++, to += 3) {
      let across = f(f(a_column[x] + a_row) + a2);
      let down = f(f(b_column[x] + b_row) + b2);
      let at, far, bottom, near, top;
      let right = 3, below = width;
      if (across >= 0 && across < last_column && down >= 0 && down < last_row) {
        const left = across | 0, above = down | 0;
        far = across - left;
        near = 1 - far;
        bottom = down - above;
        top = 1 - bottom;
        at = above * width + 3 * left;
      } else { // at the rim, or beyond
        across = desk_inside(across, columns, fill);
        down = desk_inside(down, rows, fill);
        const left = Math.floor(across), above = Math.floor(down);
        far = left >= -1 && left < last_column ? across - left : 0;
        near = left >= 0 && left <= last_column ? left + 1 - across : 0;
        bottom = above >= -1 && above < last_row ? down - above : 0;
        top = above >= 0 && above <= last_row ? above + 1 - down : 0;
        const held_x = Math.max(0, Math.min(last_column, left)), held_y = Math.max(0, Math.min(last_row, above));
        right = far ? 3 * (left + 1 - held_x) : 0;
        below = bottom ? width * (above + 1 - held_y) : 0;
        at = held_y * width + 3 * held_x;
      }
      const q = at + right, r = at + below, s = r + right;
      const w_at = top * near, w_q = top * far, w_r = bottom * near, w_s = bottom * far;
      target[to] = w_at * source[at] + w_q * source[q] + w_r * source[r] + w_s * source[s];
      target[to + 1] = w_at * source[at + 1] + w_q * source[q + 1] + w_r * source[r + 1] + w_s * source[s + 1];
      target[to + 2] = w_at * source[at + 2] + w_q * source[q + 2] + w_r * source[r + 2] + w_s * source[s + 2];
    }
  }
}

function desk_flip(source, target, rows, columns, mode) {
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let at = 3 * (mode === "horizontal" ? y * columns + columns - 1 - x : (rows - 1 - y) * columns + x);
      for (let c = 0; c < 3; c++) target[to++] = source[at++];
    }
  }
}

function desk_brighten(source, target, delta) {
  for (let i = 0; i < source.length; i++) target[i] = Math.max(0, Math.min(255, source[i] + delta));
}

/** Differences from each channel's mean, times a factor. */
function desk_spread(source, target, factor) {
  for (let c = 0; c < 3; c++) {
    let mean = 0;
    for (let i = c; i < source.length; i += 3) mean += source[i];
    mean /= source.length / 3;
    for (let i = c; i < source.length; i += 3) target[i] = Math.max(0, Math.min(255, (source[i] - mean) * factor + mean));
  }
}

/**
 * One version of a photo, each layer after the other, in the order of the code.
 *
 * @param photo {shape: [rows, columns, 3], values: Float32Array, 0 to 255}.
 * @param settings {rotation, zoom, translation, shear, brightness, contrast, flip, fill_mode, strongest}.
 * @param draw the version's ten draws, in the order of DESK_DRAWS.
 * @param spare two Float32Array of the photo's size, which are used by turns; one is the answer.
 */
export function desk_version({ shape, values }, settings, draw, spare) {
  const [rows, columns] = shape;
  const drawn = desk_drawn(draw, settings.strongest);
  let now = values;
  const step = (work) => {
    const target = now === spare[0] ? spare[1] : spare[0];
    work(now, target);
    now = target;
  };
  for (const mode of desk_flips(settings.flip)) {
    if (drawn[mode] > 0) step((from, to) => desk_flip(from, to, rows, columns, mode));
  }
  for (const name of DESK_MOVEMENTS) {
    if (!settings[name]) continue;
    const matrix = desk_matrix(name, settings[name], drawn, rows, columns);
    step((from, to) => desk_fetch(from, to, rows, columns, matrix, settings.fill_mode));
  }
  if (settings.brightness) {
    const delta = desk_float(desk_float(settings.brightness * drawn.brightness) * 255);
    step((from, to) => desk_brighten(from, to, delta));
  }
  if (settings.contrast) step((from, to) => desk_spread(from, to, desk_float(1 + settings.contrast * drawn.contrast)));
  return now;
}

// ---- words: the code, what a version underwent, what the refused have in common ------------------

function desk_short(number) {
  return String(Number(number.toPrecision(4)));
}

// Of each slider: the most it offers, as in Python's LIMITS, and what its value means.
const DESK_SLIDERS = {
  rotation: [0.5, (v) => `±${desk_short(360 * v)}°`],
  zoom: [0.9, (v) => (v ? `${written(100 / (1 + v), 0)} to ${written(100 / (1 - v), 0)} %` : "100 %")],
  translation: [0.5, (v, rows, columns) => (rows === columns ? `±${desk_short(v * rows)} px` : `±${desk_short(v * columns)}, ±${desk_short(v * rows)} px`)],
  shear: [0.5, (v) => `slope ±${desk_short(v)}`],
  brightness: [1, (v) => `±${desk_short(255 * v)} of 255`],
  contrast: [1, (v) => (v ? `× ${desk_short(1 - v)} to ${desk_short(1 + v)}` : "× 1")],
};

/** The Keras code, the same as the Python class's `code`. */
export function desk_code(settings) {
  const { rotation, zoom, translation, shear, brightness, contrast } = settings;
  const [fill, values, n] = [`fill_mode="${settings.fill_mode}"`, "value_range=(0, 255)", desk_short];
  const lines = desk_flips(settings.flip).map((mode) => `RandomFlip("${mode}"),`);
  if (rotation) lines.push(`RandomRotation(${n(rotation)}, ${fill}),  # turns: ±${n(360 * rotation)}°`);
  if (zoom) lines.push(`RandomZoom(${n(zoom)}, ${fill}),  # -${n(zoom)} enlarges`);
  if (translation) lines.push(`RandomTranslation(${n(translation)}, ${n(translation)}, ${fill}),  # height, width`);
  if (shear) lines.push(`RandomShear(${n(shear)}, ${n(shear)}, ${fill}),  # x, y`);
  if (brightness) lines.push(`RandomBrightness(${n(brightness)}, ${values}),  # adds up to ±${n(255 * brightness)}`);
  if (contrast) lines.push(`RandomContrast((${n(contrast)}, ${n(contrast)}), ${values}),  # ×${n(1 - contrast)} to ×${n(1 + contrast)}`);
  if (!lines.length) lines.push("Identity(),  # nothing is changed"); // Sequential([]) can't be called
  return [
    "import keras",
    "from keras import layers",
    "",
    "augment = keras.Sequential([  # float32, values 0 to 255; in training only",
    ...lines.map((line) => `    layers.${line}`),
    "])",
  ].join("\n");
}

/** What one version underwent, in words; shares become pixels of the photo. What rounds to nothing is left out. */
export function desk_story(settings, draw, rows, columns) {
  const drawn = desk_drawn(draw, settings.strongest);
  const parts = desk_flips(settings.flip).filter((mode) => drawn[mode] > 0).map((mode) => (mode === "horizontal" ? "mirrored" : "upside down"));
  const amount = (name, draw_name = name) => settings[name] * drawn[draw_name];
  const is_seen = (value, decimals) => Number(value.toFixed(decimals)) !== 0;
  const [turn, zoom] = [360 * amount("rotation"), amount("zoom")];
  if (is_seen(turn, 0)) parts.push(`turned ${written(Math.abs(turn), 0)}° to the ${turn < 0 ? "right" : "left"}`);
  if (is_seen(zoom, 2)) parts.push(`zoom ${written(zoom, 2, { sign: true })}: ${zoom < 0 ? "larger" : "smaller"}, ${written(100 / (1 + zoom), 0)} %`);
  const shift = (pixels, back, on) => (is_seen(pixels, 0) ? [`${written(Math.abs(pixels), 0)} px ${pixels < 0 ? back : on}`] : []);
  const shifts = [...shift(amount("translation", "right") * columns, "left", "right"), ...shift(amount("translation", "down") * rows, "up", "down")];
  if (shifts.length) parts.push(`shifted ${shifts.join(" and ")}`);
  const slopes = [amount("shear", "shear_x"), amount("shear", "shear_y")];
  if (slopes.some((slope) => is_seen(slope, 2))) parts.push(`slopes ${slopes.map((slope) => written(slope, 2, { sign: true })).join(" and ")}`);
  const light = 255 * amount("brightness");
  if (is_seen(light, 0)) parts.push(`brightness ${written(light, 0, { sign: true })}`);
  if (is_seen(amount("contrast"), 2)) parts.push(`contrast × ${written(1 + amount("contrast"))}`);
  return parts.join(", ") || (DESK_STRENGTHS.some((name) => settings[name]) ? "almost as it is" : "as it is");
}

const DESK_ADVICE = {
  horizontal: ["mirrored more often", "no horizontal flip?"],
  vertical: ["upside down more often", "no vertical flip?"],
  rotation: ["turned further", "a smaller rotation?"],
  zoom: ["zoomed further", "less zoom?"],
  translation: ["shifted further", "a smaller translation?"],
  shear: ["slanted further", "less shear?"],
  brightness: ["changed more in brightness", "less brightness?"],
  contrast: ["changed more in contrast", "less contrast?"],
};
const DESK_OWN_DRAWS = { translation: ["down", "right"], shear: ["shear_x", "shear_y"] };

function desk_mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The change to look at first: the refused versions exceed the others in it by at least half of its
 * spread over all versions, and that, times how strong it is set (a flip counts as half), is most.
 * Null where there is none, or nothing to compare. One refused version says nothing about flips.
 */
export function desk_blame(settings, draws, refused) {
  const out = new Set(refused);
  if (!out.size || out.size >= draws.length) return null;
  const working = [...(out.size > 1 ? desk_flips(settings.flip) : []), ...DESK_STRENGTHS.filter((name) => settings[name])];
  let [blamed, most] = [null, 0];
  for (const name of working) {
    const extents = draws.map((draw) => {
      const drawn = desk_drawn(draw, settings.strongest);
      if (!DESK_STRENGTHS.includes(name)) return Number(drawn[name] > 0);
      return Math.max(...(DESK_OWN_DRAWS[name] ?? [name]).map((one) => Math.abs(drawn[one])));
    });
    const mean = desk_mean(extents);
    const spread = Math.sqrt(desk_mean(extents.map((extent) => (extent - mean) ** 2)));
    if (spread < 1e-9) continue;
    const [theirs, others] = [true, false].map((is_out) => desk_mean(extents.filter((_, i) => out.has(i + 1) === is_out)));
    const excess = (theirs - others) / spread;
    const weight = name in DESK_SLIDERS ? settings[name] / DESK_SLIDERS[name][0] : 0.5;
    if (excess > 0.5 && excess * weight > most) [blamed, most] = [name, excess * weight];
  }
  return blamed;
}

/** What to say of the refused; `name` is what the photo shows, where that is known. */
export function desk_verdict(settings, draws, refused, name = null) {
  const n = refused.length;
  if (!desk_flips(settings.flip).length && !DESK_STRENGTHS.some((one) => settings[one])) return "Nothing is changed: every version is the photo.";
  const question = name ? `Is each still “${name}”? Cross out where it isn't` : "Does the label survive in each? Cross out where it doesn't";
  if (!n) return `None of ${DESK_VERSIONS} refused. ${question} (click, or Enter).`;
  if (n === DESK_VERSIONS) return `All ${n} refused: everything weaker?`;
  const [reason, advice] = DESK_ADVICE[desk_blame(settings, draws, refused)] ?? [];
  const finding = reason ? `${n === 1 ? "It is" : "They are"} ${reason} than the others: ${advice}` : "Which strength should be smaller?";
  return `${n} of ${DESK_VERSIONS} refused. ${finding}`;
}

/** What is worth knowing about the layers at work. */
export function desk_notes(settings) {
  const movements = DESK_MOVEMENTS.filter((name) => settings[name]).length;
  const notes = [];
  if (movements > 1) notes.push(`${movements} layers fetch the colours, one after the other, and each time the photo gets a little softer. One matrix for all movements does it once.`);
  if (settings.zoom) notes.push("Zoom says from where to fetch: below zero from a smaller region, so the photo is enlarged.");
  if (settings.shear) notes.push("Shear holds the upper left corner, so the photo moves, too.");
  if (settings.flip === "both") notes.push('Two layers flip independently. RandomFlip("horizontal_and_vertical") makes both flips or neither (Keras 3.15).');
  if (settings.brightness || settings.contrast) notes.push("value_range=(0, 255) is for photos before Rescaling(1/255); behind it, write (0, 1).");
  if (settings.contrast) notes.push(`A single number, RandomContrast(${desk_short(settings.contrast)}), would only ever raise contrast (Keras 3.15); the pair goes both ways.`);
  return notes;
}

// ---- what one sees ------------------------------------------------------------------------------

function render({ model, el }) {
  const packets = model.get("photos");
  const names = Object.keys(packets);
  const photos = Object.fromEntries(names.map((name) => {
    const { shape, values } = unpack(packets[name]);
    return [name, { shape, values: Float32Array.from(values) }];
  }));
  const settings = {};
  const state = { told: 1, focused: 1, photo: null, spare: null, image: null };

  const store = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };

  // -- controls
  const sliders = {};
  for (const [name, [max, show]] of Object.entries(DESK_SLIDERS)) {
    const shown = (v) => `${written(v)}: ${show(v, ...photos[model.get("shown")].shape)}`;
    sliders[name] = slider(name, { min: 0, max, step: 0.01, value: model.get(name), show: shown }, (value) => store({ [name]: value }));
    sliders[name].root.classList.add("desk-slider");
  }
  const set_flip = () => {
    const [across, down] = [flips.horizontal.input.checked, flips.vertical.input.checked];
    store({ flip: across && down ? "both" : across ? "horizontal" : down ? "vertical" : "none" });
  };
  const flips = { horizontal: checkbox("flip horizontally", false, set_flip), vertical: checkbox("flip vertically", false, set_flip) };
  const fill = choice("fill", ["reflect", "nearest", "wrap", "constant"], model.get("fill_mode"), (mode) => store({ fill_mode: mode }));
  const photo_choice = choice("photo", names, model.get("shown"), (name) => store({ shown: name, refused: [] }));
  photo_choice.root.hidden = names.length < 2;
  const strongest = checkbox("strongest draws only", model.get("strongest"), (on) => store({ strongest: on }));
  const draw_anew = () => {
    const one = () => Math.round(2e4 * Math.random() - 1e4) / 1e4;
    store({ draws: Array.from({ length: DESK_VERSIONS }, () => DESK_DRAWS.map(one)), refused: [] });
  };

  // -- tiles
  const make_tile = (number) => {
    const canvas = element("canvas", { "data-tile": number });
    const caption = element("span", { class: "desk-caption" });
    const attributes = { class: "desk-tile", "data-version": number };
    const root = number
      ? button("", () => toggle(number), { ...attributes, "aria-pressed": "false", tabindex: -1, onfocus: () => tell(number), onpointerenter: () => tell(number) })
      : element("div", { ...attributes, role: "img" });
    root.append(element("span", { class: "desk-photo" }, canvas), caption);
    return { root, canvas, context: canvas.getContext("2d"), caption };
  };
  const tiles = Array.from({ length: DESK_VERSIONS + 1 }, (_, number) => make_tile(number));
  const grid = element("div", { class: "desk-tiles", role: "group", "aria-label": "The photo and eleven versions. Arrow keys move; Enter crosses out a version whose label doesn't survive." }, ...tiles.map(({ root }) => root));
  const told = element("p", { class: "desk-told" });
  const said = live_line();
  const code = element("pre", { tabindex: 0, role: "group", "aria-label": "Keras code" });
  const notes = element("ul", { class: "desk-notes" });

  const toggle = (number) => {
    const refused = model.get("refused");
    state.focused = number;
    store({ refused: refused.includes(number) ? refused.filter((one) => one !== number) : [...refused, number].sort((a, b) => a - b) });
  };
  const tell = (number) => {
    state.told = number;
    request();
  };
  grid.addEventListener("keydown", (event) => {
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length; // fewer on a narrow page
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const to = event.key === "Home" ? 1 : event.key === "End" ? DESK_VERSIONS : state.focused + (moves[event.key] ?? NaN);
    if (Number.isNaN(to)) return;
    event.preventDefault();
    if (to < 1 || to > DESK_VERSIONS) return;
    state.focused = to;
    for (const [number, { root }] of tiles.entries()) if (number) root.tabIndex = number === to ? 0 : -1;
    tiles[to].root.focus();
  });

  const copy = button("copy the code", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      copy.textContent = "copied";
    } catch { // pages from a file, or without permission: leave the last key to the reader
      getSelection().selectAllChildren(code);
      copy.textContent = "selected: press Ctrl+C";
    }
  }, { onblur: () => (copy.textContent = "copy the code") });

  // -- drawing
  const read = () => {
    for (const name of [...DESK_STRENGTHS, "flip", "fill_mode", "strongest"]) settings[name] = model.get(name);
    const photo = photos[model.get("shown")];
    if (photo === state.photo) return;
    const [rows, columns] = photo.shape;
    state.photo = photo;
    state.spare = [new Float32Array(photo.values.length), new Float32Array(photo.values.length)];
    state.image = new ImageData(columns, rows);
    state.image.data.fill(255);
    for (const { canvas } of tiles) [canvas.width, canvas.height] = [columns, rows];
  };
  const draw = () => {
    read();
    const { photo, image } = state;
    const draws = model.get("draws"), refused = model.get("refused"), shown = model.get("shown");
    tiles.forEach(({ root, context, caption }, number) => {
      const values = number ? desk_version(photo, settings, draws[number - 1], state.spare) : photo.values;
      for (let from = 0, to = 0; from < values.length; to++) {
        image.data[to++] = values[from++];
        image.data[to++] = values[from++];
        image.data[to++] = values[from++];
      }
      context.putImageData(image, 0, 0);
      if (!number) return void (caption.textContent = names.length > 1 ? shown : "the photo", root.setAttribute("aria-label", shown));
      const out = refused.includes(number);
      root.setAttribute("aria-pressed", String(out));
      root.setAttribute("aria-label", `version ${number}: ${desk_story(settings, draws[number - 1], ...photo.shape)}${out ? "; refused" : ""}`);
      caption.textContent = out ? `${number} refused` : `${number}`;
      root.tabIndex = number === state.focused ? 0 : -1;
    });
    told.textContent = `Version ${state.told}: ${desk_story(settings, draws[state.told - 1], ...photo.shape)}.`;
    set_text(said, desk_verdict(settings, draws, refused, names.length > 1 ? shown : null)); // written only when it changes: it is read aloud
    set_text(code, desk_code(settings));
    const wanted = desk_notes(settings);
    if (notes.dataset.shown !== wanted.join("\n")) {
      notes.dataset.shown = wanted.join("\n");
      notes.replaceChildren(...wanted.map((text) => element("li", {}, text)));
    }
  };
  const set_text = (host, text) => host.textContent !== text && (host.textContent = text);
  const request = each_frame(draw);

  // -- what Python, or another view, changes
  const follow = (names, change) => {
    for (const name of names) model.on(`change:${name}`, () => (change?.(name), request()));
  };
  const set_flips = () => {
    const working = desk_flips(model.get("flip"));
    for (const [name, { input }] of Object.entries(flips)) input.checked = working.includes(name);
  };
  const set_slider = (name) => Number(sliders[name].input.value) !== model.get(name) && sliders[name].set(model.get(name));
  follow(DESK_STRENGTHS, set_slider);
  follow(["flip"], set_flips);
  follow(["fill_mode"], () => fill.set(model.get("fill_mode")));
  follow(["strongest"], () => (strongest.input.checked = model.get("strongest")));
  follow(["shown"], () => {
    photo_choice.set(model.get("shown"));
    for (const name of DESK_STRENGTHS) sliders[name].set(model.get(name)); // pixels of another photo
  });
  follow(["draws", "refused"]);
  set_flips();

  frame(
    el,
    "Augmentation desk",
    element("div", { class: "desk-sliders" }, ...Object.values(sliders).map(({ root }) => root)),
    element("div", { class: "controls" }, flips.horizontal.root, flips.vertical.root, fill.root, photo_choice.root, strongest.root, button("new draws", draw_anew)),
    grid,
    told,
    said,
    element("div", { class: "desk-code" }, code, copy),
    notes,
  );
  draw();
  return () => request.cancel();
}

export default instrument(render);
