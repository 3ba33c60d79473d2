// The convolution stepper: a kernel slides over an image, and every product can be seen.
import { unpack, written, element, instrument, frame, slider, number_field, number_input, number_of, short_number, checkbox, button, live_line, picture, draw_grid, draw_box, each_frame, on_drag, colour_index, COLOURS, MARK, fresh_id } from "./elements.mjs";

// ---- arithmetic, the same as in convolution_stepper.py ------------------------------------------

/** Size of a convolution's output along one side; 0 where the kernel doesn't fit. */
export function output_size(n, k, { padding = 0, stride = 1, dilation = 1 } = {}) {
  const room = n + 2 * padding - dilation * (k - 1) - 1;
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

/** The kernel as it is laid on the image: turned by half a turn for a convolution. */
export function laid_kernel(kernel, flip) {
  return flip ? kernel.map((row) => [...row].reverse()).reverse() : kernel;
}

/** The pixels under the kernel at one output position, row by row; beyond the image they are zero. */
export function patch_at(image, kernel, { padding = 0, stride = 1, dilation = 1 }, row, column) {
  const [rows, columns] = image.shape;
  const pixels = [];
  for (let a = 0; a < kernel.length; a++) {
    for (let b = 0; b < kernel[0].length; b++) {
      const y = row * stride - padding + a * dilation, x = column * stride - padding + b * dilation;
      pixels.push(y >= 0 && y < rows && x >= 0 && x < columns ? image.values[y * columns + x] : 0);
    }
  }
  return pixels;
}

/** An image and its kernel by channels: a pair of tables, {image, kernel}, for each. */
export function by_channel(image, kernel) {
  const [rows, columns, depth] = image.shape;
  if (depth === undefined) return [{ image, kernel }];
  return Array.from({ length: depth }, (_, c) => ({
    image: { shape: [rows, columns], values: image.values.filter((_, i) => i % depth === c) },
    kernel: kernel.map((row) => row.map((weights) => weights[c])),
  }));
}

/** The sums of products at one position, one for each of the pairs that `by_channel` made. */
export function sums_at(pairs, settings, row, column) {
  return pairs.map(({ image, kernel }) => {
    const weights = laid_kernel(kernel, settings.flip).flat();
    const pixels = patch_at(image, kernel, settings, row, column);
    return pixels.reduce((sum, pixel, i) => sum + pixel * weights[i], 0);
  });
}

const added_up = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

/** The sum of all products at one position, over the channels as well, and the bias. */
export function value_at(image, kernel, settings, row, column) {
  return added_up(sums_at(by_channel(image, kernel), settings, row, column)) + (settings.bias ?? 0);
}

/** The whole output, one map however many channels there are: {rows, columns, values}. */
export function correlate(image, kernel, settings) {
  const [height, width] = image.shape;
  const rows = output_size(height, kernel.length, settings);
  const columns = output_size(width, kernel[0].length, settings);
  const values = new Float64Array(rows && columns ? rows * columns : 0);
  const pairs = by_channel(image, kernel);
  for (let i = 0; i < values.length; i++) values[i] = added_up(sums_at(pairs, settings, Math.floor(i / columns), i % columns)) + (settings.bias ?? 0);
  return { rows: columns ? rows : 0, columns: rows ? columns : 0, values };
}

// What people do wrong, the likeliest first: the setting or the place that they worked with instead.
const MISTAKES = [
  ["bias", "you forgot to add the bias", (s, k) => s.bias && { bias: 0 }],
  ["flip", (s) => (s.flip ? "you laid the kernel on as it stands, and a convolution flips it first" : "you flipped the kernel, and a cross-correlation lays it on as it stands"), (s) => ({ flip: !s.flip })],
  ["padding", (s, instead) => `you worked with a padding of ${instead.padding}, and here it is ${s.padding}`, (s, k) => Array.from({ length: k.length }, (_, p) => p !== s.padding && { padding: p })],
  ["row", (s, instead) => `that is the value one row ${instead.row < 0 ? "higher" : "lower"}`, () => [{ row: 1 }, { row: -1 }]],
  ["column", (s, instead) => `that is the value one column further ${instead.column < 0 ? "left" : "right"}`, () => [{ column: 1 }, { column: -1 }]],
  ["stride", (s) => `you moved by one pixel a step, and the stride is ${s.stride}`, (s) => s.stride > 1 && { stride: 1 }],
  ["dilation", (s) => `you took neighbouring pixels, and with a dilation of ${s.dilation} they lie ${s.dilation} apart`, (s) => s.dilation > 1 && { dilation: 1 }],
];

/** And with several channels: [name, text, value] of each, from the channels' sums. */
function channel_mistakes(sums, bias, names) {
  const [count, total] = [sums.length, added_up(sums)];
  if (count === 1) return [];
  const mean = ["channel-mean", "you took the mean of the channels' sums, and they are added up"];
  return [
    ...sums.flatMap((sum, c) => [sum + bias, sum].map((value) => ["channel", `that is the sum of the channel ${names[c]} alone, and the sum runs over all ${count} channels`, value])),
    ["biases", "you added the bias once for each channel, and it is added once, to the sum of all", total + count * bias],
    [...mean, total / count + bias],
    [...mean, (total + bias) / count],
  ];
}

/** How far a typed value may be off: pixels are shown with two decimals, and so may each channel's sum be. */
export function tolerance(kernel) {
  const depth = kernel[0][0].length ?? 1;
  return 0.005 * depth + 0.005 * added_up(kernel.flat(2).map(Math.abs)) + 1e-9;
}

/**
 * What a typed value says: {right, mistakes}, the names and texts of all mistakes that give it.
 * A mistake that gives the right value too can't be told, and is not named.
 *
 * @param names of the channels, where there are several.
 */
export function diagnose(typed, image, kernel, settings, row, column, names = []) {
  const near = (value) => Math.abs(typed - value) <= tolerance(kernel);
  const truth = value_at(image, kernel, settings, row, column);
  if (near(truth)) return { right: true, truth, mistakes: [] };
  const mistakes = [];
  const sums = sums_at(by_channel(image, kernel), settings, row, column);
  for (const [name, text, value] of channel_mistakes(sums, settings.bias, names)) {
    if (near(value) && !mistakes.some((mistake) => mistake.name === name)) mistakes.push({ name, text });
  }
  for (const [name, text, instead_of] of MISTAKES) {
    for (const instead of [instead_of(settings, kernel)].flat().filter(Boolean)) {
      const { row: down = 0, column: across = 0, ...changed } = instead;
      const value = value_at(image, kernel, { ...settings, ...changed }, row + down, column + across);
      const outside = row + down < 0 || column + across < 0;
      if (!outside && near(value) && !mistakes.some((mistake) => mistake.name === name)) {
        mistakes.push({ name, text: typeof text === "string" ? text : text(settings, instead) });
      }
    }
  }
  if (!mistakes.length && near(-truth)) mistakes.push({ name: "sign", text: "the size is right, and the sign isn't" });
  if (!mistakes.length && near((truth - settings.bias) / kernel.flat(2).length + settings.bias)) mistakes.push({ name: "mean", text: "you took the mean of the products, and it is their sum" });
  return { right: false, truth, mistakes };
}

/** A number with so many decimals, or, where these don't fit into a cell, in its short form. */
export function fitting(number, decimals = 2) {
  const text = written(number, decimals);
  return text.length > MOST_LETTERS ? short_number(number).replaceAll("-", "−") : text;
}

/** Whether terms, as they are written, give a result as it is written; rounded ones needn't. */
export function adds_up(terms, result) {
  const number = (text) => Number(text.replaceAll("−", "-").replace(/[()]/g, "").split(" ").at(-1));
  const value = (term) => term.split(" · ").map(number).reduce((one, other) => one * other);
  const difference = terms.map(value).reduce((one, other) => one + other) - number(result);
  return Number.isNaN(difference) || Math.abs(difference) <= 0.005 + 1e-9; // not all are written out
}

// ---- what one sees ------------------------------------------------------------------------------

const SIDE = 300; // of each panel's drawing, in CSS pixels; a narrow page shrinks it
const PLAY_MS = 80;
const MOST_LETTERS = 8; // of a number in a cell
const PALE = 1.8; // a scale this much wider than the values keeps the text on them readable
// Of channels: a name of a colour has that colour; each has its kind of line besides, see the style.
const CHANNEL_COLOURS = { red: "#e53935", green: "#2e9b44", blue: "#1e88e5" };
const OTHER_COLOURS = ["#a45bc0", "#00929b", "#a07400", "#d81b60"];

function render({ model, el }) {
  const image = unpack(model.get("image"));
  const [height, width, depth = 1] = image.shape;
  const names = depth > 1 ? model.get("image").channels : [""];
  const state = { position: model.get("position"), guessing: false, right: 0, timer: 0 };
  let settings, kernel, pairs, output, limit; // pairs: image and kernel of each channel

  const read = () => {
    kernel = model.get("kernel");
    settings = Object.fromEntries(["padding", "stride", "dilation", "bias", "flip"].map((name) => [name, model.get(name)]));
    pairs = by_channel(image, kernel);
    output = correlate(image, kernel, settings);
    limit = output.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    state.position = Math.max(0, Math.min(state.position, output.values.length - 1));
  };
  read();

  const views = names.map(() => ({
    source: picture("", { width: SIDE, height: (SIDE * height) / width, role: "img" }),
    products: picture("", { width: SIDE, height: (SIDE * kernel.length) / kernel[0].length, role: "img" }),
    partial: element("p", { class: "partial" }),
  }));
  const result = picture("", { width: SIDE, height: (SIDE * height) / width, role: "slider", tabindex: 0, "aria-label": "position of the kernel: the output computed so far" });
  for (const panel of [...views.flatMap(({ source, products }) => [source, products]), result]) panel.canvas.style.width = "100%";
  for (const { source } of views) source.canvas.dataset.part = "image";
  result.canvas.dataset.part = "output";
  const chip = (c) => element("span", { class: "channel", "data-number": c, style: `--channel: ${CHANNEL_COLOURS[names[c]] ?? OTHER_COLOURS[c]}` }, names[c]);
  const of_channel = (c) => (depth > 1 ? `${names[c]}: ` : "");

  const sum = element("p", { class: "sum" });
  const [typed_id, said_id] = [fresh_id(), fresh_id()];
  const said = live_line({ id: said_id });
  const place = () => [Math.floor(state.position / output.columns), state.position % output.columns];

  // -- drawing
  const draw = () => {
    const { padding, stride, dilation } = settings;
    const fits = output.values.length > 0;
    const [row, column] = fits ? place() : [0, 0];
    const [tall, wide] = [height + 2 * padding, width + 2 * padding];
    const unit = SIDE / Math.max(wide, (tall * width) / height);
    const reach = [dilation * (kernel.length - 1) + 1, dilation * (kernel[0].length - 1) + 1];
    const [top, left] = [row * stride, column * stride];
    views.forEach(({ source }, channel) => {
      const c = source.context;
      c.fillStyle = "#000";
      c.fillRect(0, 0, SIDE, SIDE * 4);
      draw_grid(c, pairs[channel].image.values, height, width, { x: padding * unit, y: padding * unit, width: width * unit, height: height * unit });
      if (padding) draw_box(c, padding * unit, padding * unit, width * unit, height * unit, { colour: "#bbb", line: 1, dashed: true });
      if (fits) {
        if (dilation > 1) {
          for (let a = 0; a < kernel.length; a++) for (let b = 0; b < kernel[0].length; b++) draw_box(c, (left + b * dilation) * unit, (top + a * dilation) * unit, unit, unit, { line: 1.2 });
        }
        draw_box(c, left * unit, top * unit, reach[1] * unit, reach[0] * unit, { line: depth > 1 ? 4 : 2.5 }); // smaller panels
      }
      source.canvas.setAttribute("aria-label", of_channel(channel) + (fits ? `the image; the window's upper left corner is at row ${top - padding}, column ${left - padding}` : "the image"));
      const size = `image ${height} × ${width}` + (padding ? `, ${padding} px of zeros on each side` : ", no padding");
      if (depth === 1) source.title.textContent = size;
      else source.title.replaceChildren(chip(channel), padding ? ` and ${padding} px of zeros` : "");
    });
    draw_products(fits, row, column);
    draw_output(fits, row, column);
    if (depth > 1) write_partial_sums(fits, row, column);
    write_sum(fits, row, column);
  };

  const draw_products = (fits, row, column) => {
    const strongest = Math.max(...kernel.flat(2).map(Math.abs));
    const cell = SIDE / kernel[0].length;
    const scale = PALE * (strongest || 1);
    views.forEach(({ products }, channel) => {
      const pair = pairs[channel];
      const c = products.context;
      const weights = laid_kernel(pair.kernel, settings.flip).flat();
      const pixels = fits ? patch_at(pair.image, pair.kernel, settings, row, column) : weights.map(() => NaN);
      c.clearRect(0, 0, SIDE, SIDE * 4);
      c.textAlign = "center";
      c.textBaseline = "middle";
      weights.forEach((weight, i) => {
        const x = (i % kernel[0].length) * cell, y = Math.floor(i / kernel[0].length) * cell;
        const product = state.guessing ? NaN : pixels[i] * weight;
        const index = 3 * colour_index(Number.isNaN(product) ? 0 : product, -scale, scale);
        c.fillStyle = `rgb(${COLOURS.signed.slice(index, index + 3).join(",")})`;
        c.fillRect(x, y, cell, cell);
        draw_box(c, x, y, cell, cell, { colour: "#999", line: 1 });
        c.fillStyle = "#111";
        c.font = `${Math.min(19, cell / 4)}px system-ui, sans-serif`;
        if (state.guessing) return void c.fillText(fitting(pixels[i]), x + cell / 2, y + cell / 2, cell);
        c.fillText(Number.isNaN(pixels[i]) ? "–" : fitting(pixels[i]), x + cell / 2, y + 0.22 * cell, cell);
        c.fillText(`× ${shown_weight(weight)}`, x + cell / 2, y + 0.5 * cell, cell);
        c.font = `bold ${c.font}`;
        c.fillText(Number.isNaN(product) ? "= –" : `= ${fitting(product)}`, x + cell / 2, y + 0.78 * cell, cell);
      });
      const flipped = settings.flip ? " of the flipped kernel" : "";
      const columns = kernel[0].length;
      const rows_read = pair.kernel.map((_, a) => pixels.slice(a * columns, (a + 1) * columns).map((pixel, b) => state.guessing ? fitting(pixel) : `${fitting(pixel)} times ${shown_weight(weights[a * columns + b])}`).join(", "));
      products.canvas.setAttribute("aria-label", `${of_channel(channel)}${state.guessing ? "pixels in the window" : "products"}, row by row: ${rows_read.join("; ")}`);
      const what = depth > 1 ? (state.guessing ? "pixels" : `pixel × ${settings.flip ? "flipped " : ""}weight`) : state.guessing ? "the pixels in the window" : `${weights.length} products: pixel × weight${flipped}`;
      if (depth === 1) products.title.textContent = what;
      else products.title.replaceChildren(chip(channel), ` ${what}`);
    });
  };

  const write_partial_sums = (fits, row, column) => {
    const sums = fits ? sums_at(pairs, settings, row, column) : [];
    views.forEach(({ partial }, c) => partial.replaceChildren(
      element("span", {}, c ? "+ " : "", chip(c)),
      element("strong", {}, !fits ? "–" : state.guessing ? "?" : fitting(sums[c])),
    ));
  };

  const draw_output = (fits, row, column) => {
    const c = result.context;
    c.clearRect(0, 0, SIDE, SIDE * 4);
    c.fillStyle = "#d9d9d9";
    c.fillRect(0, 0, SIDE, (SIDE * height) / width);
    if (!fits) {
      result.title.textContent = "The kernel doesn't fit into the image: no output.";
      return;
    }
    const unit = Math.min(SIDE / output.columns, (SIDE * height) / width / output.rows);
    const known = Float64Array.from(output.values, (value, i) => (i < state.position || (i === state.position && !state.guessing) ? value : NaN));
    draw_grid(c, known, output.rows, output.columns, { x: 0, y: 0, width: output.columns * unit, height: output.rows * unit }, { colours: "signed", low: -limit, high: limit, strokes: true });
    draw_box(c, column * unit, row * unit, unit, unit, { line: Math.max(2, unit / 6) });
    result.title.textContent = `${depth > 1 ? "one output map," : "output"} ${output.rows} × ${output.columns}, row ${row}, column ${column}`;
    const sums = depth > 1 ? ` (${sums_at(pairs, settings, row, column).map((one, c) => `${names[c]} ${fitting(one)}`).join(", ")})` : "";
    const value = state.guessing ? "hidden: predict it" : fitting(output.values[state.position]) + sums;
    for (const [name, one] of [["min", 1], ["max", output.values.length], ["now", state.position + 1], ["text", `row ${row}, column ${column}: ${value}`]]) result.canvas.setAttribute(`aria-value${name}`, one);
    result.unit = unit;
  };

  const terms_of = (row, column, bracketed) => {
    const weights = laid_kernel(kernel, settings.flip).flat();
    const pixels = patch_at(image, kernel, settings, row, column);
    const parts = pixels.map((pixel, i) => [pixel, weights[i]]).filter(([pixel, weight]) => pixel && weight);
    return parts.length > 12 ? [`${parts.length} products that aren't zero`] : parts.map(([pixel, weight]) => `${fitting(pixel)} · ${bracketed(weight)}`);
  };

  const write_sum = (fits, row, column) => {
    if (!fits) return void (sum.textContent = "Make the padding larger, or the dilation smaller.");
    const bracketed = (number, shown = shown_weight) => (number < 0 ? `(${shown(number)})` : shown(number));
    const terms = depth > 1 ? sums_at(pairs, settings, row, column).map((one, c) => `${names[c]} ${bracketed(one, fitting)}`) : terms_of(row, column, bracketed);
    if (settings.bias) terms.push(`bias ${bracketed(settings.bias)}`);
    const shown = fitting(output.values[state.position]);
    const added = state.guessing || !terms.length ? "" : `${terms.join(" + ")} ${adds_up(terms, shown) ? "=" : "≈"} `;
    sum.replaceChildren(
      `output[${row}, ${column}] = ${added}`,
      element("strong", { "data-part": "value", title: !state.guessing && String(output.values[state.position]) }, state.guessing ? "?" : shown),
    );
  };

  const shown_weight = (weight) => fitting(weight, Number.isInteger(weight) ? 0 : 2);
  const request = each_frame(draw);

  // -- moving
  const forget_verdict = () => {
    said.textContent = "";
    delete said.dataset.verdict;
    delete said.dataset.mistakes;
  };
  const go = (position, { from_slider = false, keep = true, verdict = false } = {}) => {
    if (!output.values.length) return;
    if (!verdict) forget_verdict();
    state.position = Math.max(0, Math.min(output.values.length - 1, position));
    if (!from_slider) steps.set(state.position + 1);
    if (keep) store("position", state.position);
    request();
  };
  const store = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const steps = slider("position", { min: 1, max: Math.max(1, output.values.length), step: 1, value: state.position + 1, show: (n) => `${n} of ${output.values.length}` }, (n) => go(n - 1, { from_slider: true, keep: false }));
  steps.input.addEventListener("change", () => store("position", state.position));
  steps.root.classList.add("wide");
  const stop = () => {
    clearInterval(state.timer);
    state.timer = 0;
    play.textContent = "▶ play";
    play.setAttribute("aria-pressed", "false");
  };
  const play = button("▶ play", () => {
    if (state.timer) return void (stop(), store("position", state.position));
    if (state.position === output.values.length - 1) go(0);
    play.textContent = "⏸ stop";
    play.setAttribute("aria-pressed", "true");
    state.timer = setInterval(() => {
      if (state.position + 1 >= output.values.length) return void (stop(), store("position", state.position));
      go(state.position + 1, { keep: false });
    }, PLAY_MS);
  }, { "aria-pressed": "false" });

  on_drag(result.canvas, (x, y) => {
    const unit = result.unit / SIDE;
    const column = Math.min(output.columns - 1, Math.floor(x / unit));
    const row = Math.min(output.rows - 1, Math.floor((y * height) / width / unit));
    go(row * output.columns + column, { keep: false });
  }, { on_end: () => store("position", state.position) });
  for (const { source } of views) on_drag(source.canvas, (x, y) => {
    // the pointer holds the middle of the window
    const [tall, wide] = [height + 2 * settings.padding, width + 2 * settings.padding];
    const across = Math.max(wide, (tall * width) / height);
    const index = (share, size, count) => Math.max(0, Math.min(count - 1, Math.round((share * across - (settings.dilation * (size - 1) + 1) / 2) / settings.stride)));
    const row = index((y * height) / width, kernel.length, output.rows);
    go(row * output.columns + index(x, kernel[0].length, output.columns), { keep: false });
  }, { on_end: () => store("position", state.position) });
  const KEYS = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: () => output.columns, ArrowUp: () => -output.columns, Home: () => -Infinity, End: () => Infinity };
  result.canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    const next = state.position + KEYS[event.key]();
    if (Number.isFinite(next) && (next < 0 || next >= output.values.length)) return; // no row there
    go(next);
  });

  // -- settings
  const change = (name, value) => {
    store(name, value);
    refresh();
  };
  const refresh = () => {
    stop();
    read();
    const count = Math.max(1, output.values.length);
    steps.input.max = count;
    steps.set(Math.min(state.position + 1, count));
    forget_verdict();
    if (model.get("position") !== state.position) store("position", state.position);
    request();
  };
  const weights_trouble = element("p", { class: "trouble", id: fresh_id(), role: "status" });
  const weight_input = (value, a, b, c) => number_input({ value, trouble: weights_trouble, "aria-label": `weight in row ${a}, column ${b}${depth > 1 ? `, ${names[c]}` : ""}` }, (number) => {
    const edited = structuredClone(model.get("kernel"));
    if (depth > 1) edited[a][b][c] = number;
    else edited[a][b] = number;
    change("kernel", edited);
  });
  const tables = pairs.map((pair, c) => pair.kernel.map((row, a) => row.map((weight, b) => weight_input(weight, a, b, c)))); // of fields, by channel
  const track = depth > 1 ? "minmax(0, 3.5rem)" : "3.9rem";
  const kernel_tables = tables.map((table, c) => element("div", { class: "kernel", role: "group", "aria-label": depth > 1 ? `kernel, ${names[c]}` : "kernel", style: `grid-template-columns: repeat(${kernel[0].length}, ${track})` }, ...table.flat().map((one) => one.input)));
  const fields = {
    padding: number_field("padding", { min: 0, max: 8, step: 1, value: settings.padding }, (n) => change("padding", n)),
    stride: number_field("stride", { min: 1, max: 8, step: 1, value: settings.stride }, (n) => change("stride", n)),
    dilation: number_field("dilation", { min: 1, max: 4, step: 1, value: settings.dilation }, (n) => change("dilation", n)),
    bias: number_field("bias", { min: -100, max: 100, value: settings.bias }, (n) => change("bias", n)),
  };
  const flip = checkbox("flip the kernel (convolution)", settings.flip, (on) => change("flip", on));

  // -- predict
  const typed = element("input", { type: "text", class: "number", inputmode: "decimal", autocomplete: "off", id: typed_id, "aria-describedby": said_id, onkeydown: (event) => event.key === "Enter" && check() });
  const check = () => {
    const number = number_of(typed.value);
    typed.setAttribute("aria-invalid", String(Number.isNaN(number)));
    if (Number.isNaN(number)) return void (said.textContent = "Type the value that comes next: a number, with two decimals.");
    const [row, column] = place();
    const { right, truth, mistakes } = diagnose(number, image, kernel, settings, row, column, names);
    said.dataset.verdict = right ? "right" : "wrong";
    said.dataset.mistakes = mistakes.map((mistake) => mistake.name).join(" ");
    if (!right) {
      state.right = 0;
      const shares = mistakes.slice(0, 2).map((mistake) => mistake.text).join(", or ");
      said.textContent = `✗ Not ${typed.value}. ${shares ? `${shares[0].toUpperCase()}${shares.slice(1)}.` : `Multiply each pixel by the weight that lies on it, and add up${depth > 1 ? ", over all channels" : ""}.`} Try again.`;
      return;
    }
    state.right += 1;
    said.textContent = `✓ ${written(truth)} is right.` + (state.right > 1 ? ` ${state.right} in a row.` : "") + (state.position + 1 < output.values.length ? " And the next one?" : " That was the last one.");
    typed.value = "";
    go(state.position + 1, { verdict: true });
  };
  const answer = element("span", { class: "control", hidden: true }, element("label", { for: typed_id }, "the value at the orange mark"), typed, button("check", check), button("show me", () => {
    forget_verdict();
    said.textContent = `It is ${written(output.values[state.position])}.`;
    state.right = 0;
  }));
  const guess = checkbox("Predict: hide the value", false, (on) => {
    stop();
    state.guessing = on;
    answer.hidden = !on;
    forget_verdict();
    if (on) typed.focus();
    request();
  });

  // with channels: a row for each, whose sums run together into the one output
  const layers = () => element("div", { class: "layers", "data-large": kernel[0].length > 5, style: `--layers: ${depth}` },
    ...views.flatMap(({ source, products, partial }) => [source.root, products.root, partial]),
    element("div", { class: "whole" }, sum, result.root));
  const kernel_layers = () => element("div", { class: "row" }, ...kernel_tables.map((table, c) => element("div", { class: "slice" }, element("div", { class: "caption" }, chip(c)), table)));

  const root = frame(el, "Convolution stepper",
    ...(depth > 1 ? [layers()] : [element("div", { class: "panels" }, views[0].source.root, views[0].products.root, result.root), sum]),
    element("div", { class: "controls" }, steps.root, button("◀ step", () => go(state.position - 1), { "aria-label": "one step back" }), button("step ▶", () => go(state.position + 1), { "aria-label": "one step on" }), play),
    element("div", { class: "row" }, element("div", {}, element("div", { class: "caption" }, depth > 1 ? "one kernel, as deep as the image (type your own)" : "kernel (type your own)"), ...(depth > 1 ? [kernel_layers()] : kernel_tables), weights_trouble),
      element("div", { class: "settings" }, element("div", { class: "controls" }, ...Object.values(fields).map((field) => field.root)), element("div", { class: "controls" }, flip.root), element("div", { class: "controls" }, guess.root, answer), said)),
  );
  root.classList.add("stepper");
  root.style.setProperty("--mark", MARK);
  draw();

  // -- what Python sets
  for (const name of Object.keys(fields)) model.on(`change:${name}`, () => (fields[name].follow(model.get(name)), refresh()));
  model.on("change:flip", () => ((flip.input.checked = model.get("flip")), refresh()));
  model.on("change:kernel", () => {
    by_channel(image, model.get("kernel")).forEach((pair, c) => pair.kernel.flat().forEach((weight, i) => tables[c].flat()[i].follow(weight)));
    refresh();
  });
  model.on("change:position", () => {
    if (model.get("position") !== state.position) go(model.get("position"), { keep: false });
  });
  return () => (stop(), request.cancel());
}

export default instrument(render);
