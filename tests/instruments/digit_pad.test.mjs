// The pad's brush and its centring, against the table that Python is tested with.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { brush_coverage, centre_of_mass, centred_like_mnist, different, draw_stroke, fitted, flipped_value, index_of_best, to_hex } from "../../course/instruments/digit_pad.mjs";

const table = JSON.parse(readFileSync(new URL("../vectors/digit_pad.json", import.meta.url)));
const pixels_of = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const near = (values, others, tolerance) => {
  assert.equal(values.length, others.length);
  values.forEach((value, i) => assert.ok(Math.abs(value - others[i]) <= tolerance, `${i}: ${value} is not ${others[i]}`));
};
const place = ([x, y]) => ({ x, y });

test("what a stroke covers", () => {
  for (const { from, to, radius, covered } of table.strokes) near(brush_coverage(place(from), place(to), radius), covered, 1e-6);
});

test("a stroke drawn in two parts is the same stroke", () => {
  const [whole, parts] = [new Uint8Array(784), new Uint8Array(784)];
  const [from, middle, to] = [{ x: 4, y: 5 }, { x: 12, y: 11 }, { x: 20, y: 17 }];
  draw_stroke(whole, from, to, { radius: 1.2 });
  draw_stroke(parts, from, middle, { radius: 1.2 });
  draw_stroke(parts, middle, to, { radius: 1.2 });
  near(parts, whole, 1);
  assert.ok(whole.some((value) => value === 255) && whole.some((value) => value > 0 && value < 255));
});

test("a stroke leaves what is lighter, and the eraser what is darker", () => {
  const pixels = new Uint8Array(784).fill(90);
  draw_stroke(pixels, { x: 3, y: 14 }, { x: 25, y: 14 }, { radius: 2 });
  assert.equal(Math.min(...pixels), 90);
  assert.equal(pixels[14 * 28 + 14], 255);
  draw_stroke(pixels, { x: 3, y: 14 }, { x: 25, y: 14 }, { radius: 2, erase: true });
  assert.equal(pixels[14 * 28 + 14], 0);
  assert.equal(pixels[0], 90);
});

test("centre of mass", () => {
  for (const { pixels, mass } of table.drawings) {
    const { row, column } = centre_of_mass(pixels_of(pixels));
    near([row, column], mass, 1e-9);
  }
  assert.equal(centre_of_mass(new Uint8Array(784)), null);
});

test("fitted into 20 × 20 pixels", () => {
  for (const { pixels, fitted: expected } of table.drawings) near(fitted(pixels_of(pixels)), expected, 0.5 + 1e-6); // as near as whole numbers can be
});

test("centred as MNIST's digits are", () => {
  for (const { pixels, centred } of table.drawings) assert.equal(to_hex(centred_like_mnist(pixels_of(pixels))), centred);
});

test("MNIST's own digits come back from a corner, to the pixel", () => {
  for (const { pixels, centred } of table.mnist) assert.equal(to_hex(centred_like_mnist(pixels_of(pixels))), centred);
});

test("centred twice is centred once", () => {
  const bar = new Uint8Array(784); // symmetric, so that its centre of mass lies between two pixels
  draw_stroke(bar, { x: 3, y: 5 }, { x: 3, y: 11 }, { radius: 1.5 });
  for (const pixels of [bar, ...table.drawings.map((drawing) => pixels_of(drawing.pixels))]) {
    const once = centred_like_mnist(pixels);
    assert.deepEqual(centred_like_mnist(once), once);
  }
});

test("an empty pad stays empty", () => {
  assert.deepEqual(centred_like_mnist(new Uint8Array(784)), new Uint8Array(784));
});

test("flips", () => {
  table.flipped.forEach((flipped, value) => assert.equal(flipped_value(value), flipped));
});

test("small things", () => {
  assert.deepEqual(different([1, 2, 3, 4], [1, 0, 3, 5]), [1, 3]);
  assert.equal(index_of_best([0.1, 0.6, 0.3]), 1);
  assert.equal(to_hex(Uint8Array.of(0, 10, 255)), "000aff");
});
