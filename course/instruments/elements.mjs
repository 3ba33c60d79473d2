// What the instruments share: elements with labels, canvases, colours, frames, dragging, and asking
// the kernel. No module touches the document before `render` is called, so Node can import them.
import { RUN_AGAIN, keep_in_notebook, kernel_of } from "../../course_utils/reopening.mjs";

// ---- arrays ---------------------------------------------------------------------------------

/** The array of a packet that `packed` in base.py made: {shape, values}. */
export function unpack({ shape, dtype, data }) {
  const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  return { shape, values: dtype === "uint8" ? new Uint8Array(bytes) : new Float32Array(bytes) };
}

/** A number with so many decimals, a true minus sign, and never "−0.00". */
export function written(number, decimals = 2, { sign = false } = {}) {
  const text = Math.abs(number).toFixed(decimals);
  if (Number(text) === 0) return text;
  return (number < 0 ? "−" : sign ? "+" : "") + text;
}

// ---- elements -------------------------------------------------------------------------------

let elements_made = 0;

/** An id that no other element of the page has. */
export function fresh_id() {
  elements_made += 1;
  return `course-${Math.random().toString(36).slice(2, 8)}-${elements_made}`;
}

const TAKES_KEYS = new Set(["button", "input", "select", "textarea"]);

/**
 * An element: `element("p", { class: "note" }, "text", child)`; `onclick` and the like are heard.
 * Keys pressed on it are its own: JupyterLab would take "b" for "insert a cell below".
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (TAKES_KEYS.has(tag) || "tabindex" in attributes) made.setAttribute("data-lm-suppress-shortcuts", "");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** The instrument's frame in `host`, with its name for screen readers. */
export function frame(host, label, ...children) {
  const root = element("div", { class: "course-instrument", role: "group", "aria-label": label }, ...children);
  host.append(root);
  return root;
}

/**
 * What a module exports: its `render`, and what becomes of the instrument when its kernel has ended. A
 * saved notebook keeps it. One that computes in the browser stays alive; one that `asks` the kernel
 * shows its picture, and how to go on.
 */
export function instrument(render, { asks = false } = {}) {
  return {
    initialize: ({ model }) => keep_in_notebook(model.widget_manager),
    render({ model, el }) {
      if (!asks) return render({ model, el });
      let stop;
      const kernel = kernel_of(model, el, () => show());
      const show = () => {
        stop?.();
        el.replaceChildren();
        stop = (kernel.has_ended() ? show_still : render)({ model, el });
      };
      show();
      return () => {
        kernel.forget();
        stop?.();
      };
    },
  };
}

/** The picture of an instrument that would ask the kernel, and that it is to be run again. */
function show_still({ model, el }) {
  const { png, alt } = model.get("still");
  const address = png ? URL.createObjectURL(new Blob([png], { type: "image/png" })) : null;
  const image = address ? [element("img", { src: address, alt })] : [];
  frame(el, "An instrument without its kernel", ...image, element("p", { class: "said", role: "status" }, RUN_AGAIN));
  return () => URL.revokeObjectURL(address);
}

/** A labelled slider. `set(value)` moves it without calling `on_input`. */
export function slider(label, { min, max, step, value, show = String }, on_input) {
  const id = fresh_id();
  const output = element("output", { for: id }, show(value));
  const input = element("input", { type: "range", id, min, max, step, value, "aria-valuetext": show(value) });
  const say = (number) => {
    output.textContent = show(number);
    input.setAttribute("aria-valuetext", show(number));
  };
  input.addEventListener("input", () => {
    say(Number(input.value));
    on_input(Number(input.value));
  });
  const set = (number) => {
    input.value = number;
    say(number);
  };
  const root = element("div", { class: "control" }, element("label", { for: id }, label), input, output);
  return { root, input, set };
}

/** A labelled list to choose from; `options` are texts. `set(value)` doesn't call `on_change`. */
export function choice(label, options, value, on_change) {
  const id = fresh_id();
  const make = (option) => element("option", { value: option, selected: option === value }, option);
  const input = element("select", { id, onchange: () => on_change(input.value) }, ...options.map(make));
  const set = (option) => (input.value = option);
  const set_options = (texts, chosen) => {
    input.replaceChildren(...texts.map((text) => element("option", { value: text, selected: text === chosen }, text)));
  };
  return { root: element("div", { class: "control" }, element("label", { for: id }, label), input), input, set, set_options };
}

/** The number that a text says: 1,5 and 1.5, 3/4, 3,072 and 3 072, 1e-3, −2; NaN: it says none, or one too large. */
export function number_of(text) {
  const number = number_said(text);
  return Number.isFinite(number) ? number : NaN;
}

function number_said(text) {
  const plain = text.trim().replaceAll("−", "-").replace(/^\+/, "");
  const fraction = /^([^/]+)\/([^/]+)$/.exec(plain);
  if (fraction) return number_of(fraction[1]) / number_of(fraction[2]);
  const sign = plain.startsWith("-") ? -1 : 1;
  const digits = plain.replace(/^-\s*/, "");
  if (/^[1-9]\d{0,2}([,\s]\d{3})+(\.\d+)?$/.test(digits)) return sign * Number(digits.replace(/[,\s]/g, ""));
  if (/^(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i.test(digits)) return sign * Number(digits.replace(",", "."));
  return NaN;
}

/** A number in few letters: with up to four decimals, or with an exponent, as 1e9. */
export function short_number(number, most = 7) {
  const plain = String(Math.round(number * 1e4) / 1e4);
  if (plain.length <= most && (plain !== "0" || number === 0)) return plain;
  return number.toExponential(2).replace(/\.?0*e\+?/, "e");
}

/** What a field for a number takes, in words. */
export function range_in_words({ min, max, step }) {
  const kind = step === 1 ? "a whole number" : "a number";
  return Number.isFinite(max) ? `${kind} from ${String(min).replace("-", "−")} to ${max}` : kind;
}

/**
 * A field for a number, and its `trouble`: what can't be taken stays in the field, marked, while the
 * last number that could goes on counting, and `trouble` says so.
 *
 * @param options min, max, and step (1: whole numbers); `value` may be null: no number yet. `about` is
 *   said before what is taken. Others are attributes of the field.
 * @param on_change hears each number that is taken.
 * @returns {input, trouble, set, follow, limit}. `set(number)` writes into the field, `follow(number)`
 *   only where another number counts, `settle()` what counts; `limit(max)` sets another limit.
 */
export function number_input({ min = -Infinity, max = Infinity, step = "any", value, about = "", trouble = null, ...attributes }, on_change) {
  let counts = value;
  const takes = { min, max, step };
  const said = trouble ?? element("span", { class: "trouble", id: fresh_id(), role: "status" });
  const input = element("input", { type: "text", class: "number", inputmode: step === 1 && min >= 0 ? "numeric" : "decimal", role: "spinbutton", autocomplete: "off", "aria-describedby": said.id, ...attributes });
  const is_taken = (number) => number >= takes.min && number <= takes.max && (step !== 1 || Number.isInteger(number));
  const mark = (valid) => {
    input.setAttribute("aria-invalid", String(!valid));
    if (counts !== null) input.setAttribute("aria-valuenow", counts);
    if (valid) return void (said.dataset.of === input.id && (said.textContent = ""));
    const words = `${about}${range_in_words(takes)}`;
    said.dataset.of = input.id;
    said.textContent = `${words[0].toUpperCase()}${words.slice(1)}${counts === null ? "" : `; until then ${short_number(counts)} counts`}.`;
  };
  const set = (number) => {
    counts = number;
    input.value = number === null ? "" : short_number(number);
    input.title = number === null || input.value === String(number) ? "" : String(number);
    mark(true);
  };
  const take = (number) => {
    if (is_taken(number)) on_change((counts = number));
    mark(is_taken(number));
  };
  const limit = (most) => {
    takes.max = most;
    for (const [name, bound] of [["min", takes.min], ["max", most]]) if (Number.isFinite(bound)) input.setAttribute(`aria-value${name}`, bound);
  };
  const turn = (by) => {
    const next = Math.max(takes.min, Math.min(takes.max, (counts ?? takes.min - by) + by));
    set(next);
    on_change(next);
  };
  input.id ||= fresh_id();
  input.addEventListener("input", () => take(number_of(input.value)));
  input.addEventListener("blur", () => input.getAttribute("aria-invalid") === "false" && set(counts));
  input.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    turn(by);
  });
  limit(max);
  set(value);
  return { input, trouble: said, set, limit, turn, follow: (number) => number !== counts && set(number), settle: () => set(counts) };
}

/** A labelled `number_input`, with what it says below it; whole numbers have buttons for the pointer. */
export function number_field(label, options, on_change) {
  const id = fresh_id();
  const field = number_input({ ...options, id }, on_change);
  const turner = (text, by) => element("span", { onpointerdown: (event) => (event.preventDefault(), field.turn(by)) }, text);
  const buttons = options.step === 1 ? [element("span", { class: "turners", "aria-hidden": "true" }, turner("▴", 1), turner("▾", -1))] : [];
  const parts = [element("label", { for: id }, label), element("span", { class: "turned" }, field.input, ...buttons)];
  return { ...field, root: element("div", { class: "control" }, ...parts, ...(options.trouble ? [] : [field.trouble])) };
}

export function checkbox(label, checked, on_change) {
  const input = element("input", { type: "checkbox", checked, onchange: () => on_change(input.checked) });
  return { root: element("label", { class: "control" }, input, " ", label), input };
}

export function button(text, on_click, attributes = {}) {
  return element("button", { type: "button", onclick: on_click, ...attributes }, text);
}

/** A line that screen readers read when it changes. */
export function live_line(attributes = {}) {
  return element("p", { class: "said", role: "status", "aria-live": "polite", ...attributes });
}

// ---- pictures -------------------------------------------------------------------------------

/**
 * A canvas with a caption. Its drawing surface is `width` × `height` CSS pixels, times the screen's
 * density; it shrinks with a narrow page. `attributes` go to the canvas: role, aria-label, tabindex.
 */
export function picture(caption, { width, height, ...attributes }) {
  const density = Math.min(2, globalThis.devicePixelRatio || 1);
  const canvas = element("canvas", { width: width * density, height: height * density, ...attributes });
  canvas.style.width = `${width}px`;
  canvas.style.aspectRatio = `${width} / ${height}`;
  const context = canvas.getContext("2d");
  context.scale(density, density);
  const title = element("figcaption", {}, caption);
  return { root: element("figure", {}, title, canvas), canvas, context, title };
}

// Anchors of matplotlib's maps RdBu_r and viridis, at equal distances; a test holds them to those.
// Red and blue differ in hue; negative cells get a stroke besides, see `draw_grid`.
const RED_BLUE = ["053061", "2065ab", "4393c3", "90c4dd", "d1e5f0", "f7f6f6", "fddbc7", "f3a481", "d6604d", "b1182b", "67001f"];
const VIRIDIS = ["440154", "471365", "482475", "463480", "414487", "3b528b", "355f8d", "2f6c8e", "2a788e", "25848e", "21918c", "1e9c89", "22a884", "2fb47c", "44bf70", "5ec962", "7ad151", "9bd93c", "bddf26", "dfe318", "fde725"];

function table_of(anchors) {
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (anchors.length - 1);
    const left = Math.min(Math.floor(place), anchors.length - 2);
    for (let c = 0; c < 3; c++) {
      const [a, b] = [anchors[left], anchors[left + 1]].map((hex) => parseInt(hex.slice(2 * c, 2 * c + 2), 16));
      table[3 * i + c] = Math.round(a + (b - a) * (place - left));
    }
  }
  return table;
}

/** 256 colours each: "grey" for images, "signed" (centred on zero), "magnitude" (viridis). */
export const COLOURS = { grey: table_of(["000000", "ffffff"]), signed: table_of(RED_BLUE), magnitude: table_of(VIRIDIS) };

/** Index into a table of 256 colours; NaN stays NaN. */
export function colour_index(value, low, high) {
  return Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
}

const scratch = new Map();

/** Draw rows of values into a box of the canvas; NaN is left empty.
 *
 * @param values numbers, row by row; with `channels` 3, red, green, blue between `low` and `high`.
 * @param box {x, y, width, height} in CSS pixels.
 * @param colours a name of COLOURS; with "signed" give low = −high. `strokes` marks negative cells
 *   that are large enough with a stroke, so that the sign doesn't rest on hue.
 */
export function draw_grid(context, values, rows, columns, box, { colours = "grey", low = 0, high = 1, channels = 1, strokes = false, smooth = false } = {}) {
  const key = `${rows}×${columns}`;
  if (!scratch.has(key)) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [columns, rows];
    const inner = canvas.getContext("2d");
    scratch.set(key, { canvas, inner, image: inner.createImageData(columns, rows) });
  }
  const { canvas, inner, image } = scratch.get(key);
  const table = COLOURS[colours];
  for (let i = 0; i < rows * columns; i++) {
    const value = values[i * channels];
    image.data[4 * i + 3] = Number.isNaN(value) ? 0 : 255;
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = channels === 3
        ? colour_index(values[3 * i + c], low, high)
        : table[3 * colour_index(value, low, high) + c];
    }
  }
  inner.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = smooth;
  context.drawImage(canvas, box.x, box.y, box.width, box.height);
  const side = box.width / columns;
  if (!strokes || side < 5) return;
  for (const [ink, from, to] of [["rgba(5, 48, 97, 0.75)", -0.5, -0.04], ["rgba(255, 255, 255, 0.75)", -Infinity, -0.5]]) {
    context.beginPath();
    for (let i = 0; i < rows * columns; i++) {
      if (!(values[i] >= from * high && values[i] < to * high)) continue;
      const x = box.x + (i % columns) * side, y = box.y + (Math.floor(i / columns) * box.height) / rows;
      context.moveTo(x + 0.25 * side, y + 0.5 * side);
      context.lineTo(x + 0.75 * side, y + 0.5 * side);
    }
    context.strokeStyle = ink;
    context.lineWidth = Math.max(1, side / 9);
    context.stroke();
  }
}

/** The orange of whatever the text points at, as in the figures. */
export const MARK = "#d95f02";

export function draw_box(context, x, y, width, height, { colour = MARK, line = 2.5, dashed = false } = {}) {
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.setLineDash(dashed ? [4, 3] : []);
  context.strokeRect(x, y, width, height);
  context.setLineDash([]);
}

/** The ink of the page at this element, for text on a canvas that has no ground of its own. */
export function ink_of(host) {
  return getComputedStyle(host).color;
}

// ---- time and pointer -----------------------------------------------------------------------

/** A function that asks for `draw` in the next frame, once however often it is called. */
export function each_frame(draw) {
  let asked = 0;
  const request = () => {
    if (!asked) asked = requestAnimationFrame(() => ((asked = 0), draw()));
  };
  request.cancel = () => cancelAnimationFrame(asked);
  return request;
}

/** Hear the pointer, pressed and dragged over an element: shares of its width and height, in [0, 1). */
export function on_drag(target, on_place, { hover = false, on_end = () => {} } = {}) {
  let pressed = false;
  const tell = (event) => {
    const box = target.getBoundingClientRect();
    const share = (at, from, size) => Math.max(0, Math.min(1 - 1e-9, (at - from) / size));
    on_place(share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height), event);
  };
  target.style.touchAction = "none";
  target.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return; // the right button, a second finger
    pressed = true;
    target.setPointerCapture?.(event.pointerId);
    tell(event);
  });
  target.addEventListener("pointermove", (event) => (pressed || hover) && tell(event));
  for (const name of ["pointerup", "pointercancel"]) target.addEventListener(name, (event) => pressed && ((pressed = false), on_end(event)));
}

// ---- the kernel -----------------------------------------------------------------------------

const NOTICE_MS = 300; // quicker answers need no word; it would only flicker
const SLOW_MS = 5000;

/**
 * Ask the kernel: at most one question is under way, and of those asked meanwhile only the last is
 * kept. `waiting.root` says that it waits, and what to do when it waits long.
 *
 * @param on_answer hears each answer; errors are shown and not passed on.
 */
export function asker(model, on_answer) {
  let number = Math.floor(Math.random() * 1e9); // another view of this model counts on its own
  let awaited = null;
  let next = null;
  let timers = [];
  const line = live_line({ class: "said waiting" });
  const later = (milliseconds, text) => setTimeout(() => (line.textContent = text), milliseconds);
  const send = (question) => {
    number += 1;
    awaited = number;
    line.parentElement?.setAttribute("aria-busy", "true");
    timers = [
      later(NOTICE_MS, "asking the kernel …"),
      later(SLOW_MS, "The kernel hasn't answered yet. Is it busy? If it was stopped or restarted, run the notebook again from its top."),
    ];
    model.set("question", { ...question, number });
    model.save_changes();
  };
  model.on("change:answer", () => {
    const answer = model.get("answer");
    if (awaited === null || answer.number !== awaited) return;
    awaited = null;
    timers.forEach((timer) => clearTimeout(timer));
    line.textContent = answer.error ? `The kernel could not answer: ${answer.error}` : "";
    line.parentElement?.setAttribute("aria-busy", "false");
    if (!answer.error) on_answer(answer);
    if (next && awaited === null) { // unless hearing the answer led to a question
      const question = next;
      next = null;
      send(question);
    }
  });
  const ask = (question) => (awaited === null ? send(question) : (next = question));
  return { ask, root: line, is_waiting: () => awaited !== null };
}
