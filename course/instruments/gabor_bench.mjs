// The Gabor bench: turn a filter's frequency, direction, width and phase, and see what it answers to.
import { unpack, written, element, instrument, frame, slider, choice, checkbox, button, live_line, picture, draw_grid, draw_box, each_frame, on_drag, MARK } from "./elements.mjs";

// ---- arithmetic, the same as in gabor_bench.py --------------------------------------------------
// A filter is {frequency, theta, sigma, phase, balanced}: cycles per pixel, degrees, pixels, degrees.
// It is the real part of exp(iφ) X(x) Y(y), with X(x) = bell(x) exp(i 2π f x cos θ) and Y alike. So two
// passes along rows and columns do what a square of weights does, with 4 (2r + 1) products for each
// pixel instead of (2r + 1)². The wave's cosine is even and its sine odd, which halves that again.

const radians = (degrees) => (degrees * Math.PI) / 180;

/** How far the kernel reaches from its middle, in pixels. */
export function gabor_radius(sigma) {
  return Math.ceil(3 * sigma);
}

/** Bell times cosine and bell times sine at 0 .. radius, for a wave of `frequency` along one side. */
function wave_factors(frequency, sigma) {
  const length = gabor_radius(sigma) + 1;
  const [even, odd] = [new Float64Array(length), new Float64Array(length)];
  for (let d = 0; d < length; d++) {
    const bell = Math.exp((-d * d) / (2 * sigma * sigma));
    even[d] = bell * Math.cos(2 * Math.PI * frequency * d);
    odd[d] = bell * Math.sin(2 * Math.PI * frequency * d);
  }
  return [even, odd];
}

/** The sum over −radius .. radius of values that are the same on both sides. */
function sum_of_even(half) {
  let sum = -half[0];
  for (const value of half) sum += 2 * value;
  return sum;
}

/** Frequency along the rows (x) and down the columns (y); exactly 0 where a right angle makes it so. */
function gabor_frequencies({ frequency, theta }) {
  const exact = (value) => (Math.abs(value) < 1e-15 ? 0 : value);
  return [frequency * exact(Math.cos(radians(theta))), frequency * exact(Math.sin(radians(theta)))];
}

/** How much of the bell a balanced filter takes away, so that its weights sum to zero. */
function share_of_bell(filter) {
  if (!filter.balanced) return 0;
  const [across, down] = gabor_frequencies(filter).map((f) => sum_of_even(wave_factors(f, filter.sigma)[0]));
  return (Math.cos(radians(filter.phase)) * across * down) / sum_of_even(wave_factors(0, filter.sigma)[0]) ** 2;
}

/** The weights: {size, values}, row by row. */
export function gabor_kernel(filter) {
  const { sigma } = filter;
  const [radius, less, phase] = [gabor_radius(sigma), share_of_bell(filter), radians(filter.phase)];
  const [across, down] = gabor_frequencies(filter).map((f) => 2 * Math.PI * f);
  const size = 2 * radius + 1;
  const values = new Float64Array(size * size);
  for (let y = -radius, i = 0; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++, i++) {
      const bell = Math.exp(-(x * x + y * y) / (2 * sigma * sigma)) / (2 * Math.PI * sigma * sigma);
      values[i] = bell * (Math.cos(across * x + down * y + phase) - less);
    }
  }
  return { size, values };
}

/** Where an index beyond the border finds its pixel: the image is mirrored, the border pixel twice. */
function mirrored(index, size) {
  const place = ((index % (2 * size)) + 2 * size) % (2 * size);
  return place < size ? place : 2 * size - 1 - place;
}

/** What the filter makes of an image {shape, values}: as large, mirrored at the border. */
export function gabor_response(image, filter) {
  const response = separable_response(image, gabor_frequencies(filter), filter.sigma, radians(filter.phase));
  const less = share_of_bell(filter);
  if (less) {
    const plain = bell_response(image, filter.sigma);
    for (let i = 0; i < response.length; i++) response[i] -= less * plain[i];
  }
  return response;
}

// A drag of any slider but σ's asks for the same bell again and again.
const bell_seen = { image: null, sigma: 0, response: null };

function bell_response(image, sigma) {
  if (bell_seen.image !== image || bell_seen.sigma !== sigma) {
    Object.assign(bell_seen, { image, sigma, response: separable_response(image, [0, 0], sigma, 0) });
  }
  return bell_seen.response;
}

function separable_response({ shape: [rows, columns], values }, [across, down], sigma, phase) {
  const radius = gabor_radius(sigma);
  const [even_x, odd_x] = wave_factors(across, sigma);
  const [even_y, odd_y] = wave_factors(down, sigma).map((half) => half.map((one) => one / (2 * Math.PI * sigma * sigma)));
  const [cosine, sine] = [Math.cos(phase), Math.sin(phase)];
  const real = new Float64Array(rows * columns); // of exp(iφ) times the pass along the rows
  const imaginary = new Float64Array(rows * columns);
  const line = new Float64Array(columns + 2 * radius);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < line.length; x++) line[x] = values[y * columns + mirrored(x - radius, columns)];
    for (let x = 0; x < columns; x++) {
      let even = even_x[0] * line[x + radius], odd = 0;
      for (let d = 1; d <= radius; d++) {
        const right = line[x + radius + d], left = line[x + radius - d];
        even += even_x[d] * (right + left);
        odd += odd_x[d] * (right - left);
      }
      real[y * columns + x] = cosine * even - sine * odd;
      imaginary[y * columns + x] = cosine * odd + sine * even;
    }
  }
  const response = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    const to = y * columns;
    for (let x = 0; x < columns; x++) response[to + x] = even_y[0] * real[to + x];
    for (let d = 1; d <= radius; d++) {
      const below = mirrored(y + d, rows) * columns, above = mirrored(y - d, rows) * columns;
      const even = even_y[d], odd = odd_y[d];
      for (let x = 0; x < columns; x++) {
        response[to + x] += even * (real[below + x] + real[above + x]) - odd * (imaginary[below + x] - imaginary[above + x]);
      }
    }
  }
  return response;
}

/** |FFT| of the kernel, zero-padded to size × size, frequency 0 in the middle: what it lets through. */
export function gabor_spectrum(filter, size = 64) {
  const { sigma } = filter;
  const [across, down] = gabor_frequencies(filter);
  const [radius, less, phase] = [gabor_radius(sigma), share_of_bell(filter), radians(filter.phase)];
  const bell = wave_factors(0, sigma)[0];
  // The transform of bell × wave along one side is real: the bell is even.
  const transform = (frequency, sign) => Float64Array.from({ length: size }, (_, j) => {
    const turn = 2 * Math.PI * (frequency - (sign * (j - size / 2)) / size);
    let sum = bell[0];
    for (let d = 1; d <= radius; d++) sum += 2 * bell[d] * Math.cos(turn * d);
    return sum;
  });
  const [x, x_mirrored, x_bell] = [transform(across, 1), transform(across, -1), transform(0, 1)];
  const [y, y_mirrored, y_bell] = [transform(down, 1), transform(down, -1), transform(0, 1)];
  const scale = 1 / (2 * Math.PI * sigma * sigma);
  const [cosine, sine] = [(scale * Math.cos(phase)) / 2, (scale * Math.sin(phase)) / 2];
  const values = new Float64Array(size * size);
  for (let v = 0, i = 0; v < size; v++) {
    for (let u = 0; u < size; u++, i++) {
      const [one, other] = [x[u] * y[v], x_mirrored[u] * y_mirrored[v]]; // the spot, and the one opposite
      const re = cosine * (one + other) - scale * less * x_bell[u] * y_bell[v];
      const im = sine * (one - other);
      values[i] = Math.sqrt(re * re + im * im);
    }
  }
  return { size, values };
}

export const BANK_FREQUENCIES = [0.08, 0.15, 0.3]; // about one octave apart
export const BANK_DIRECTIONS = [0, 30, 60, 90, 120, 150];

/** The bank: every frequency in every direction, with σ, phase and balance of the bench. */
export function gabor_bank({ sigma, phase, balanced }) {
  return BANK_FREQUENCIES.flatMap((frequency) => BANK_DIRECTIONS.map((theta) => ({ frequency, theta, sigma, phase, balanced })));
}

/** Mean squared response of the filter, its weights scaled to the length 1. */
export function gabor_energy(image, filter) {
  const length = gabor_kernel(filter).values.reduce((sum, weight) => sum + weight * weight, 0);
  const response = gabor_response(image, filter);
  return response.reduce((sum, value) => sum + value * value, 0) / response.length / length;
}

/** Shares of a whole; of nothing, all zero. */
export function shares_of(energies) {
  const whole = energies.reduce((sum, energy) => sum + energy, 0);
  return energies.map((energy) => (whole ? energy / whole : 0));
}

/** The value below which 99.5 % of the sizes lie: one extreme pixel shouldn't pale all others. */
export function strong_of(values) {
  const sizes = Float32Array.from(values, Math.abs).sort();
  const place = 0.995 * (sizes.length - 1), left = Math.floor(place);
  const right = sizes[Math.min(left + 1, sizes.length - 1)];
  return sizes[left] + (right - sizes[left]) * (place - left) || 1;
}

const LINES = ["upright (|)", "rising (/)", "level (—)", "falling (\\)"];

/** What lines a wave in this direction answers to; rows count downwards, so 45° runs down to the right. */
export function lines_of(theta) {
  return LINES[Math.round(theta / 45) % 4];
}

// ---- what one sees ------------------------------------------------------------------------------

const GABOR_PARTS = ["frequency", "theta", "sigma", "phase", "balanced"];
const PANEL = 200; // side of the four drawings, in CSS pixels; a narrow page shrinks them
const FRAMED = 31; // a kernel is drawn on so many pixels, so that its size can be seen
const TILE = 44, THUMB = 60;
const MARK_EVERY = 7; // CSS pixels between the strokes that mark negative responses
const REST_MS = 80; // so long nobody has moved anything, and the bank is computed anew
const BUDGET_MS = 4; // for that, in each frame
const LIMITS = { frequency: [0.02, 0.45], theta: [0, 180] };

const plain_number = (number, decimals = 3) => String(+number.toFixed(decimals)).replace("-", "−");
const same_filter = (one, other) => GABOR_PARTS.every((part) => one[part] === other[part]);
const described = (filter) => `f ${plain_number(filter.frequency)}, θ ${plain_number(filter.theta, 1)}°, σ ${plain_number(filter.sigma)}, φ ${plain_number(filter.phase, 1)}°${filter.balanced ? ", balanced" : ""}`;
const percent = (share) => (share > 0 && share < 0.005 ? "<1 %" : `${Math.round(100 * share)} %`);
const clamp = (value, [low, high]) => Math.max(low, Math.min(high, value));

/** Jobs that wait until nothing has moved for a while, then take a few milliseconds of each frame. */
function idle_worker() {
  const groups = new Map(); // name → jobs; a group that begins anew forgets what it had left
  let timer = 0, asked = 0;
  const next = () => [...groups.values()].find((jobs) => jobs.length);
  const step = () => {
    const start = performance.now();
    while (next() && performance.now() - start < BUDGET_MS) next().shift()();
    if (next()) asked = requestAnimationFrame(step);
  };
  const stop = () => (clearTimeout(timer), cancelAnimationFrame(asked));
  const wait = () => (stop(), next() && (timer = setTimeout(step, REST_MS)));
  const begin = (name, jobs) => (groups.set(name, [...jobs]), wait());
  return { begin, wait, stop };
}

/** The largest box with an image's proportions in the middle of a square. */
function fitted([rows, columns], side) {
  const unit = side / Math.max(rows, columns);
  const [width, height] = [columns * unit, rows * unit];
  return { x: (side - width) / 2, y: (side - height) / 2, width, height, unit };
}

function draw_weights(context, { size, values }, side, across = Math.max(FRAMED, size)) {
  const strong = values.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1;
  const unit = side / across, from = ((across - size) / 2) * unit;
  context.fillStyle = "#f7f6f6"; // no weight: the middle of the map
  context.fillRect(0, 0, side, side);
  draw_grid(context, values, size, size, { x: from, y: from, width: size * unit, height: size * unit }, { colours: "signed", low: -strong, high: strong, strokes: true });
  return { from, width: size * unit };
}

function draw_response(context, values, shape, side, { marks = false } = {}) {
  const box = fitted(shape, side), strong = strong_of(values);
  context.clearRect(0, 0, side, side);
  draw_grid(context, values, shape[0], shape[1], box, { colours: "signed", low: -strong, high: strong, strokes: marks });
  if (!marks || box.unit >= 5) return box;
  context.beginPath(); // the pixels are too small for a stroke each: one every so often
  for (let y = box.y + MARK_EVERY / 2; y < box.y + box.height; y += MARK_EVERY) {
    for (let x = box.x + MARK_EVERY / 2; x < box.x + box.width; x += MARK_EVERY) {
      const value = values[Math.floor((y - box.y) / box.unit) * shape[1] + Math.floor((x - box.x) / box.unit)];
      if (value > -0.3 * strong) continue;
      context.moveTo(x - 2, y);
      context.lineTo(x + 2, y);
    }
  }
  context.strokeStyle = "rgba(255, 255, 255, 0.85)";
  context.lineWidth = 1.2;
  context.stroke();
  return box;
}

function draw_spectrum(context, filter, side) {
  const { size, values } = gabor_spectrum(filter);
  const most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
  draw_grid(context, values, size, size, { x: 0, y: 0, width: side, height: side }, { colours: "magnitude", high: most });
  // The mark says where the two spots should be, and their width: one standard deviation.
  const middle = side / 2 + side / size / 2; // frequency 0 is the middle of a cell
  const [across, down] = gabor_frequencies(filter).map((f) => f * side);
  const width = side / (2 * Math.PI * filter.sigma);
  context.strokeStyle = "#fff";
  context.lineWidth = 1.5;
  context.setLineDash([3, 3]);
  context.beginPath();
  context.moveTo(middle - across, middle - down);
  context.lineTo(middle + across, middle + down);
  context.stroke();
  context.setLineDash([]);
  for (const sign of [1, -1]) {
    for (const [line, colour] of [[4, "#fff"], [2, MARK]]) {
      context.beginPath();
      context.arc(middle + sign * across, middle + sign * down, width, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.stroke();
    }
  }
}

function render({ model, el }) {
  const images = new Map(model.get("images").map(({ name, ...packet }) => [name, unpack(packet)]));
  const filter = () => Object.fromEntries(GABOR_PARTS.map((part) => [part, model.get(part)]));
  const store = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };
  const image = () => images.get(model.get("image"));
  const worker = idle_worker();
  let response = null; // of the filter on the bench
  let probe = null; // [row, column] that the learner points at

  // -- controls
  const sliders = {
    frequency: slider("frequency f", { min: LIMITS.frequency[0], max: LIMITS.frequency[1], step: 0.01, value: model.get("frequency"), show: plain_number }, (frequency) => store({ frequency })),
    theta: slider("direction θ", { min: 0, max: 180, step: 1, value: model.get("theta"), show: (n) => `${plain_number(n, 1)}°` }, (theta) => store({ theta })),
    sigma: slider("width σ", { min: 1, max: 5, step: 0.1, value: model.get("sigma"), show: (n) => `${plain_number(n)} px` }, (sigma) => store({ sigma })),
    phase: slider("phase φ", { min: 0, max: 360, step: 5, value: model.get("phase"), show: (n) => `${plain_number(n, 1)}°` }, (phase) => store({ phase })),
  };
  for (const [name, one] of Object.entries(sliders)) one.input.dataset.part = name;
  const names = choice("image", [...images.keys()], model.get("image"), (name) => store({ image: name }));
  const balanced = checkbox("balanced: the weights sum to zero", model.get("balanced"), (on) => store({ balanced: on }));
  const keep = button("Keep this filter", () => {
    const kept = model.get("kept"), now = filter();
    const known = kept.some((one) => same_filter(one, now));
    if (!known) store({ kept: [...kept, now] });
    kept_said.textContent = known ? "This filter is in your list already." : `Kept: ${described(now)}.`;
  });

  // -- the four drawings
  const of_side = (attributes) => picture("", { width: PANEL, height: PANEL, ...attributes });
  const panels = {
    image: of_side({ role: "img" }),
    kernel: of_side({ role: "img" }),
    spectrum: of_side({ role: "application", tabindex: 0, "aria-label": "frequencies that pass; arrow up and down change the frequency, left and right the direction" }),
    response: of_side({ role: "application", tabindex: 0, "aria-label": "response; the arrow keys move a pointer that reads its values" }),
  };
  for (const [name, panel] of Object.entries(panels)) panel.canvas.dataset.part = name;
  const said = live_line();
  const probed = element("p", { class: "said", "data-part": "probe", "aria-live": "polite" });

  const draw = () => {
    const now = filter(), { shape, values } = image();
    response = gabor_response(image(), now);
    const box = fitted(shape, PANEL);
    panels.image.context.clearRect(0, 0, PANEL, PANEL);
    draw_grid(panels.image.context, values, ...shape, box);
    const kernel = gabor_kernel(now);
    const place = draw_weights(panels.kernel.context, kernel, PANEL);
    draw_box(panels.kernel.context, place.from, place.from, place.width, place.width, { colour: "#777", line: 1, dashed: true });
    draw_spectrum(panels.spectrum.context, now, PANEL);
    draw_response(panels.response.context, response, shape, PANEL, { marks: true });
    draw_probe(box, kernel);
    write(now, kernel);
    for (const { filter: one, root } of tiles) root.setAttribute("aria-pressed", String(one().frequency === now.frequency && one().theta === now.theta));
  };

  const draw_probe = (box, { size }) => {
    if (!probe) return void (probed.textContent = "Point at the response to read its values. Drag a spot in the spectrum: it takes f and θ along.");
    const [, columns] = image().shape, [row, column] = probe;
    const place = (number) => [box.x + (column - number) * box.unit, box.y + (row - number) * box.unit];
    const side = size * box.unit, context = panels.image.context;
    draw_box(context, ...place((size - 1) / 2), side, side);
    draw_box(panels.response.context, ...place(0.5), 2 * box.unit, 2 * box.unit, { line: 2 });
    probed.textContent = `Row ${row}, column ${column}: the ${size} × ${size} pixels in the box, times the weights, add up to ${written(response[row * columns + column], 4)}.`;
  };

  const write = (now, { size, values }) => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of response) [low, high] = [Math.min(low, value), Math.max(high, value)];
    const range = `${written(low, 3)} to ${written(high, 3, { sign: true })}`;
    const sum = values.reduce((total, weight) => total + weight, 0);
    panels.image.title.textContent = `image,\n${image().shape.join(" × ")}`;
    panels.kernel.title.textContent = `kernel ${size} × ${size},\nsum of weights ${written(sum, 2)}`;
    panels.spectrum.title.textContent = "frequencies it passes\n(cycles per pixel)";
    panels.response.title.textContent = `response,\n${range}`;
    panels.image.canvas.setAttribute("aria-label", `the image ${model.get("image")}`);
    panels.kernel.canvas.setAttribute("aria-label", `the kernel: ${described(now)}`);
    const bright = Math.abs(sum) > 0.05 ? ` Its weights sum to ${written(sum, 2)}, so it answers to plain brightness, too.` : "";
    said.textContent = `A wave of ${plain_number(1 / now.frequency, 1)} px at ${plain_number(now.theta, 1)}° answers to ${lines_of(now.theta)} lines, here from ${range}. `
      + `Its spots lie ${plain_number(now.frequency)} from the middle, at ${plain_number(now.theta, 1)}°; σ = ${plain_number(now.sigma)} px makes them 1/(2πσ) = ${plain_number(1 / (2 * Math.PI * now.sigma))} wide.${bright}`;
  };
  const request = each_frame(draw);

  // -- the bank: what it is made of is on the bench, so it follows once nothing moves
  const focus_tile = (index) => {
    tiles.forEach(({ root }, i) => (root.tabIndex = i === index ? 0 : -1));
    tiles[index].root.focus();
  };
  const TILE_KEYS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: BANK_DIRECTIONS.length, ArrowUp: -BANK_DIRECTIONS.length };
  const tiles = gabor_bank(filter()).map(({ frequency, theta }, i) => {
    const small = picture("", { width: TILE, height: TILE, role: "presentation" });
    const bar = element("i"), number = element("span", {}, "…");
    const root = button("", () => store({ frequency, theta }), { class: "gabor-tile", tabindex: i ? -1 : 0, "aria-pressed": "false" });
    root.append(small.canvas, element("span", { class: "gabor-bar" }, bar), number);
    root.addEventListener("keydown", (event) => {
      const next = i + TILE_KEYS[event.key];
      if (!(next >= 0 && next < tiles.length)) return;
      event.preventDefault();
      focus_tile(next);
    });
    root.addEventListener("focus", () => tiles.forEach((tile, j) => (tile.root.tabIndex = i === j ? 0 : -1)));
    return { root, bar, number, context: small.context, filter: () => ({ ...filter(), frequency, theta }) };
  });
  const tables = element("div", { class: "gabor-bank", role: "group", "aria-label": "the bank: choose a filter; arrow keys move", "aria-busy": "true" },
    element("span"), ...BANK_DIRECTIONS.map((theta) => element("span", { class: "gabor-head" }, `${theta}°`)),
    ...BANK_FREQUENCIES.flatMap((frequency, row) => [element("span", { class: "gabor-head" }, `f ${frequency}`), ...tiles.slice(row * BANK_DIRECTIONS.length, (row + 1) * BANK_DIRECTIONS.length).map(({ root }) => root)]));
  const bank_said = live_line({ "data-part": "bank" });
  const show_shares = (energies) => {
    const shares = shares_of(energies), most = Math.max(...shares) || 1;
    shares.forEach((share, i) => {
      const { frequency, theta } = tiles[i].filter();
      tiles[i].bar.style.width = `${(100 * share) / most}%`;
      tiles[i].number.textContent = percent(share);
      tiles[i].root.setAttribute("aria-label", `f ${frequency}, θ ${theta}°: ${percent(share)} of the bank's energy`);
      tiles[i].root.dataset.share = share;
    });
    const best = tiles[shares.indexOf(most)]?.filter();
    bank_said.textContent = best ? `Most energy: f ${best.frequency}, θ ${best.theta}°, ${percent(most)}. If all 18 answered alike, each would have 6 %.` : "No filter of the bank finds anything here.";
    tables.setAttribute("aria-busy", "false");
  };

  // -- the learner's own list
  const kept_list = element("ul", { class: "gabor-kept" });
  const kept_said = live_line({ "data-part": "kept" });
  let cards = [];
  const make_cards = () => {
    cards = model.get("kept").map((one, i) => {
      const [weights, answer] = ["kernel", "response"].map((what) => picture("", { width: THUMB, height: THUMB, role: "img", "aria-label": `${what} of ${described(one)}` }));
      draw_weights(weights.context, gabor_kernel(one), THUMB);
      const remove = button("remove", () => {
        store({ kept: model.get("kept").filter((_, j) => j !== i) });
        kept_said.textContent = `Removed: ${described(one)}.`;
        (kept_list.querySelectorAll(".gabor-remove")[Math.min(i, cards.length - 1)] ?? keep).focus();
      }, { class: "gabor-remove", "aria-label": `remove ${described(one)}` });
      const back = button("to the bench", () => store(one), { "aria-label": `to the bench: ${described(one)}` });
      const root = element("li", {}, weights.canvas, answer.canvas, element("div", {}, element("div", {}, described(one)), element("div", { class: "controls" }, back, remove)));
      return { root, job: () => draw_response(answer.context, gabor_response(image(), one), image().shape, THUMB) };
    });
    kept_list.replaceChildren(...cards.map(({ root }) => root));
    if (!cards.length) kept_list.replaceChildren(element("li", {}, "None yet. Keep a few that say different things; in Python they are bench.kept."));
  };

  const anew = () => {
    tables.setAttribute("aria-busy", "true");
    const energies = [];
    const jobs = tiles.map((tile, i) => () => {
      const weights = gabor_kernel(tile.filter());
      draw_weights(tile.context, weights, TILE, weights.size); // all of one size: each fills its tile
      energies[i] = gabor_energy(image(), tile.filter());
    });
    worker.begin("bank", [...jobs, () => show_shares(energies)]);
  };
  const answers_anew = () => worker.begin("kept", cards.map(({ job }) => job));

  // -- gestures on the drawings
  on_drag(panels.spectrum.canvas, (x, y) => {
    const [across, down] = [x - 0.5 - 1 / 128, y - 0.5 - 1 / 128];
    const frequency = Math.round(100 * clamp(Math.hypot(across, down), LIMITS.frequency)) / 100;
    const degrees = (Math.atan2(down, across) * 180) / Math.PI;
    store({ frequency, theta: Math.round(degrees < 0 ? degrees + 180 : degrees) });
  });
  const SPECTRUM_KEYS = { ArrowUp: ["frequency", 0.01], ArrowDown: ["frequency", -0.01], ArrowRight: ["theta", 5], ArrowLeft: ["theta", -5] };
  panels.spectrum.canvas.addEventListener("keydown", (event) => {
    const [name, by] = SPECTRUM_KEYS[event.key] ?? [];
    if (!name) return;
    event.preventDefault();
    store({ [name]: clamp(Math.round(1000 * (model.get(name) + by)) / 1000, LIMITS[name]) });
  });
  const point = (row, column) => {
    const [rows, columns] = image().shape;
    probe = [clamp(row, [0, rows - 1]), clamp(column, [0, columns - 1])];
    request();
  };
  for (const { canvas } of [panels.response, panels.image]) {
    on_drag(canvas, (x, y) => {
      const box = fitted(image().shape, PANEL);
      point(Math.floor((y * PANEL - box.y) / box.unit), Math.floor((x * PANEL - box.x) / box.unit));
    }, { hover: true });
    canvas.addEventListener("pointerleave", () => ((probe = null), request()));
  }
  const PROBE_KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  panels.response.canvas.addEventListener("keydown", (event) => {
    if (!PROBE_KEYS[event.key]) return;
    event.preventDefault();
    const [row, column] = probe ?? image().shape.map((side) => Math.floor(side / 2));
    point(...(probe ? [row + PROBE_KEYS[event.key][0], column + PROBE_KEYS[event.key][1]] : [row, column]));
  });

  // -- the page
  const ticks = element("div", { class: "gabor-ticks", "aria-hidden": "true" }, ...["−0.5", "0", "0.5"].map((text) => element("span", {}, text)));
  panels.spectrum.root.append(ticks);
  const root = frame(el, "Gabor bench",
    element("div", { class: "controls" }, names.root, balanced.root, keep),
    element("div", { class: "controls gabor-sliders" }, ...Object.values(sliders).map((one) => one.root)),
    element("div", { class: "gabor-panels" }, ...Object.values(panels).map((panel) => panel.root)),
    element("div", { class: "gabor-words" }, said, probed),
    element("div", { class: "row gabor-lists" },
      element("div", { role: "group", "aria-label": "filter bank", class: "gabor-shared" }, element("h4", {}, "A bank with the σ, φ and balance above: which filter finds most?"), tables, bank_said),
      element("div", { role: "group", "aria-label": "your filters", class: "gabor-own" }, element("h4", {}, "Your filters"), kept_list, kept_said)),
  );
  make_cards();
  draw();
  anew();
  answers_anew();

  // -- what changes, here or in Python
  const listen = (name, heard) => model.on(`change:${name}`, heard);
  const forget = () => (kept_said.textContent = ""); // what was said of keeping is of another filter, or another image
  for (const [name, one] of Object.entries(sliders)) {
    listen(name, () => {
      forget();
      one.set(model.get(name));
      request();
      if (name === "sigma" || name === "phase") anew();
      else worker.wait();
    });
  }
  listen("balanced", () => (forget(), (balanced.input.checked = model.get("balanced")), request(), anew()));
  listen("image", () => (forget(), names.set(model.get("image")), (probe = null), request(), anew(), answers_anew()));
  listen("kept", () => (make_cards(), answers_anew()));
  return () => (request.cancel(), worker.stop());
}

export default instrument(render);
