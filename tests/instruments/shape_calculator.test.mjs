// The calculator's arithmetic and texts, against the table that Python is tested with.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { KINDS, LIMITS, of_kind, sizes, stack_code, stack_rows } from "../../course/instruments/shape_calculator.mjs";

const table = JSON.parse(readFileSync(new URL("../vectors/shape_calculator.json", import.meta.url)));

test("both sides know the same layers, settings and limits", () => {
  assert.deepEqual(KINDS, table.kinds);
  assert.deepEqual(Object.keys(KINDS), Object.keys(table.kinds)); // in the same order
  assert.deepEqual(LIMITS, table.limits);
});

for (const { input_shape, layers, keras, rows, code } of table.stacks) {
  test(`${sizes(input_shape)} → ${rows.map((row) => row.layer).join(", ")}`, () => {
    const mine = stack_rows(input_shape, layers);
    assert.deepEqual(mine, rows);
    mine.forEach((row, place) => {
      for (const [name, value] of Object.entries(keras[place])) assert.deepEqual(row[name], value, `${row.layer}: ${name}`);
    });
    assert.equal(stack_code(input_shape, layers), code);
  });
}

test("another kind keeps what both have", () => {
  const layer = { kind: "Conv2D", filters: 8, kernel: 5, stride: 3, dilation: 1, padding: "same" };
  assert.deepEqual(of_kind("SeparableConv2D", layer), { ...layer, kind: "SeparableConv2D" });
  assert.deepEqual(of_kind("MaxPooling2D", layer), { kind: "MaxPooling2D", pool: 2, stride: 2, padding: "same" });
  assert.deepEqual(of_kind("Flatten", layer), { kind: "Flatten" });
  assert.deepEqual(of_kind("Dense"), { kind: "Dense", units: 64 });
});

test("the largest layer's numbers are exact", () => {
  const largest = { kind: "Conv2D", filters: LIMITS.filters, kernel: LIMITS.kernel, stride: 1, dilation: 1, padding: "same" };
  const [row] = stack_rows([LIMITS.height, LIMITS.width, LIMITS.channels], [largest]);
  assert.ok(row.multiply_adds <= Number.MAX_SAFE_INTEGER);
  assert.equal(BigInt(row.multiply_adds), 1024n * 1024n * 31n * 31n * 2048n * 2048n);
});
