// The stepper's arithmetic and diagnoses, against the table that Python is tested with.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { adds_up, by_channel, correlate, diagnose, output_size, sums_at, value_at } from "../../course/instruments/convolution_stepper.mjs";

const table = JSON.parse(readFileSync(new URL("../vectors/convolution_stepper.json", import.meta.url)));
const image_of = (rows) => ({ shape: [rows.length, rows[0].length], values: Float32Array.from(rows.flat()) });

test("output sizes", () => {
  for (const { n, k, size, ...settings } of table.sizes) assert.equal(output_size(n, k, settings), size, `${n}, ${k}`);
});

test("outputs", () => {
  for (const { image, kernel, settings, output } of table.outputs) {
    const { rows, columns, values } = correlate(image_of(image), kernel, settings);
    assert.deepEqual([rows, columns], [output.length, output[0].length]);
    output.flat().forEach((value, i) => assert.ok(Math.abs(values[i] - value) < 1e-9, `${values[i]} is not ${value}`));
  }
});

test("a kernel that doesn't fit gives no output", () => {
  const { rows, columns, values } = correlate(image_of([[1, 2], [3, 4]]), [[1, 1, 1], [1, 1, 1], [1, 1, 1]], {});
  assert.deepEqual([rows, columns, values.length], [0, 0, 0]);
});

const { image, kernel, settings, row, column, guesses } = table.predict;
for (const { typed, mistake } of guesses) {
  test(`a typed value: ${mistake}`, () => {
    const { right, mistakes } = diagnose(typed, image_of(image), kernel, settings, row, column);
    assert.equal(right, mistake === "right");
    assert.deepEqual(mistakes.map(({ name }) => name), ["right", "none"].includes(mistake) ? [] : [mistake]);
    assert.ok(mistakes.every(({ text }) => text.length > 20));
  });
}

const deep_image_of = (rows) => ({ shape: [rows.length, rows[0].length, rows[0][0].length], values: Float32Array.from(rows.flat(2)) });

test("outputs with channels: a sum for each, and one map", () => {
  for (const { image, kernel, settings, sums, output } of table.channels.outputs) {
    const deep = deep_image_of(image);
    const { rows, columns, values } = correlate(deep, kernel, settings);
    assert.deepEqual([rows, columns, values.length], [output.length, output[0].length, output.flat().length]);
    output.flat().forEach((value, i) => assert.ok(Math.abs(values[i] - value) < 1e-9, `${values[i]} is not ${value}`));
    const last = sums_at(by_channel(deep, kernel), settings, rows - 1, columns - 1);
    assert.equal(last.length, kernel[0][0].length);
    last.forEach((one, c) => assert.ok(Math.abs(one - sums[c][rows - 1][columns - 1]) < 1e-9));
  }
});

const deep = table.channels.predict;
for (const [i, { typed, mistake }] of deep.guesses.entries()) {
  test(`a typed value with channels, ${i}: ${mistake}`, () => {
    const { right, mistakes } = diagnose(typed, deep_image_of(deep.image), deep.kernel, deep.settings, deep.row, deep.column, ["red", "green", "blue"]);
    assert.equal(right, mistake === "right");
    assert.deepEqual(mistakes.map(({ name }) => name), ["right", "none"].includes(mistake) ? [] : [mistake]);
    if (i >= 1 && i <= 3) assert.match(mistakes[0].text, new RegExp(`channel ${["red", "green", "blue"][i - 1]} alone`));
  });
}

test("with channels each of their sums may be rounded", () => {
  const plain = { padding: 0, stride: 1, dilation: 1, bias: 0, flip: false };
  const image = { shape: [1, 1, 3], values: Float32Array.from([0.449, 0.449, 0.449]) };
  const kernel = [[[0.1, 0.1, 0.1]]]; // 0.0449 each, and three times 0.04 is 0.12
  assert.ok(diagnose(0.12, image, kernel, plain, 0, 0).right);
  assert.ok(!diagnose(0.11, image, kernel, plain, 0, 0).right);
});

test("a mistake that changes nothing is not named", () => {
  const even = [[1, 1], [1, 1]]; // flipped, it is the same
  const flat = image_of([[1, 1, 1], [1, 1, 1], [1, 1, 1]]);
  const plain = { padding: 0, stride: 1, dilation: 1, bias: 0, flip: false };
  assert.deepEqual(diagnose(4, flat, even, plain, 0, 0), { right: true, truth: 4, mistakes: [] });
  assert.deepEqual(diagnose(5, flat, even, plain, 0, 0).mistakes, []);
});

test("rounding is forgiven, a wrong last digit of a small kernel isn't", () => {
  const plain = { padding: 0, stride: 1, dilation: 1, bias: 0, flip: false };
  const one = image_of([[0.337]]);
  assert.ok(diagnose(0.34, one, [[1]], plain, 0, 0).right);
  assert.ok(!diagnose(0.36, one, [[1]], plain, 0, 0).right);
  assert.equal(value_at(one, [[2]], { ...plain, bias: 1 }, 0, 0), 1 + 2 * Math.fround(0.337));
});

test("a sum of rounded terms is only said to be equal where it is", () => {
  assert.ok(adds_up(["0.84 · 1", "0.90 · (−1)"], "−0.06"));
  assert.ok(adds_up(["0.33 · 0.33", "bias 0.5"], "0.61"));
  assert.ok(!adds_up(["0.84 · 1", "0.90 · 1"], "1.75"));
  assert.ok(!adds_up(["red (−0.08)", "green 0.08", "blue 0.00"], "0.01"));
  assert.ok(adds_up(["13 products that aren't zero"], "2.50"));
});
