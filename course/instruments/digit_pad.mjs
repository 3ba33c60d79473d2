// The digit pad: draw a digit, flip pixels, and your own network says what it sees.
import { unpack, written, element, instrument, frame, choice, number_field, button, live_line, picture, draw_grid, draw_box, each_frame, on_drag, asker, fresh_id, MARK } from "./elements.mjs";

// ---- arithmetic on pixels: arrays of 784, row by row, 0 (black) to 255 (white) -------------------

export const PAD_SIDE = 28;
const BOX_SIDE = 20; // of the box that MNIST's digits fill
const MIDDLE = 14; // the pixel on which MNIST's centres of mass lie, in rows and in columns

/**
 * How much of each pixel a round pen covers on a straight way: 1 inside, falling to 0 over one pixel.
 *
 * @param from, to places {x, y}; pixel 0 reaches from 0 to 1.
 * @param radius of the pen, in pixels.
 */
export function brush_coverage(from, to, radius) {
  const covered = new Float64Array(PAD_SIDE * PAD_SIDE);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const reach = radius + 0.5;
  const range = (a, b) => [Math.max(0, Math.floor(Math.min(a, b) - reach)), Math.min(PAD_SIDE - 1, Math.ceil(Math.max(a, b) + reach))];
  const [left, right] = range(from.x, to.x), [top, bottom] = range(from.y, to.y);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [px, py] = [column + 0.5 - from.x, row + 0.5 - from.y];
      const along = Math.max(0, Math.min(1, (px * dx + py * dy) / (dx * dx + dy * dy || 1)));
      const distance = Math.hypot(px - along * dx, py - along * dy);
      covered[row * PAD_SIDE + column] = Math.max(0, Math.min(1, reach - distance));
    }
  }
  return covered;
}

/** Draw into the pixels, or erase from them; what was drawn already stays as it was. */
export function draw_stroke(pixels, from, to, { radius, erase = false }) {
  brush_coverage(from, to, radius).forEach((share, i) => {
    if (erase) pixels[i] = Math.min(pixels[i], Math.round(255 * (1 - share)));
    else pixels[i] = Math.max(pixels[i], Math.round(255 * share));
  });
}

/** Light pixels become black, dark ones white, as in digit_pad.py. */
export function flipped_value(value) {
  return value >= 128 ? 0 : 255;
}

/** {row, column} of the centre of mass, counted like pixels; null where nothing is drawn. */
export function centre_of_mass(values) {
  let mass = 0, down = 0, across = 0;
  values.forEach((value, i) => {
    mass += value;
    down += value * Math.floor(i / PAD_SIDE);
    across += value * (i % PAD_SIDE);
  });
  return mass ? { row: down / mass, column: across / mass } : null;
}

/** Where one side's pixels come from: rows of shares, so that new = shares · old (means over areas). */
function area_shares(first, last, scale) {
  const begin = (first + last + 1) / 2 - (PAD_SIDE / 2) * scale; // the box's middle comes to the pad's
  return Array.from({ length: PAD_SIDE }, (_, j) => {
    const [from, to] = [begin + j * scale, begin + (j + 1) * scale];
    return Array.from({ length: PAD_SIDE }, (_, i) => Math.max(0, Math.min(to, i + 1) - Math.max(from, i)) / scale);
  });
}

/** The drawing at a size that fills a box of 20 × 20 along its longer side, in the pad's middle. */
export function fitted(values) {
  const drawn = [...values.keys()].filter((i) => values[i] > 0);
  if (!drawn.length) return Uint8Array.from(values);
  const rows = drawn.map((i) => Math.floor(i / PAD_SIDE)), columns = drawn.map((i) => i % PAD_SIDE);
  const [top, bottom, left, right] = [Math.min(...rows), Math.max(...rows), Math.min(...columns), Math.max(...columns)];
  const scale = (Math.max(bottom - top, right - left) + 1) / BOX_SIDE;
  if (scale === 1) return Uint8Array.from(values);
  const down = area_shares(top, bottom, scale), across = area_shares(left, right, scale);
  const out = new Uint8Array(values.length);
  for (let r = 0; r < PAD_SIDE; r++) {
    for (let c = 0; c < PAD_SIDE; c++) {
      let sum = 0;
      for (let y = top; y <= bottom; y++) {
        if (down[r][y]) for (let x = left; x <= right; x++) sum += down[r][y] * across[c][x] * values[y * PAD_SIDE + x];
      }
      out[r * PAD_SIDE + c] = Math.round(sum + 1e-9); // a half goes up, also one that came out short
    }
  }
  return out;
}

/**
 * The drawing as MNIST's makers prepared their digits: first it fills a box of 20 × 20, then it is
 * moved, by whole pixels, so that its centre of mass lies in the middle (LeCun et al. 1998).
 * MNIST's own digits come out as they are.
 */
export function centred_like_mnist(pixels) {
  const values = fitted(pixels);
  const centre = centre_of_mass(values);
  const moved = new Uint8Array(pixels.length);
  if (!centre) return moved;
  const [down, across] = [Math.round(MIDDLE - centre.row), Math.round(MIDDLE - centre.column)];
  values.forEach((value, i) => {
    const row = Math.floor(i / PAD_SIDE) + down, column = (i % PAD_SIDE) + across;
    if (row >= 0 && row < PAD_SIDE && column >= 0 && column < PAD_SIDE) moved[row * PAD_SIDE + column] = value;
  });
  return moved;
}

/** Indices of the pixels that differ. */
export function different(pixels, others) {
  return [...pixels.keys()].filter((i) => pixels[i] !== others[i]);
}

export function to_hex(pixels) {
  return Array.from(pixels, (value) => value.toString(16).padStart(2, "0")).join("");
}

/** The index of the largest. */
export function index_of_best(numbers) {
  return numbers.reduce((best, number, i) => (number > numbers[best] ? i : best), 0);
}

// ---- what one sees -------------------------------------------------------------------------------

const UNIT = 10; // CSS pixels a pixel of the pad
const PEN_RADIUS = 1.15; // MNIST's strokes are two to three pixels wide
const ERASER_RADIUS = 1.8;
const MOST_FRAMES = 40; // more changed pixels than this are a drawing, and get no frames
const MOST_UNDO = 100;
const MAP_SIDE = 56;
const MAPS_A_ROW = 8;
const GAP = 4;
const MODES = { draw: "✎ draw", erase: "⌫ erase", flip: "◪ flip pixels" };

function render({ model, el }) {
  const names = model.get("names");
  const view = fresh_id(); // tells this view's answers from another's, and from what Python sets
  const state = {
    pixels: new Uint8Array(PAD_SIDE * PAD_SIDE), start: new Uint8Array(PAD_SIDE * PAD_SIDE), undo: [],
    mode: "draw", cursor: { row: 14, column: 14 }, pressed: false, last: null, by_keys: false,
    shown: null, before: null, layer: "", hit: null, target: null, note: "",
    example: null, // that the pixels began as; none: an empty pad
  };

  // -- the pad
  const pad = picture("draw with mouse, pen or finger", {
    width: PAD_SIDE * UNIT, height: PAD_SIDE * UNIT, tabindex: 0, role: "application", "data-part": "pad", "data-lm-suppress-shortcuts": "true",
    "aria-label": "pad of 28 by 28 pixels. Arrow keys move the cursor, the space bar draws, erases or flips there, Shift with an arrow key draws a line, Control and Z undoes.",
  });
  const draw_pad = () => {
    draw_grid(pad.context, state.pixels, PAD_SIDE, PAD_SIDE, { x: 0, y: 0, width: PAD_SIDE * UNIT, height: PAD_SIDE * UNIT }, { low: 0, high: 255 });
    const changed = different(state.pixels, state.start);
    const place = (i) => [(i % PAD_SIDE) * UNIT, Math.floor(i / PAD_SIDE) * UNIT];
    if (state.mode === "flip") draw_lines(pad.context);
    if (changed.length <= MOST_FRAMES) for (const i of changed) draw_box(pad.context, ...place(i).map((x) => x + 1), UNIT - 2, UNIT - 2, { line: 2 });
    if (state.hit !== null) draw_box(pad.context, ...place(state.hit).map((x) => x - 2), UNIT + 4, UNIT + 4, { line: 2.5 });
    if (state.by_keys && document.activeElement === pad.canvas) {
      const [x, y] = place(state.cursor.row * PAD_SIDE + state.cursor.column);
      draw_box(pad.context, x - 1, y - 1, UNIT + 2, UNIT + 2, { colour: "black", line: 4 });
      draw_box(pad.context, x - 1, y - 1, UNIT + 2, UNIT + 2, { colour: "white", line: 2, dashed: true });
    }
    root.dataset.flipped = changed.length;
  };

  // -- the answer
  const headline = element("caption", { "data-part": "headline" });
  const bars = names.map((name, i) => {
    const fill = element("div", { class: "fill" }), tick = element("div", { class: "tick", hidden: true });
    const percent = element("td", { class: "percent" });
    const row = element("tr", { "data-class": i }, element("th", { scope: "row" }, name), element("td", { class: "track", "aria-hidden": "true" }, element("div", {}, fill, tick)), percent);
    return { row, fill, tick, percent };
  });
  const table = element("table", { class: "bars" }, headline, element("tbody", {}, ...bars.map((bar) => bar.row)));
  const change = element("p", { class: "change", "data-part": "change" });
  const said = live_line({ "data-part": "said" });
  const text_of = (probabilities, i = index_of_best(probabilities)) => `${names[i]}, ${written(100 * probabilities[i], 1)} %`;
  const show_answer = () => {
    const { probabilities, remembered, pixels } = state.shown;
    const start = unpack(state.shown.start).values;
    const from_empty = !start.some((value) => value); // nothing to compare with, then
    const best = index_of_best(probabilities);
    bars.forEach(({ row, fill, tick, percent }, i) => {
      fill.style.width = `${100 * probabilities[i]}%`;
      tick.style.left = `${100 * remembered[i]}%`;
      tick.hidden = from_empty || remembered[i] < 0.005;
      percent.textContent = `${written(100 * probabilities[i], 1)} %${i === best ? " ◀" : ""}`;
      row.classList.toggle("best", i === best);
    });
    headline.textContent = `It says ${text_of(probabilities)}`;
    const count = different(unpack(pixels).values, start).length;
    const now = text_of(probabilities);
    const parts = [];
    if (state.before && text_of(state.before) !== now) parts.push(`Was ${text_of(state.before)} → now ${now}.`);
    if (!from_empty) parts.push(count ? `Remembered: ${text_of(remembered)}; ${count} pixel${count === 1 ? " differs" : "s differ"} from that.` : "This state is remembered.");
    change.textContent = parts.join(" ");
    if (!state.pressed) said.textContent = `${state.note ? `${state.note} ` : ""}It says ${now}.`;
  };

  // -- the feature maps
  const layers = model.get("layers");
  const maps = picture("", { width: MAPS_A_ROW * MAP_SIDE + (MAPS_A_ROW - 1) * GAP, height: 2 * MAP_SIDE + GAP, role: "img", "data-part": "maps" });
  const which = choice("layer", layers, layers[0], (name) => {
    state.layer = name;
    ask();
  });
  const draw_maps = () => {
    if (!layers.length) return;
    const { maps: packet, map_count, low, high } = state.shown;
    const { shape: [count, rows, columns], values } = unpack(packet);
    maps.context.clearRect(0, 0, 1000, 1000);
    for (let k = 0; k < count; k++) {
      const box = { x: (k % MAPS_A_ROW) * (MAP_SIDE + GAP), y: Math.floor(k / MAPS_A_ROW) * (MAP_SIDE + GAP), width: MAP_SIDE, height: MAP_SIDE };
      draw_grid(maps.context, values.subarray(k * rows * columns, (k + 1) * rows * columns), rows, columns, box, { colours: "magnitude", low: 0, high: 255 });
    }
    const some = count < map_count ? `the first ${count} of ${map_count}` : `all ${count}`;
    maps.title.textContent = `feature maps (${some}), ${rows} × ${columns} pixels; ${written(low, 1)} is dark, ${written(high, 1)} bright`;
    maps.canvas.setAttribute("aria-label", maps.title.textContent);
  };

  // -- asking: one question at a time, of the newest pixels, and at most one a frame
  // Flips, examples and steps back that are clicked for meanwhile wait in a row: each has its turn.
  let reading = false;
  let changing = false; // the answer that is awaited will change the pixels
  let heading = null; // the example that was asked for, until it is here
  let jobs = [];
  let stale = true;
  const ask = (job = null) => {
    if (job) jobs.push(job);
    else reading = true;
    request();
  };
  const send = () => {
    if (kernel.is_waiting() || !(jobs.length || reading)) return;
    const job = jobs.shift() ?? { kind: "read" };
    if (job.kind === "undo") return void step_back();
    // a row of clicks goes on against one class
    if (job.kind === "hurt") job.target = state.target ?? index_of_best(state.shown.probabilities);
    reading = false;
    changing = job.kind !== "read";
    kernel.ask({ ...job, view, layer: state.layer, pixels: to_hex(state.pixels), start: to_hex(state.start) });
  };
  const take = (answer, { whole }) => {
    if (whole) {
      state.example = answer.example ?? state.example;
      if (heading === null) show_example();
      state.pixels = unpack(answer.pixels).values;
      state.start = unpack(answer.start).values;
      state.last = null;
      state.hit = null;
    }
    if (answer.hurt) {
      const [row, column] = answer.hurt.place;
      state.hit = row * PAD_SIDE + column;
      // drawn on meanwhile or not: just this pixel changes
      if (!whole) state.pixels[state.hit] = flipped_value(state.pixels[state.hit]);
      state.note = `Of all 784 single flips, that of row ${row}, column ${column} lowers the ${names[answer.hurt.target]} most: it is ${state.pixels[state.hit] ? "white" : "black"} now.`;
    }
    state.shown = answer;
    stale = true;
    request();
  };
  const kernel = asker(model, (answer) => {
    changing = false;
    // One step back is the state just before: what was drawn while the answer was awaited stays.
    if (answer.kind === "example") {
      if (answer.example === heading) heading = null;
      begin(`Example ${answer.example + 1}.`);
      state.before = null;
    }
    if (answer.kind === "hurt") {
      begin();
      state.target = answer.hurt.target;
    }
    take(answer, { whole: answer.kind === "example" });
  });
  model.on("change:answer", () => {
    const answer = model.get("answer");
    if (answer.error && !kernel.is_waiting()) [jobs, heading, changing] = [[], null, false]; // the others would fail, too
    if (answer.error || answer.view === view) return;
    if (kernel.is_waiting()) ask(); // the kernel is about to read older pixels
    Object.assign(state, { before: null, target: null, note: "", layer: answer.layer });
    which.set(answer.layer);
    take(answer, { whole: true });
  });

  // -- what the learner does
  const begin = (note = "") => {
    state.undo.push({ pixels: state.pixels.slice(), start: state.start, example: state.example });
    if (state.undo.length > MOST_UNDO) state.undo.shift();
    Object.assign(state, { before: state.shown?.probabilities ?? null, hit: null, target: null, note });
    undo.disabled = false;
  };
  const act = (change_it, note) => () => {
    begin(note);
    change_it();
    ask();
  };
  const go_back = () => (changing || jobs.length ? ask({ kind: "undo" }) : step_back());
  const step_back = () => {
    const old = state.undo.pop();
    if (!old) return;
    Object.assign(state, old, { before: state.shown?.probabilities ?? null, hit: null, target: null, note: "One step back." });
    undo.disabled = !state.undo.length;
    if (heading === null) show_example();
    ask();
  };
  const stroke = (from, to) => draw_stroke(state.pixels, from, to, { radius: state.mode === "erase" ? ERASER_RADIUS : PEN_RADIUS, erase: state.mode === "erase" });
  const flip_at = (row, column) => {
    const i = row * PAD_SIDE + column;
    state.pixels[i] = flipped_value(state.pixels[i]);
    state.note = `Row ${row}, column ${column} is ${state.pixels[i] ? "white" : "black"} now.`;
  };

  on_drag(pad.canvas, (x, y, event) => {
    const first = event.type === "pointerdown";
    const outside = x === 0 || y === 0 || x > 1 - 1e-8 || y > 1 - 1e-8;
    const place = { x: x * PAD_SIDE, y: y * PAD_SIDE };
    const [row, column] = [Math.floor(place.y), Math.floor(place.x)];
    if (first) {
      begin();
      state.by_keys = false;
      state.pressed = state.mode !== "flip";
      state.last = null;
      said.textContent = ""; // until the stroke has ended
    }
    if (state.mode === "flip") {
      if (!first) return;
      flip_at(row, column);
    } else {
      if (!outside) stroke(state.last ?? place, place);
      state.last = outside ? null : place;
    }
    state.cursor = { row, column };
    ask();
  }, {
    on_end: () => {
      state.pressed = false;
      state.last = null;
      stale = true;
      request();
    },
  });

  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const middle = ({ row, column }) => ({ x: column + 0.5, y: row + 0.5 });
  pad.canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const undoing = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey);
    if (!step && event.key !== " " && !undoing) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab's own keys would hear it too
    state.by_keys = true;
    if (undoing) return go_back();
    const { row, column } = state.cursor;
    const limited = (n) => Math.max(0, Math.min(PAD_SIDE - 1, n));
    const next = step ? { row: limited(row + step[0]), column: limited(column + step[1]) } : state.cursor;
    state.cursor = next;
    if (!step || (event.shiftKey && state.mode !== "flip")) {
      begin();
      if (state.mode === "flip") flip_at(row, column);
      else stroke(middle({ row, column }), middle(next));
      ask();
    } else {
      said.textContent = `Row ${next.row}, column ${next.column}: ${state.pixels[next.row * PAD_SIDE + next.column]}.`;
      request();
    }
  });
  for (const name of ["focus", "blur"]) pad.canvas.addEventListener(name, () => request());
  pad.canvas.addEventListener("keyup", (event) => event.key === " " && event.preventDefault());

  // -- controls
  const choose = (mode) => {
    state.mode = mode;
    for (const [name, one] of Object.entries(modes)) one.setAttribute("aria-pressed", String(name === mode));
    pad.canvas.style.cursor = mode === "flip" ? "cell" : "crosshair";
    request();
  };
  const modes = Object.fromEntries(Object.entries(MODES).map(([name, text]) => [name, button(text, () => choose(name), { "aria-pressed": "false" })]));
  const undo = button("↶ undo", go_back, { disabled: true });
  const empty = () => (state.pixels.fill(0), (state.start = new Uint8Array(state.pixels.length)));
  const clear = button("clear", act(empty, "The pad is empty."));
  const centre = button("centre like MNIST", act(() => (state.pixels = centred_like_mnist(state.pixels)), "Fitted into 20 × 20 pixels, its centre of mass in the middle, as MNIST's digits are."), {
    title: "Scale the drawing into a box of 20 × 20 pixels, then move its centre of mass to the middle: how MNIST was made (LeCun et al. 1998)",
  });
  const hurt = button("flip the pixel that hurts most", () => ask({ kind: "hurt" }), { title: "Try all 784 single flips, and keep the one that lowers the answer most; clicked again, it goes on against the same class" });
  const remember = button("remember this", act(() => (state.start = state.pixels.slice()), "Remembered."), {
    title: "Compare with this state from now on, and count the changed pixels from it",
  });
  const count = model.get("example_count");
  const to_example = (index) => {
    heading = index;
    if (jobs.at(-1)?.kind === "example") jobs.pop(); // nobody has seen it, nor will
    ask({ kind: "example", index });
  };
  const index_field = count ? number_field("start from example", { min: 1, max: count, step: 1, value: null }, (n) => to_example(n - 1)) : null;
  const show_example = () => index_field?.set(state.example === null ? null : state.example + 1);
  const turn = (by) => () => to_example(((heading ?? state.example ?? Math.min(-by, 0)) + by + count) % count); // whatever the field says
  const examples = count ? [element("div", { class: "controls" }, index_field.root, ` of ${count}`, button("◀", turn(-1), { "aria-label": "example before" }), button("▶", turn(1), { "aria-label": "next example" }))] : [];

  const note = model.get("takes_softmax") ? [element("p", { class: "change" }, "The network's outputs don't sum to 1, so they are taken as logits: the percentages are their softmax.")] : [];
  const root = frame(el, "Digit pad",
    ...examples,
    element("div", { class: "sides" },
      element("div", { class: "left" },
        element("div", { class: "controls", role: "group", "aria-label": "what the pointer does" }, ...Object.values(modes)), element("div", { class: "controls" }, undo, clear, centre), pad.root, element("div", { class: "controls" }, hurt, remember)),
      element("div", { class: "right" }, table, change, ...note, ...(layers.length ? [element("div", { class: "controls" }, which.root), maps.root] : []))),
    said,
    kernel.root,
  );
  root.classList.add("digit-pad");
  root.style.setProperty("--mark", MARK);

  const request = each_frame(() => {
    draw_pad();
    if (stale && state.shown) {
      stale = false;
      show_answer();
      draw_maps();
    }
    send();
  });
  const first = model.get("answer");
  state.layer = first.layer ?? layers[0] ?? "";
  if (layers.length) which.set(state.layer);
  choose("draw");
  if (first.pixels) take(first, { whole: true });
  else ask();
  return () => request.cancel();
}

/** Fine lines between the pixels, so that single ones can be aimed at. */
function draw_lines(context) {
  context.strokeStyle = "rgba(128, 128, 128, 0.45)";
  context.lineWidth = 1;
  context.beginPath();
  for (let i = 1; i < PAD_SIDE; i++) {
    context.moveTo(i * UNIT, 0);
    context.lineTo(i * UNIT, PAD_SIDE * UNIT);
    context.moveTo(0, i * UNIT);
    context.lineTo(PAD_SIDE * UNIT, i * UNIT);
  }
  context.stroke();
}

export default instrument(render, { asks: true });
