import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { lens_field, lens_unit, lens_place, lens_box, lens_clipped, lens_strongest, lens_resized, lens_overlay, lens_written } from "../../course/instruments/lens.mjs";

const table = JSON.parse(readFileSync(new URL("../vectors/lens.json", import.meta.url), "utf8"));

test("the unit nearest to a place", () => {
  for (const { field, units, sides, axes } of table.fields) {
    const [rows, columns] = axes;
    rows.pixels.forEach((pixel, i) => {
      columns.pixels.forEach((other, k) => {
        assert.deepEqual(lens_unit([pixel, other], lens_field(field), units, sides), [rows.units[i], columns.units[k]]);
      });
    });
  }
});

test("a place outside the image belongs to the unit at the border", () => {
  const { field, units, sides } = table.fields[2];
  assert.deepEqual(lens_unit([-100, 1e6], lens_field(field), units, sides), [0, units[1] - 1]);
});

test("the middle of a unit's field, and back", () => {
  for (const { field, units, sides, axes } of table.fields) {
    for (let row = 0; row < units[0]; row++) {
      const column = row % units[1];
      const place = lens_place([row, column], lens_field(field), units, sides);
      assert.ok(Math.abs(place[0] - axes[0].middles[row]) < 1e-9 && Math.abs(place[1] - axes[1].middles[column]) < 1e-9);
      assert.deepEqual(lens_unit(place, lens_field(field), units, sides), [row, column]);
    }
  }
});

test("a unit's field, and its part within the image", () => {
  for (const { field, units, sides, axes } of table.fields.filter((one) => one.field)) {
    for (let row = 0; row < units[0]; row++) {
      const column = (3 * row) % units[1];
      const box = lens_box([row, column], lens_field(field));
      assert.deepEqual([box.top, box.bottom, box.left, box.right], [...axes[0].box[row], ...axes[1].box[column]]);
      const inside = lens_clipped(box, sides);
      assert.deepEqual([inside.top, inside.bottom, inside.left, inside.right], [...axes[0].clipped[row], ...axes[1].clipped[column]]);
    }
  }
  assert.equal(lens_clipped({ top: -5, left: 0, bottom: 0, right: 3 }, [9, 9]), null);
  assert.equal(lens_field(null), null);
});

test("the strongest place is the first of the largest", () => {
  const { values, place } = table.strongest;
  assert.deepEqual(lens_strongest(values.flat(), values[0].length), place);
});

test("resizing is scikit-image's", () => {
  for (const { heat, size, resized } of table.resized) {
    const found = lens_resized(Float32Array.from(heat.flat()), [heat.length, heat[0].length], size);
    resized.flat().forEach((value, i) => assert.ok(Math.abs(found[i] - value) < 1e-6, `${found[i]} ${value}`));
  }
});

test("laying over is explain.overlay's", () => {
  const pixels = Uint8Array.from(table.image.flat(2)), colours = Float32Array.from(table.colours.flat());
  for (const { heat, opacity, overlay } of table.overlays) {
    const values = Float32Array.from(heat.flat());
    const resized = lens_resized(values, [heat.length, heat[0].length], [table.image.length, table.image[0].length]);
    const found = lens_overlay(pixels, resized, { opacity, limit: Math.max(...values), colours });
    const off = overlay.flat(2).map((value, i) => Math.abs(value - found[i]));
    assert.ok(Math.max(...off) <= 1, `off by ${Math.max(...off)}`);
    assert.ok(off.filter(Boolean).length <= 0.02 * off.length); // at an edge between two colours
  }
});

test("no heat at all leaves the image as it is", () => {
  const found = lens_overlay([1, 2, 3], [0], { opacity: 1, limit: 0, colours: Float32Array.from(table.colours.flat()) });
  assert.deepEqual([...found], [1, 2, 3]);
});

test("numbers have three digits", () => {
  assert.deepEqual([0, 1234.5, 0.05678, -0.000012345, 2.5, -3].map(lens_written), ["0", "1230", "0.0568", "−1.23e−5", "2.5", "−3"]);
});
