// The shape calculator: a stack of layers, and what each makes of shapes, weights and fields.
import { element, instrument, frame, choice, number_field, checkbox, button, live_line, each_frame, fresh_id, MARK } from "./elements.mjs";

// ---- arithmetic, the same as in shape_calculator.py ---------------------------------------------

/** What can be set of each layer, and what a new one begins with. */
export const KINDS = {
  Conv2D: { filters: 32, kernel: 3, stride: 1, dilation: 1, padding: "valid" },
  DepthwiseConv2D: { kernel: 3, stride: 1, dilation: 1, padding: "valid" },
  SeparableConv2D: { filters: 32, kernel: 3, stride: 1, dilation: 1, padding: "valid" },
  MaxPooling2D: { pool: 2, stride: 2, padding: "valid" },
  AveragePooling2D: { pool: 2, stride: 2, padding: "valid" },
  GlobalAveragePooling2D: {},
  Flatten: {},
  Dense: { units: 64 },
};
export const LIMITS = { height: 1024, width: 1024, channels: 2048, filters: 2048, units: 10000, kernel: 31, pool: 31, stride: 31, dilation: 16 };
const MOST_LAYERS = 64;

/** A number as the page shows it: 93,322. */
export function grouped(number) {
  return number.toLocaleString("en-US");
}

/** 26 × 26 × 32 */
export function sizes(shape) {
  return shape.map(grouped).join(" × ");
}

const product = (numbers) => numbers.reduce((all, one) => all * one, 1);

/** Pixels from the first to the last that a window covers along one side. */
function reach_of(layer) {
  return (layer.dilation ?? 1) * ((layer.kernel ?? layer.pool) - 1) + 1;
}

/** One side of the map after a layer with a window; Keras pads more after than before. */
function along(side, jump, layer) {
  const reach = reach_of(layer);
  const same = layer.padding === "same";
  const count = same ? Math.ceil(side.count / layer.stride) : Math.floor((side.count - reach) / layer.stride) + 1;
  const before = same ? Math.floor(Math.max((count - 1) * layer.stride + reach - side.count, 0) / 2) : 0;
  return { count, field: side.field + (reach - 1) * jump, start: side.start - before * jump };
}

/** [weights, biases] of a layer with so many input channels, or numbers. */
function weights_of(layer, channels) {
  const window = (layer.kernel ?? 0) ** 2;
  if (layer.kind === "Conv2D") return [window * channels * layer.filters, layer.filters];
  if (layer.kind === "DepthwiseConv2D") return [window * channels, channels];
  if (layer.kind === "SeparableConv2D") return [window * channels + channels * layer.filters, layer.filters];
  if (layer.kind === "Dense") return [channels * layer.units, layer.units];
  return [0, 0];
}

/** Why a layer doesn't fit what comes in, or null. */
function problem_of(layer, shape, flattened_by) {
  const { kind } = layer;
  if (shape.length === 1) {
    if (kind === "Dense" || kind === "Flatten") return null;
    return `${kind} needs maps, and gets a row of ${grouped(shape[0])} numbers: move it above ${flattened_by}`;
  }
  if (kind === "Dense") return `Dense needs a row of numbers, and gets maps of ${sizes(shape)}: put Flatten or GlobalAveragePooling2D before it`;
  if (!("padding" in layer)) return null;
  const dilation = layer.dilation ?? 1;
  if (layer.stride > 1 && dilation > 1) return `stride ${layer.stride} and dilation ${dilation}: in Keras only one of them may be above 1`;
  const reach = reach_of(layer);
  if (layer.padding === "same" || reach <= Math.min(shape[0], shape[1])) return null;
  const window = "kernel" in layer ? `a kernel of ${layer.kernel}` : `a pool of ${layer.pool}`;
  const spread = dilation > 1 ? ` with dilation ${dilation}` : "";
  return `${window}${spread} spans ${reach} × ${reach}, and its input is only ${sizes(shape.slice(0, 2))}: make it smaller, or take padding "same"`;
}

/**
 * What each layer makes of its input: {layer, shape, parameters, multiply_adds, receptive_field,
 * middle, jump, problem}, as `stack_rows` in shape_calculator.py describes them.
 */
export function stack_rows(input_shape, layers) {
  let shape = input_shape, flattened_by = null, jump = 1, broken = false;
  let sides = input_shape.slice(0, 2).map((count) => ({ count, field: 1, start: 0 }));
  return layers.map((layer) => {
    const nothing = { layer: layer_call(layer), shape: null, parameters: null, multiply_adds: null, receptive_field: null, middle: null, jump: null, problem: null };
    if (broken) return nothing;
    const problem = problem_of(layer, shape, flattened_by);
    if (problem) {
      broken = true;
      return { ...nothing, problem };
    }
    const spatial = "padding" in layer;
    const [weights, biases] = weights_of(layer, shape.at(-1));
    if (spatial) {
      sides = sides.map((side) => along(side, jump, layer));
      jump *= layer.stride;
      shape = [...sides.map((side) => side.count), layer.filters ?? shape.at(-1)];
    } else {
      if (layer.kind !== "Flatten") sides = sides.map((side) => ({ ...side, count: 1, field: side.field + (side.count - 1) * jump }));
      if (layer.kind !== "Dense") flattened_by ??= layer.kind;
      shape = [{ Dense: layer.units, Flatten: product(shape), GlobalAveragePooling2D: shape.at(-1) }[layer.kind]];
    }
    return {
      ...nothing,
      shape,
      parameters: weights + biases,
      multiply_adds: weights * (spatial ? product(shape.slice(0, 2)) : 1),
      receptive_field: sides.map((side) => side.field),
      middle: sides.map((side) => side.start + Math.floor((side.count - 1) / 2) * jump),
      jump: spatial ? jump : null,
    };
  });
}

/** A layer as it is called in Keras, without what is Keras's default. */
function layer_call(layer, activation = null) {
  const parts = ["filters", "units", "kernel"].filter((name) => name in layer).map((name) => String(layer[name]));
  if ((layer.pool ?? 2) !== 2 || layer.kind === "AveragePooling2D") parts.push(String(layer.pool));
  if ((layer.stride ?? 1) !== (layer.pool ?? 1)) parts.push(`strides=${layer.stride}`);
  if ((layer.dilation ?? 1) !== 1) parts.push(`dilation_rate=${layer.dilation}`);
  if (layer.padding === "same") parts.push('padding="same"');
  if (activation) parts.push(`activation="${activation}"`);
  return `${layer.kind}(${parts.join(", ")})`;
}

/** The activation that the code gives a layer: it changes no shape, but a network needs it. */
function activation_of(layers, place) {
  const layer = layers[place];
  if (!("kernel" in layer) && layer.kind !== "Dense") return null;
  if (layer.kind === "Dense" && place === layers.length - 1) return layer.units > 1 ? "softmax" : "sigmoid";
  return "relu";
}

/** The stack as Keras code, which runs after `import keras; from keras import layers`. */
export function stack_code(input_shape, layers) {
  const lines = stack_rows(input_shape, layers).map(({ problem }, place) => {
    const call = layer_call(layers[place], activation_of(layers, place));
    return `    layers.${call},${problem ? `  # does not fit: ${problem}` : ""}\n`;
  });
  return `model = keras.Sequential([\n    keras.Input((${input_shape.join(", ")})),\n${lines.join("")}])`;
}

/** A layer of another kind that keeps what both kinds have. A pool's stride is its own size. */
export function of_kind(kind, layer = {}) {
  const made = { kind, ...KINDS[kind] };
  for (const name of Object.keys(KINDS[kind])) if (name in layer && (name !== "stride" || "pool" in made === "pool" in layer)) made[name] = layer[name];
  return made;
}

// ---- what one sees ------------------------------------------------------------------------------

const SETTINGS = [["filters", "units"], ["kernel", "pool"], ["stride"], ["dilation"], ["padding"]]; // a column each
const RESULTS = ["shape", "parameters", "multiply_adds", "receptive_field", "jump"];
const NAMES = { multiply_adds: "multiply-adds", receptive_field: "field" }; // as a narrow page has them
const SHORT = { Conv2D: "Conv", DepthwiseConv2D: "Depthwise", SeparableConv2D: "Separable", MaxPooling2D: "MaxPool", AveragePooling2D: "AvgPool", GlobalAveragePooling2D: "GlobalAvg" };
const STACK_TALL = 96; // of the tallest box, in CSS pixels
const FIELD_SIDE = 220;
const FINE_GRID = 48; // an input with more pixels along a side is drawn without a grid

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== false && value != null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Write only what is new: a page lays out, and a screen reader reads, what is written. */
function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function render({ model, el }) {
  const state = { selected: 0, revealed: new Set(), width: 0 };
  const stack = () => model.get("layers");
  const hatch = fresh_id();
  let rows = stack_rows(model.get("input_shape"), stack());
  state.selected = rows.findLastIndex((row) => row.jump); // the last map: the most telling field
  if (state.selected < 0) state.selected = rows.length - 1;

  const is_hidden = (place) => model.get("hide_shapes") && !state.revealed.has(place) && rows[place].shape !== null;
  const store = (name, value) => {
    model.set(name, value);
    model.save_changes();
    request();
  };
  const with_layer = (place, layer) => store("layers", stack().map((old, i) => (i === place ? layer : old)));
  /** Put other layers into the stack, from `place` on, and say so at once: focus may have to move. */
  const rebuild = (layers, place, selected) => {
    for (const seen of [...state.revealed]) if (seen >= place) state.revealed.delete(seen);
    state.selected = Math.min(selected, layers.length - 1);
    table_rows.forEach(settle);
    store("layers", layers);
    draw();
  };
  const select = (place) => {
    if (state.selected === place) return;
    state.selected = place;
    request();
  };

  // -- the input's own row
  const trouble = element("p", { class: "trouble", id: fresh_id(), role: "status" }); // one for all fields
  const input_fields = ["height", "width", "channels"].map((name, i) => number_field(name, { min: 1, max: LIMITS[name], step: 1, value: model.get("input_shape")[i], trouble, about: `${name} of the input: ` }, (n) => {
    const shape = [...model.get("input_shape")];
    shape[i] = n;
    store("input_shape", shape);
  }));

  // -- a row for each place of the stack; it shows whatever layer is there
  const make_row = (place) => {
    const nth = `layer ${place + 1}`;
    const label = (name) => element("span", {}, name, element("span", { class: "visually-hidden" }, ` of ${nth}`));
    const row = { kind: null, fields: {} };
    row.choose = choice(label("kind"), Object.keys(KINDS), "Conv2D", (kind) => with_layer(place, of_kind(kind, stack()[place])));
    row.cells = SETTINGS.map(([name]) => element("td", { class: `setting ${name}` }));
    row.results = Object.fromEntries(RESULTS.map((name) => [name, element("td", { "data-part": name, "data-name": NAMES[name] ?? name })]));
    row.reveal = button("? reveal", () => {
      state.revealed.add(place);
      draw();
      row.choose.input.focus(); // the button is gone
    }, { "aria-label": `reveal the results of ${nth}`, class: "reveal" });
    const swap = (step) => {
      const layers = [...stack()];
      [layers[place], layers[place + step]] = [layers[place + step], layers[place]];
      rebuild(layers, Math.min(place, place + step), place + step);
      const there = table_rows[place + step];
      const [same, other] = step < 0 ? [there.up, there.down] : [there.down, there.up];
      (same.disabled ? other : same).focus();
    };
    row.up = button("↑", () => swap(-1), { "aria-label": `move ${nth} up`, title: "move up" });
    row.down = button("↓", () => swap(1), { "aria-label": `move ${nth} down`, title: "move down" });
    row.remove = button("✕", () => {
      rebuild(stack().filter((_, i) => i !== place), place, place);
      (table_rows[Math.min(place, table_rows.length - 1)]?.remove ?? add).focus();
    }, { "aria-label": `remove ${nth}`, title: "remove" });
    row.why = element("td", { colspan: 13, "data-part": "problem" });
    row.problem = element("tr", { class: "problem", hidden: true }, row.why);
    row.tr = element("tr", { "data-layer": place + 1 },
      element("th", { scope: "row" }, String(place + 1)), element("td", { class: "kind" }, row.choose.root), ...row.cells,
      ...Object.values(row.results), element("td", { class: "moves" }, row.up, row.down, row.remove));
    row.tr.addEventListener("focusin", () => select(place));
    row.tr.addEventListener("click", () => select(place));
    return row;
  };

  /** Fields that are about to show another layer keep nothing of what they couldn't take. */
  const settle = (row) => Object.values(row.fields).forEach((field) => field.settle?.());
  const show_fields = (row, place, layer) => {
    row.kind = layer.kind;
    settle(row);
    row.fields = {};
    row.choose.set(layer.kind);
    const nth = `layer ${place + 1}`;
    SETTINGS.forEach((names, i) => {
      const name = names.find((one) => one in layer);
      row.cells[i].replaceChildren();
      if (!name) return;
      const label = element("span", {}, name, element("span", { class: "visually-hidden" }, ` of ${nth}`));
      const heard = (value) => {
        const old = stack()[place];
        const follows = name === "pool" && old.stride === old.pool; // as in Keras, until it's set
        with_layer(place, { ...old, [name]: value, ...(follows && { stride: value }) });
      };
      const field = name === "padding"
        ? choice(label, ["valid", "same"], layer[name], heard)
        : number_field(label, { min: 1, max: LIMITS[name], step: 1, value: layer[name], trouble, about: `${name} of ${nth}: ` }, heard);
      row.fields[name] = field;
      row.cells[i].append(field.root);
    });
  };

  const show_row = (place, layer) => {
    const row = table_rows[place], result = rows[place];
    if (row.kind !== layer.kind) show_fields(row, place, layer);
    for (const [name, field] of Object.entries(row.fields)) (field.follow ?? field.set)(layer[name]);
    const hidden = is_hidden(place);
    const texts = {
      shape: result.shape && sizes(result.shape),
      parameters: result.shape && grouped(result.parameters),
      multiply_adds: result.shape && grouped(result.multiply_adds),
      receptive_field: result.shape && sizes(result.receptive_field),
      jump: result.jump && grouped(result.jump),
    };
    for (const [name, cell] of Object.entries(row.results)) {
      if (hidden && name === "shape") row.reveal.parentNode === cell || cell.replaceChildren(row.reveal); // it keeps its focus
      else write(cell, hidden ? "?" : (texts[name] ?? "—"));
    }
    row.tr.classList.toggle("selected", place === state.selected);
    row.tr.classList.toggle("misfit", Boolean(result.problem));
    row.problem.hidden = !result.problem;
    write(row.why, result.problem ? `✗ Layer ${place + 1} does not fit: ${result.problem}.` : "");
    row.choose.input.setAttribute("aria-invalid", String(Boolean(result.problem)));
    row.up.disabled = place === 0;
    row.down.disabled = place === rows.length - 1;
  };

  const table_rows = [];
  const body = element("tbody");
  const sums = { parameters: element("td", { "data-part": "all-parameters", "data-name": "parameters" }), multiply_adds: element("td", { "data-part": "all-multiply_adds", "data-name": "multiply-adds" }) };
  const input_output = element("td", { "data-part": "shape", "data-name": "shape" });
  const heads = [["layer", 2], ["filters or units", 1], ["kernel or pool", 1], ["stride", 1], ["dilation", 1], ["padding", 1], ["output", 1], ["parameters", 1], ["multiply-adds", 1], ["receptive field", 1], ["jump", 1], ["", 1]];
  const table = element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map(([text, span]) => element("th", { scope: "col", colspan: span > 1 && span }, text || element("span", { class: "visually-hidden" }, "move or remove"))))),
    element("tbody", {}, element("tr", { class: "input", "data-layer": 0 }, element("td", { class: "setting", colspan: 7 }, element("strong", {}, "input "), ...input_fields.map((field) => field.root)),
      input_output, element("td", { "data-name": "parameters" }), element("td", { "data-name": "multiply-adds" }), element("td", { "data-name": "field" }, "1 × 1"), element("td", { "data-name": "jump" }, "1"), element("td"))),
    body,
    element("tfoot", {}, element("tr", {}, element("th", { scope: "row", colspan: 8 }, "in all"), sums.parameters, sums.multiply_adds, element("td", { colspan: 3 }))),
  );

  // -- adding
  const fresh_kind = choice("a new layer:", Object.keys(KINDS), "Conv2D", () => {});
  const add = button("", () => {
    const layers = [...stack()];
    layers.splice(state.selected + 1, 0, of_kind(fresh_kind.input.value));
    rebuild(layers, state.selected + 1, state.selected + 1);
  }, { "data-part": "add" });
  const guess = checkbox("Predict: hide the results", model.get("hide_shapes"), (on) => {
    state.revealed.clear();
    store("hide_shapes", on);
  });

  // -- drawings
  const boxes = drawn("svg", { "data-part": "boxes", role: "slider", tabindex: 0, "data-lm-suppress-shortcuts": "", "aria-label": "the stack: which layer is looked at", "aria-valuemin": 0 });
  const boxes_title = element("figcaption", {}, "Each box is as high as the map, and the broader the more channels it has (logarithmic). Click one, or use the arrow keys.");
  const boxes_figure = element("figure", {}, boxes_title, boxes);
  boxes.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    select(Math.max(-1, Math.min(rows.length - 1, state.selected + step)));
  });
  boxes.addEventListener("click", (event) => select(Number(event.target.closest("[data-place]")?.dataset.place ?? state.selected)));

  const draw_boxes = () => {
    const width = state.width || 860; // before the page has laid it out
    const input_shape = model.get("input_shape");
    const slot = width / (rows.length + 1);
    const middle = STACK_TALL / 2 + 4, bottom = STACK_TALL + 8;
    const tall = bottom + 40;
    const unit = Math.min(6, Math.max(0.6, slot * 0.78 - 4) / 11); // the width of a doubling of the channels
    const roomy = slot >= 58;
    boxes.setAttribute("viewBox", `0 0 ${width} ${tall}`);
    boxes.style.height = `${tall}px`;
    const parts = [drawn("defs", {}, drawn("pattern", { id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, drawn("rect", { width: 6, height: 6, class: "plain" }), drawn("line", { x1: 0, x2: 0, y1: 0, y2: 6, class: "hatch" })))];
    let before = null;
    for (let place = -1; place < rows.length; place++) {
      const row = rows[place], x = (place + 1.5) * slot;
      const shape = place < 0 ? input_shape : row.shape;
      const hidden = place >= 0 && is_hidden(place);
      const chosen = place === state.selected;
      const group = drawn("g", { "data-place": place, class: chosen ? "chosen" : null }, drawn("rect", { x: x - slot / 2, y: 0, width: slot, height: tall, class: "touch" }));
      let text = "—";
      if (!shape || hidden) {
        text = hidden ? "?" : row.problem ? "✗" : "—";
        group.append(drawn("rect", { x: x - 10, y: middle - 16, width: 20, height: 32, class: `unknown${row.problem ? " misfit" : ""}` }), drawn("text", { x, y: middle + 5, class: row.problem ? "misfit" : null }, text));
        before = null;
      } else {
        const high = Math.max(2, (STACK_TALL * (shape.length === 3 ? shape[0] : 1)) / input_shape[0]);
        const wide = 4 + unit * Math.log2(shape.at(-1));
        if (before) parts.push(drawn("polygon", { class: "funnel", points: `${before.x},${middle - before.high / 2} ${x - wide / 2},${middle - high / 2} ${x - wide / 2},${middle + high / 2} ${before.x},${middle + before.high / 2}` }));
        before = { x: x + wide / 2, high };
        const kind = place < 0 ? "plain" : row.parameters ? "weights" : "hatched";
        group.append(drawn("rect", { x: x - wide / 2, y: middle - high / 2, width: wide, height: high, class: `box ${kind}`, fill: kind === "hatched" ? `url(#${hatch})` : null }));
        text = roomy ? shape.map(String).join("×") : String(shape[0]);
      }
      const kind = place < 0 ? "input" : SHORT[stack()[place].kind] ?? stack()[place].kind;
      group.append(drawn("text", { x, y: bottom + 14 }, roomy ? (place < 0 ? kind : `${place + 1} ${kind}`) : String(place < 0 ? "in" : place + 1)));
      group.append(drawn("text", { x, y: bottom + 29 }, text));
      parts.push(group);
    }
    boxes.replaceChildren(...parts);
    boxes.setAttribute("aria-valuemax", rows.length);
    boxes.setAttribute("aria-valuenow", state.selected + 1);
    boxes.setAttribute("aria-valuetext", looked_at());
  };

  /** What the chosen layer gives, and how much of the input one of its numbers sees. */
  const looked_at = () => {
    const [high, wide] = model.get("input_shape");
    if (state.selected < 0) return `Input: ${sizes(model.get("input_shape"))}; a pixel sees itself.`;
    const row = rows[state.selected], name = `Layer ${state.selected + 1}, ${stack()[state.selected].kind}`;
    if (is_hidden(state.selected)) return `${name}: how many pixels does one of its numbers see?`;
    if (!row.shape) return row.problem ? `${name}: does not fit.` : `${name}: gets no input.`;
    const [tall, broad] = row.receptive_field;
    const beyond = tall > high || broad > wide;
    const gives = row.shape.length === 3 ? `maps of ${sizes(row.shape)}` : `${grouped(row.shape[0])} numbers`;
    return `${name}: gives ${gives}; one number sees ${sizes(row.receptive_field)} pixels` + (beyond ? `, more than the input's ${high} × ${wide}: the rest is padding.` : ` of ${high} × ${wide}.`);
  };

  const fields = drawn("svg", { "data-part": "fields", role: "img", width: FIELD_SIDE, height: FIELD_SIDE });
  const fields_title = element("figcaption", { "data-part": "looked-at" });
  const thin = element("div", { class: "legend" }, "Thin: the fields of the other maps' middle numbers.");
  const draw_fields = () => {
    const [high, wide] = model.get("input_shape");
    const unit = (FIELD_SIDE * 0.84) / Math.max(high, wide);
    const [x0, y0] = [(FIELD_SIDE - wide * unit) / 2, (FIELD_SIDE - high * unit) / 2];
    const box = (top, left, tall, broad, kind) => drawn("rect", { x: x0 + left * unit, y: y0 + top * unit, width: broad * unit, height: tall * unit, class: kind });
    const parts = [box(0, 0, high, wide, "image")];
    if (Math.max(high, wide) <= FINE_GRID) {
      let path = "";
      for (let i = 1; i < wide; i++) path += `M${x0 + i * unit},${y0}v${high * unit}`;
      for (let i = 1; i < high; i++) path += `M${x0},${y0 + i * unit}h${wide * unit}`;
      parts.push(drawn("path", { d: path, class: "grid" }));
    }
    rows.forEach((row, place) => {
      if (row.jump && place !== state.selected && !is_hidden(place)) parts.push(box(...row.middle, ...row.receptive_field, "other"));
    });
    thin.hidden = !parts.some((part) => part.classList.contains("other"));
    const chosen = rows[state.selected];
    if (!chosen) parts.push(box(Math.floor((high - 1) / 2), Math.floor((wide - 1) / 2), 1, 1, "field"));
    else if (chosen.shape && !is_hidden(state.selected)) parts.push(box(...chosen.middle, ...chosen.receptive_field, "field"));
    fields.replaceChildren(...parts);
    fields.setAttribute("aria-label", looked_at());
    fields_title.textContent = looked_at().replaceAll(" × ", "\u00a0×\u00a0");
  };

  // -- the code
  const code = element("pre", { "data-part": "code", tabindex: 0, role: "group", "aria-label": "Keras code" });
  const copied = element("span", { role: "status", class: "copied" });
  const copy = button("copy", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      copied.textContent = "✓ copied";
    } catch { // a page from a file, or one that may not
      getSelection().selectAllChildren(code);
      copied.textContent = "It is selected: press Ctrl+C (on a Mac ⌘C).";
    }
  }, { "aria-label": "copy the code" });

  const said = live_line();
  const say = () => {
    const misfit = rows.findIndex((row) => row.problem);
    if (misfit >= 0) return `✗ Layer ${misfit + 1} does not fit: ${rows[misfit].problem}.`;
    if (!rows.length) return "No layers: add one.";
    if (rows.some((_, place) => is_hidden(place))) return "Guess what each layer gives, then reveal it.";
    const { shape } = rows.at(-1);
    return `Out come ${shape.length === 3 ? `maps of ${sizes(shape)}` : `${grouped(shape[0])} numbers`}. In all ${grouped(total("parameters"))} parameters and ${grouped(total("multiply_adds"))} multiply-adds.`;
  };
  const total = (name) => rows.reduce((sum, row) => sum + row[name], 0);

  function draw() {
    const [input_shape, layers] = [model.get("input_shape"), stack()];
    rows = stack_rows(input_shape, layers);
    state.selected = Math.min(state.selected, rows.length - 1);
    while (table_rows.length < layers.length) {
      table_rows.push(make_row(table_rows.length));
      body.append(table_rows.at(-1).tr, table_rows.at(-1).problem);
    }
    while (table_rows.length > layers.length) {
      const row = table_rows.pop();
      settle(row);
      row.tr.remove();
      row.problem.remove();
    }
    layers.forEach((layer, place) => show_row(place, layer));
    input_fields.forEach((field, i) => field.follow(input_shape[i]));
    write(input_output, sizes(input_shape));
    const known = rows.every((row, place) => row.shape && !is_hidden(place));
    for (const [name, cell] of Object.entries(sums)) write(cell, known ? grouped(total(name)) : rows.some((row) => row.shape === null) ? "—" : "?");
    write(add, state.selected < 0 ? "add it at the top" : `add it below layer ${state.selected + 1}`);
    add.disabled = layers.length >= MOST_LAYERS;
    guess.input.checked = model.get("hide_shapes");
    const text = stack_code(input_shape, layers);
    if (code.textContent !== text) {
      code.textContent = text;
      copied.textContent = "";
    }
    write(said, say());
    draw_boxes();
    draw_fields();
    fit();
  }
  /** Columns where they fit; otherwise two lines for each layer, until the page's width changes. */
  const fit = () => !table.classList.contains("narrow") && table.scrollWidth > table.parentElement.clientWidth + 1 && table.classList.add("narrow");
  const request = each_frame(draw);

  const ignored = model.get("ignored");
  frame(el, "Shape calculator", element("div", { class: "shape-calculator" },
    boxes_figure,
    table,
    trouble,
    element("div", { class: "controls" }, fresh_kind.root, add, guess.root),
    said,
    element("div", { class: "below" },
      element("figure", { class: "fields" }, fields_title, fields, thin),
      element("div", { class: "code" }, element("div", { class: "controls" }, element("strong", {}, "The same in Keras"), copy, copied), code)),
    element("p", { class: "note", hidden: !ignored.length, "data-part": "ignored" }, `Left out of the model, since it changes no shape: ${ignored.join(", ")}.`),
    element("details", {}, element("summary", {}, "What is counted?"), element("p", {},
      "Parameters: weights and biases. Multiply-adds: one for each weight at each output position; biases, activations and pooling aren't counted. ",
      "Receptive field: height × width of the pixels that one number of the output depends on, padding included. Jump: pixels from the field of one number to its neighbour's. ",
      "The code has ReLU after layers with weights, and softmax (sigmoid for one unit) in a last Dense layer; they change no shape.")),
  )).style.setProperty("--mark", MARK);
  draw();

  // -- what Python sets, and the page's width
  for (const name of ["input_shape", "layers", "hide_shapes"]) model.on(`change:${name}`, request);
  const watch = new ResizeObserver(([{ contentRect }]) => {
    if (!contentRect.width || Math.abs(contentRect.width - state.width) < 1) return;
    state.width = contentRect.width;
    table.classList.remove("narrow");
    request();
  });
  watch.observe(boxes_figure);
  return () => (watch.disconnect(), request.cancel());
}

export default instrument(render);
