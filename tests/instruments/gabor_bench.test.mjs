// The Gabor bench's arithmetic against the table that SciPy, scikit-image and NumPy computed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  BANK_DIRECTIONS, BANK_FREQUENCIES, gabor_bank, gabor_energy, gabor_kernel, gabor_response, gabor_spectrum, lines_of,
  shares_of, strong_of,
} from "../../course/instruments/gabor_bench.mjs";

const table = JSON.parse(readFileSync(new URL("../vectors/gabor_bench.json", import.meta.url), "utf8"));
const images = Object.fromEntries(Object.entries(table.images).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }]));
const every_seventh = (values) => Array.from(values).filter((_, i) => i % 7 === 0);

function close(computed, stored, tolerance = 1e-7) {
  assert.equal(computed.length, stored.length);
  stored.forEach((value, i) => assert.ok(Math.abs(computed[i] - value) < tolerance, `${i}: ${computed[i]} is not ${value}`));
}

for (const { filter, size, kernel, spectrum, responses } of table.cases) {
  const name = JSON.stringify(filter);
  test(`kernel ${name}`, () => {
    const made = gabor_kernel(filter);
    assert.equal(made.size, size);
    assert.equal(made.values.length, size * size);
    close(every_seventh(made.values), kernel);
  });
  test(`spectrum ${name}`, () => {
    const { values } = gabor_spectrum(filter);
    const most = Math.max(...values);
    close(every_seventh(values.map((value) => value / most)), spectrum);
  });
  for (const [image, stored] of Object.entries(responses)) {
    test(`response on ${image} ${name}`, () => close(gabor_response(images[image], filter), stored));
  }
}

for (const { knobs, image, energies } of table.banks) {
  test(`energies of the bank ${JSON.stringify(knobs)}`, () => {
    const bank = gabor_bank(knobs);
    assert.equal(bank.length, BANK_FREQUENCIES.length * BANK_DIRECTIONS.length);
    close(bank.map((filter) => gabor_energy(images[image], filter)), energies);
  });
}

test("a balanced filter remembers the bell of the right image and width", () => {
  const filter = { frequency: 0.1, theta: 20, sigma: 2, phase: 0, balanced: true };
  const first = gabor_response(images.noise, filter);
  gabor_response(images.waves, filter);
  gabor_response(images.noise, { ...filter, sigma: 3 });
  assert.deepEqual(gabor_response(images.noise, filter), first);
});

// So a drag of the widest filter over the largest image costs a fraction of a square of weights.
test("each row is read once, whatever the filter: two passes along lines, and the bell just once", () => {
  const [rows, columns, sigma] = [24, 32, 5], radius = 15;
  let read = 0;
  const count = { get: (values, name) => (typeof name === "string" && (read += 1), values[name]) };
  const image = { shape: [rows, columns], values: new Proxy(Float32Array.from({ length: rows * columns }, (_, i) => i % 7), count) };
  const reads = (filter) => (read = 0, gabor_response(image, { frequency: 0.1, theta: 20, sigma, phase: 0, ...filter }), read);
  const once = rows * (columns + 2 * radius);
  assert.equal(reads({ balanced: false }), once);
  assert.equal(reads({ balanced: true }), 2 * once);
  assert.equal(reads({ balanced: true, theta: 25 }), once);
});

test("a balanced filter finds nothing in a plain wall", () => {
  const filter = { frequency: 0.08, theta: 45, sigma: 2, phase: 0, balanced: true };
  assert.ok(gabor_response(images.flat, filter).every((value) => Math.abs(value) < 1e-12));
  assert.ok(gabor_response(images.flat, { ...filter, balanced: false }).every((value) => value > 0.01));
});

test("shares add up to one, or are all zero", () => {
  assert.deepEqual(shares_of([1, 3]), [0.25, 0.75]);
  assert.deepEqual(shares_of([0, 0]), [0, 0]);
});

test("the end of the colours is NumPy's percentile", () => {
  for (const [name, stored] of Object.entries(table.strong)) {
    close([strong_of(images[name].values.map((value) => value - 0.4))], [stored], 1e-6);
  }
  assert.equal(strong_of([0, 0, 0]), 1);
});

test("lines run across the wave", () => {
  const expected = { 0: "upright", 20: "upright", 45: "rising", 90: "level", 135: "falling", 160: "upright", 180: "upright" };
  for (const [theta, word] of Object.entries(expected)) assert.ok(lines_of(Number(theta)).startsWith(word), theta);
  assert.equal(BANK_DIRECTIONS.length, 6);
});
