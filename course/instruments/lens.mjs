// The lens: what one unit of a trained network sees, its channel's map, and heatmaps by method.
import { unpack, element, instrument, frame, slider, choice, number_field, button, live_line, picture, draw_grid, draw_box, each_frame, on_drag, ink_of, asker, MARK } from "./elements.mjs";

// ---- arithmetic, the same as in lens.py and explain.overlay --------------------------------------

/** A field as the page gets it, four pairs of (rows, columns), with names; null stays null. */
export function lens_field(pairs) {
  return pairs && { size: pairs[0], jump: pairs[1], start: pairs[2], units: pairs[3] };
}

/** The unit, [row, column], whose field has its middle nearest to a pixel.
 *
 * @param units the map's size, @param sides the image's: without a field the map is laid over it.
 */
export function lens_unit(place, field, units, sides) {
  return place.map((pixel, axis) => {
    const nearest = field
      ? (pixel - field.start[axis] - (field.size[axis] - 1) / 2) / field.jump[axis] + 0.5
      : ((pixel + 0.5) * units[axis]) / sides[axis];
    return Math.max(0, Math.min(units[axis] - 1, Math.floor(nearest)));
  });
}

/** The middle of a unit's field, [row, column] in pixels; it may lie between two. */
export function lens_place(unit, field, units, sides) {
  return unit.map((index, axis) => field
    ? field.start[axis] + field.jump[axis] * index + (field.size[axis] - 1) / 2
    : ((index + 0.5) * sides[axis]) / units[axis] - 0.5);
}

/** A unit's field in pixels; `bottom` and `right` are the first outside. */
export function lens_box([row, column], field) {
  const top = field.start[0] + field.jump[0] * row, left = field.start[1] + field.jump[1] * column;
  return { top, left, bottom: top + field.size[0], right: left + field.size[1] };
}

/** The part of a box within an image; null if there is none. */
export function lens_clipped(box, [height, width]) {
  const top = Math.max(0, box.top), left = Math.max(0, box.left);
  const bottom = Math.min(height, box.bottom), right = Math.min(width, box.right);
  return bottom > top && right > left ? { top, left, bottom, right } : null;
}

/** The strongest unit: [row, column] of the first of the largest values. */
export function lens_strongest(values, columns) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return [Math.floor(best / columns), best % columns];
}

/** A map in another size, by bilinear interpolation; beyond the border the border goes on. */
export function lens_resized(values, [h, w], [height, width]) {
  if (h === height && w === width) return values;
  const between = (count, side) => Array.from({ length: side }, (_, i) => {
    const place = Math.max(0, Math.min(count - 1, ((i + 0.5) * count) / side - 0.5));
    const low = Math.floor(place);
    return [low, Math.min(count - 1, low + 1), place - low];
  });
  const rows = between(h, height), columns = between(w, width);
  const found = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const [top, bottom, down] = rows[y];
    for (let x = 0; x < width; x++) {
      const [left, right, across] = columns[x];
      const above = values[top * w + left] * (1 - across) + values[top * w + right] * across;
      const below = values[bottom * w + left] * (1 - across) + values[bottom * w + right] * across;
      found[y * width + x] = above * (1 - down) + below * down;
    }
  }
  return found;
}

/** Heat laid over an image, as red, green, blue: the hotter, the less of the image is seen.
 *
 * @param pixels red, green, blue from 0 to 255. @param heat as many numbers as pixels, >= 0.
 * @param limit what counts as greatest heat. @param colours 256 colours, from 0 to 1.
 */
export function lens_overlay(pixels, heat, { opacity, limit, colours }) {
  const found = new Uint8ClampedArray(pixels.length);
  for (let i = 0; i < heat.length; i++) {
    const share = Math.max(0, Math.min(1, heat[i] / (limit || 1)));
    const index = 3 * Math.min(255, Math.floor(256 * share));
    const cover = opacity * share;
    for (let c = 0; c < 3; c++) found[3 * i + c] = pixels[3 * i + c] * (1 - cover) + 255 * colours[index + c] * cover;
  }
  return found;
}

/** A number with three digits that count, and a true minus sign. */
export function lens_written(number) {
  const tiny = number !== 0 && Math.abs(number) < 0.001;
  return (tiny ? number.toExponential(2) : String(Number(number.toPrecision(3)))).replaceAll("-", "−");
}

// ---- what one sees -------------------------------------------------------------------------------

const LENS_SIDE = 260; // of a panel, in CSS pixels: three of them fit side by side in JupyterLab
const LENS_ZOOM = 104;
const LENS_SMALL = 46; // of a channel's small map
const LENS_LEAST = 9; // of the mark around a unit: where a unit is less, it is drawn larger
const LENS_BEYOND = 0.18; // of the image's side, at most, is kept free around it for what lies outside
const LENS_REST_MS = 150; // so long a place is kept before Python hears of it
const LENS_KEPT = 240; // maps
const LENS_KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function render({ model, el }) {
  const pictures = Object.fromEntries(model.get("pictures").map(({ name, pixels }) => [name, unpack(pixels)]));
  const colours = unpack(model.get("colours")).values;
  const [layers, channels, fields, methods, classes, says] = ["layers", "channels", "fields", "methods", "classes", "says"].map((name) => model.get(name));
  const chosen = ["image", "layer", "channel", "place", "method", "explained", "opacity"];
  const state = Object.fromEntries(chosen.map((name) => [name, model.get(name)]));
  const maps = new Map(), lively = new Map(), heats = new Map(), failed = new Map();
  let held = false, under_way = null, rest = 0;

  const key_of = (...parts) => JSON.stringify(parts);
  const map_key = () => key_of("maps", state.image, state.layer, state.channel);
  const heat_key = () => key_of("heat", state.image, state.method, state.explained);
  const sides = () => pictures[state.image].shape.slice(0, 2);
  const field = () => lens_field(fields[state.image][state.layer]);
  const map = () => maps.get(map_key());
  const heat = () => heats.get(heat_key());
  const units = () => map()?.shape ?? field()?.units;
  const unit = () => lens_unit(state.place, field(), units(), sides());

  // -- elements
  const panel = (part, attributes, side = LENS_SIDE) => {
    const made = picture("", { width: side, height: side, "data-part": part, ...attributes });
    made.base = document.createElement("canvas"); // what stays while the place moves
    [made.base.width, made.base.height] = [made.canvas.width, made.canvas.height];
    made.ground = made.base.getContext("2d");
    made.ground.scale(made.base.width / side, made.base.height / side);
    return made;
  };
  const moved = { role: "slider", tabindex: 0 };
  const whole = panel("image", { ...moved, "aria-label": "place on the image; arrow keys go from unit to unit" });
  const plane = panel("map", { ...moved, "aria-label": "place on the map; arrow keys go from unit to unit" });
  const blend = panel("heat", { role: "img" });
  const zoom = panel("zoom", { role: "img" }, LENS_ZOOM);

  const images = choice("image", Object.keys(pictures), state.image, (name) => choose("image", name));
  const layer_list = choice("layer", layers, state.layer, (name) => choose("layer", name));
  const channel_field = number_field("channel", { min: 0, max: channels[state.layer] - 1, step: 1, value: state.channel }, (number) => choose("channel", number));
  const strongest = button("strongest place", () => {
    if (map()) move(lens_place(lens_strongest(map().values, map().shape[1]), field(), units(), sides()));
  });
  const livelies = element("div", { class: "lens-lively", role: "group", "aria-label": "liveliest channels" });
  const lively_title = element("figcaption");
  const method_list = choice("heatmap", methods, state.method, (name) => choose("method", name));
  const class_list = choice("class", classes, state.explained, (name) => choose("explained", name));
  const opacity = slider("opacity", { min: 0, max: 1, step: 0.05, value: state.opacity, show: (share) => `${Math.round(100 * share)} %` }, (share) => choose("opacity", share));
  const network_says = element("span", { "data-part": "says" });
  const said = live_line({ "data-part": "said" });

  // -- choosing and asking
  let choosing = false;
  const choose = (name, value) => {
    choosing = true; // what is heard now is one's own
    const set = (trait, to) => {
      state[trait] = to;
      if (to !== null) model.set(trait, to);
    };
    set(name, value);
    if (name === "layer") set("channel", lively.get(key_of(state.image, value))?.order[0] ?? null);
    choosing = false;
    model.save_changes();
    changed(name);
  };
  const hear = (name) => {
    if (choosing) return;
    state[name] = model.get(name);
    if (state.channel >= channels[state.layer]) state.channel = null; // null: the liveliest, see `want`
    changed(name);
  };
  const changed = (name) => {
    if (name !== "place" && name !== "opacity") { // what failed may be asked for again
      failed.delete(map_key());
      failed.delete(heat_key());
      if (!kernel.is_waiting()) kernel.root.textContent = "";
    }
    show_controls();
    request();
    want();
  };
  for (const name of chosen) model.on(`change:${name}`, () => hear(name));

  const move = (place) => {
    state.place = place;
    clearTimeout(rest);
    rest = setTimeout(keep_place, LENS_REST_MS);
    request();
  };
  const keep_place = () => {
    clearTimeout(rest);
    rest = 0;
    model.set("place", state.place);
    model.save_changes();
  };

  const kernel = asker(model, (answer) => {
    if (answer.what === "maps") {
      const found = unpack(answer.map);
      found.low = found.values.reduce((least, value) => Math.min(least, value), Infinity);
      found.high = found.values.reduce((most, value) => Math.max(most, value), -Infinity);
      if (maps.size >= LENS_KEPT) maps.delete(maps.keys().next().value);
      maps.set(key_of("maps", answer.image, answer.layer, answer.channel), found);
      lively.set(key_of(answer.image, answer.layer), { order: answer.order, small: unpack(answer.small) });
      if (state.channel === null && state.image === answer.image && state.layer === answer.layer) choose("channel", answer.channel);
      show_controls();
    } else {
      const size = pictures[answer.image].shape.slice(0, 2);
      const [found, shown] = [unpack(answer.heat), unpack(answer.shown)];
      heats.set(key_of("heat", answer.image, answer.method, answer.class), {
        values: lens_resized(found.values, found.shape, size),
        shown: lens_resized(shown.values, shown.shape, size),
        limit: shown.values.reduce((most, value) => Math.max(most, value), 0),
        shape: found.shape,
      });
    }
  });
  // Only what is looked at now is asked for, the map before the heat, one after the other.
  const want = () => {
    if (kernel.is_waiting()) return;
    const { image, layer, channel, method, explained } = state;
    const wanted = [[map_key(), maps, { what: "maps", image, layer, channel }]];
    if (methods.length) wanted.push([heat_key(), heats, { what: "heat", image, method, class: explained }]);
    const next = wanted.find(([key, found]) => !found.has(key) && !failed.has(key));
    if (!next) return;
    under_way = next[0];
    kernel.ask(next[2]);
  };
  model.on("change:answer", () => {
    if (under_way === null || kernel.is_waiting()) return; // of another view of this lens
    const { error } = model.get("answer");
    if (error) failed.set(under_way, error);
    under_way = null;
    request();
    want();
  });

  // -- drawing
  const stamps = new Map();
  /** A canvas of the image's own size with these pixels, red, green and blue. */
  const stamp = (name, pixels, [height, width], version = "") => {
    const kept = stamps.get(name) ?? { canvas: document.createElement("canvas") };
    if (kept.version === version && stamps.has(name)) return kept.canvas;
    [kept.canvas.width, kept.canvas.height] = [width, height];
    const data = new ImageData(width, height);
    for (let i = 0, k = 0; k < pixels.length; i += 4, k += 3) {
      [data.data[i], data.data[i + 1], data.data[i + 2], data.data[i + 3]] = [pixels[k], pixels[k + 1], pixels[k + 2], 255];
    }
    kept.canvas.getContext("2d").putImageData(data, 0, 0);
    stamps.set(name, Object.assign(kept, { version }));
    return kept.canvas;
  };
  const image_stamp = () => stamp(state.image, pictures[state.image].values, sides());

  /** Where rows × columns lie in a square: the corner, and the length of one of them. */
  const laid = ([rows, columns], margin = 0, side = LENS_SIDE) => {
    const scale = side / (Math.max(rows, columns) + 2 * margin);
    return { x: (side - columns * scale) / 2, y: (side - rows * scale) / 2, scale, width: columns * scale, height: rows * scale };
  };
  /** What is kept free around the image: as much as any unit looks beyond it, within reason. */
  const margin = () => {
    const most = layers.map((name) => lens_field(fields[state.image][name])).filter(Boolean).flatMap(({ size, jump, start, units: count }) =>
      [0, 1].flatMap((axis) => [-start[axis], start[axis] + (count[axis] - 1) * jump[axis] + size[axis] - sides()[axis]]));
    const side = Math.max(...sides());
    return Math.min(LENS_BEYOND * side, Math.max(0.012 * side, ...most));
  };
  const on_ground = (made, version, paint) => {
    if (made.version !== version) {
      made.ground.clearRect(0, 0, LENS_SIDE, LENS_SIDE);
      paint(made.ground);
      made.version = version;
    }
    made.context.clearRect(0, 0, LENS_SIDE, LENS_SIDE);
    made.context.drawImage(made.base, 0, 0, LENS_SIDE, LENS_SIDE);
  };
  const boxed = (context, x, y, width, height, line = 2) => {
    draw_box(context, x, y, width, height, { colour: "#fff", line: line + 2.5 });
    draw_box(context, x, y, width, height, { line });
  };
  const ringed = (context, x, y) => {
    for (const [colour, line] of [["#fff", 4.5], [MARK, 2]]) {
      context.beginPath();
      context.arc(x, y, 7, 0, 2 * Math.PI);
      [context.strokeStyle, context.lineWidth] = [colour, line];
      context.stroke();
    }
  };
  const at_place = (box) => [box.x + (state.place[1] + 0.5) * box.scale, box.y + (state.place[0] + 0.5) * box.scale];

  const draw_whole = (box) => {
    const at = laid(sides(), margin());
    on_ground(whole, state.image, (c) => {
      c.imageSmoothingEnabled = false;
      c.drawImage(image_stamp(), at.x, at.y, at.width, at.height);
    });
    const c = whole.context;
    whole.title.textContent = held ? "image: the place is held, a click lets it go" : "image: hover, or arrow keys; a click holds the place";
    if (!box) return ringed(c, ...at_place(at));
    const inside = lens_clipped(box, sides());
    const rectangle = ({ top, left, bottom, right }) => [at.x + left * at.scale, at.y + top * at.scale, (right - left) * at.scale, (bottom - top) * at.scale];
    draw_box(c, ...rectangle(box), { line: 2, dashed: true });
    if (inside) boxed(c, ...rectangle(inside));
  };

  const draw_plane = (row, column) => {
    const found = map();
    const at = found && laid(found.shape);
    on_ground(plane, found ? map_key() : "", (c) => {
      if (found) draw_grid(c, found.values, ...found.shape, at, { colours: "magnitude", low: found.low, high: found.high });
    });
    if (!found) return void (plane.title.textContent = failed.get(map_key()) ?? "map: being computed …");
    const flat = found.high === found.low ? `${lens_written(found.low)} everywhere` : `dark ${lens_written(found.low)}, yellow ${lens_written(found.high)}`;
    plane.title.textContent = `map of channel ${state.channel}, ${found.shape.join(" × ")}: ${flat}`;
    const side = Math.max(at.scale, LENS_LEAST), shift = (side - at.scale) / 2;
    boxed(plane.context, at.x + column * at.scale - shift, at.y + row * at.scale - shift, side, side);
  };

  const draw_blend = () => {
    const found = heat(), at = laid(sides());
    on_ground(blend, found ? key_of(heat_key(), state.opacity) : key_of(state.image), (c) => {
      c.imageSmoothingEnabled = false;
      c.globalAlpha = found ? 1 : 0.35;
      const shown = found && lens_overlay(pictures[state.image].values, found.shown, { opacity: state.opacity, limit: found.limit, colours });
      const drawn = found ? stamp("heat", shown, sides(), key_of(heat_key(), state.opacity)) : image_stamp();
      c.drawImage(drawn, at.x, at.y, at.width, at.height);
      c.globalAlpha = 1;
    });
    const name = `${state.method} for ${state.explained}`;
    const scale = found?.limit ? `yellow ${lens_written(found.limit)}` : "no evidence for it";
    blend.title.textContent = found ? `${name}: ${scale}` : failed.has(heat_key()) ? `${name} failed: ${failed.get(heat_key())}` : `${name}: being computed …`;
    blend.canvas.setAttribute("aria-label", `${name}, laid over the image`);
    ringed(blend.context, ...at_place(at));
  };

  const draw_zoom = (box) => {
    const c = zoom.context;
    c.clearRect(0, 0, LENS_ZOOM, LENS_ZOOM);
    if (!box) {
      zoom.title.textContent = "what it sees";
      [c.fillStyle, c.font, c.textAlign] = [ink_of(el.firstChild), "14px system-ui, sans-serif", "center"];
      c.fillText("unknown", LENS_ZOOM / 2, LENS_ZOOM / 2);
      return;
    }
    const [rows, columns] = [box.bottom - box.top, box.right - box.left];
    const at = laid([rows, columns], 0, LENS_ZOOM), inside = lens_clipped(box, sides());
    zoom.title.textContent = `it sees ${rows} × ${columns}`;
    c.save();
    c.beginPath();
    c.rect(at.x, at.y, at.width, at.height);
    c.clip();
    [c.strokeStyle, c.lineWidth, c.globalAlpha] = [ink_of(el.firstChild), 1, 0.35];
    c.beginPath();
    for (let x = -LENS_ZOOM; x < LENS_ZOOM; x += 8) {
      c.moveTo(x, LENS_ZOOM);
      c.lineTo(x + LENS_ZOOM, 0);
    }
    c.stroke(); // hatched: nothing is there
    c.globalAlpha = 1;
    c.imageSmoothingEnabled = at.scale < 1;
    if (inside) {
      const { top, left, bottom, right } = inside;
      const size = [right - left, bottom - top];
      c.drawImage(image_stamp(), left, top, ...size, at.x + (left - box.left) * at.scale, at.y + (top - box.top) * at.scale, ...size.map((length) => length * at.scale));
    }
    c.restore();
    zoom.canvas.setAttribute("aria-label", `the ${rows} × ${columns} pixels that the unit sees, enlarged`);
  };

  const say = (row, column, box) => {
    const found = map(), warm = heat();
    const value = found ? found.values[row * found.shape[1] + column] : NaN;
    const parts = [`${state.image}: ${state.layer}, channel ${state.channel ?? "…"}, row ${row}, column ${column}: activation `, element("strong", { "data-part": "activation" }, found ? lens_written(value) : "…"), ". "];
    if (box) {
      const inside = lens_clipped(box, sides());
      const [rows, columns] = [box.bottom - box.top, box.right - box.left];
      parts.push(`The unit sees ${rows} × ${columns} pixels`);
      if (!inside) parts.push(", none of them in the image");
      else {
        const [tall, wide] = [inside.bottom - inside.top, inside.right - inside.left];
        if (tall < rows || wide < columns) parts.push(`, ${tall} × ${wide} of them in the image`);
        parts.push(` (rows ${inside.top} to ${inside.bottom - 1}, columns ${inside.left} to ${inside.right - 1})`);
      }
      parts.push(". ");
    } else parts.push("How much of the image it sees is unknown. ");
    if (warm) {
      const [height, width] = sides();
      const [y, x] = [height, width].map((side, axis) => Math.max(0, Math.min(side - 1, Math.floor(state.place[axis]))));
      parts.push(`${state.method} for ${state.explained}, here: `, element("strong", { "data-part": "warmth" }, lens_written(warm.values[y * width + x])), ".");
    }
    said.replaceChildren(...parts);
    for (const made of [whole, plane]) {
      const count = units();
      const about = { min: 0, max: count[0] * count[1] - 1, now: row * count[1] + column, text: `row ${row}, column ${column}: ${found ? lens_written(value) : "being computed"}` };
      for (const [name, one] of Object.entries(about)) made.canvas.setAttribute(`aria-value${name}`, one);
    }
  };

  const draw = () => {
    const known = units();
    const [row, column] = known ? unit() : [0, 0];
    const box = field() && lens_box([row, column], field());
    draw_whole(box);
    draw_plane(row, column);
    if (methods.length) draw_blend();
    draw_zoom(box);
    if (known) say(row, column, box);
  };
  const request = each_frame(draw);

  const show_controls = () => {
    for (const [list, name] of [[images, "image"], [layer_list, "layer"], [method_list, "method"], [class_list, "explained"]]) list.set(state[name]);
    channel_field.limit(channels[state.layer] - 1);
    if (state.channel !== null) channel_field.follow(state.channel);
    opacity.set(state.opacity);
    const [name, share] = says[state.image] ?? [];
    network_says.textContent = name === undefined ? "" : `The network says: ${name} (${Math.round(100 * share)} %).`;
    show_lively();
  };
  const show_lively = () => {
    const known = lively.get(key_of(state.image, state.layer));
    lively_title.textContent = `liveliest of ${channels[state.layer]} channels`;
    livelies.setAttribute("aria-busy", String(!known));
    if (!known) return;
    if (livelies.dataset.of !== key_of(state.image, state.layer)) {
      livelies.dataset.of = key_of(state.image, state.layer);
      const [count, rows, columns] = known.small.shape;
      livelies.replaceChildren(...Array.from({ length: count }, (_, place) => {
        const channel = known.order[place];
        const small = picture("", { width: LENS_SMALL, height: LENS_SMALL, "aria-hidden": "true" });
        const at = laid([rows, columns], 0, LENS_SMALL);
        const values = known.small.values.subarray(place * rows * columns, (place + 1) * rows * columns);
        draw_grid(small.context, values, rows, columns, at, { colours: "magnitude", high: 255 });
        const made = button("", () => choose("channel", channel), { "aria-label": `channel ${channel}, number ${place + 1} in liveliness`, "data-channel": channel });
        made.append(small.canvas, String(channel));
        return made;
      }));
    }
    for (const made of livelies.children) made.setAttribute("aria-pressed", String(Number(made.dataset.channel) === state.channel));
  };

  // -- pointer and keys
  const on_place = (made, place_at) => {
    on_drag(made.canvas, (x, y, event) => {
      if (event.type === "pointerdown") held = !held;
      else if (held && !event.buttons) return;
      const place = place_at(x * LENS_SIDE, y * LENS_SIDE);
      if (place) move(place);
      request();
    }, { hover: true });
  };
  const within = (at, x, y, [rows, columns]) => [
    Math.max(0, Math.min(rows - 1, Math.floor((y - at.y) / at.scale))),
    Math.max(0, Math.min(columns - 1, Math.floor((x - at.x) / at.scale))),
  ];
  on_place(whole, (x, y) => within(laid(sides(), margin()), x, y, sides()));
  on_place(blend, (x, y) => within(laid(sides()), x, y, sides()));
  on_place(plane, (x, y) => map() && lens_place(within(laid(map().shape), x, y, map().shape), field(), units(), sides()));
  for (const { canvas } of [whole, plane]) {
    canvas.addEventListener("keydown", (event) => {
      const step = LENS_KEYS[event.key];
      if (!step || !units()) return;
      event.preventDefault();
      event.stopPropagation(); // JupyterLab's own arrows would leave the output
      const [row, column] = unit(), far = event.shiftKey ? 5 : 1;
      const next = [row + far * step[0], column + far * step[1]].map((index, axis) => Math.max(0, Math.min(units()[axis] - 1, index)));
      move(lens_place(next, field(), units(), sides()));
    });
  }

  frame(
    el,
    "Lens: what a unit of the network sees",
    element("div", { class: "controls" }, images.root, layer_list.root, channel_field.root, strongest),
    methods.length ? element("div", { class: "controls" }, method_list.root, class_list.root, opacity.root, network_says) : "",
    element("div", { class: "row lens-panels" }, whole.root, plane.root, methods.length ? blend.root : ""),
    element("div", { class: "row" }, zoom.root, element("figure", {}, lively_title, livelies)),
    said,
    kernel.root,
  );
  show_controls();
  request();
  want();
  return () => {
    if (rest) keep_place();
    request.cancel();
  };
}

export default instrument(render, { asks: true });
