// The desk's versions, code and advice, against the table that Python computes with Keras.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DESK_DRAWS, desk_blame, desk_code, desk_drawn, desk_inside, desk_matrix, desk_notes, desk_story, desk_verdict, desk_version } from "../../course/instruments/augmentation_desk.mjs";

const table = JSON.parse(readFileSync(new URL("../vectors/augmentation_desk.json", import.meta.url)));
const photo = { shape: table.photo.shape, values: Float32Array.from(table.photo.values) };
const spare = () => [0, 1].map(() => new Float32Array(photo.values.length));
const plain = { rotation: 0, zoom: 0, translation: 0, shear: 0, brightness: 0, contrast: 0, flip: "none", fill_mode: "reflect", strongest: false };
const draw_of = (values) => DESK_DRAWS.map((name) => values[name] ?? 0);

for (const [number, { settings, draw, code, version }] of table.cases.entries()) {
  const working = Object.entries(settings).filter(([, value]) => value && value !== "none").map(([name, value]) => (typeof value === "string" ? value : name));
  test(`case ${number}: ${working.join(", ")}`, () => {
    const made = desk_version(photo, settings, draw, spare());
    assert.equal(made.length, version.length);
    const worst = version.reduce((most, value, i) => Math.max(most, Math.abs(value - made[i])), 0);
    assert.ok(worst < 0.01, `off by ${worst} of 255`);
    assert.equal(desk_code(settings), code);
  });
}

test("without strength every version is the photo, untouched", () => {
  const before = [...photo.values];
  assert.equal(desk_version(photo, plain, DESK_DRAWS.map(() => 1), spare()), photo.values);
  desk_version(photo, { ...plain, rotation: 0.3, flip: "both", contrast: 1 }, DESK_DRAWS.map(() => 1), spare());
  assert.deepEqual([...photo.values], before);
});

test("places beyond the rim, by hand, of four pixels abcd", () => {
  const read = (fill) => [-5, -4, -2, -1, 4, 5, 7, 8].map((place) => desk_inside(place, 4, fill));
  assert.deepEqual(read("reflect"), [3, 3, 1, 0, 3, 2, 0, 0]); // dcba|abcd|dcba
  assert.deepEqual(read("nearest"), [0, 0, 0, 0, 3, 3, 3, 3]);
  assert.deepEqual(read("wrap").slice(3, 6), [3, 0, 1]); // abcd|abcd|abcd
  assert.equal(desk_inside(9, 4, "constant"), 9);
});

for (const [fill, found] of Object.entries(table.places.found)) {
  test(`places far beyond the rim, as Keras has them: ${fill}`, () => {
    assert.deepEqual(table.places.asked.map((place) => desk_inside(place, 4, fill)), found);
  });
}

test("a quarter turn and a negative zoom", () => {
  const quarter = desk_matrix("rotation", 0.25, { rotation: 1 }, 5, 5);
  const round = (values) => values.map((value) => Math.round(value * 1e4) / 1e4 + 0);
  assert.deepEqual(round(quarter), [0, -1, 4, 1, 0, 0]); // (x, y) fetches from (4 - y, x): to the left
  assert.deepEqual(round(desk_matrix("zoom", 0.5, { zoom: -1 }, 5, 5)), [0.5, 0, 1, 0, 0.5, 1]); // the inner half
});

test("strongest draws are -1 or 1", () => {
  assert.deepEqual(Object.values(desk_drawn([0.1, -0.1, 0, -1, 1, 0.5, -0.5, 0, 0, -0.2], true)), [1, -1, 1, -1, 1, 1, -1, 1, 1, -1]);
});

test("what a version underwent", () => {
  const story = (settings, values) => desk_story({ ...plain, ...settings }, draw_of(values), 50, 100);
  assert.equal(story({}, {}), "as it is");
  assert.equal(story({ flip: "both", rotation: 0.1 }, { horizontal: 0.2, vertical: -0.2, rotation: -0.5 }), "mirrored, turned 18° to the right");
  assert.equal(story({ zoom: 0.4 }, { zoom: -0.5 }), "zoom −0.20: larger, 125 %");
  assert.equal(story({ translation: 0.1 }, { right: -1, down: 1 }), "shifted 10 px left and 5 px down");
  assert.equal(story({ translation: 0.1 }, { right: 0.04, down: -1 }), "shifted 5 px up"); // 0.4 px to the right
  const all = { rotation: 0.1, zoom: 0.4, translation: 0.1, shear: 0.1, brightness: 0.1, contrast: 0.1 };
  assert.equal(story(all, { rotation: 0.01, zoom: -0.01, right: -0.01, down: -0.01, shear_x: -0.01, brightness: -0.01, contrast: 0.01 }), "almost as it is");
  assert.equal(story(all, { shear_y: -1 }), "slopes 0.00 and −0.10");
  assert.equal(story(all, { brightness: 1, contrast: -1 }), "brightness +26, contrast × 0.90");
});

const draws = [...Array(11).keys()].map((i) => draw_of({ rotation: i / 10, zoom: (i * 7 % 11) / 10, vertical: i % 2 ? 1 : -1 }));

test("what the refused have in common", () => {
  const both = { ...plain, rotation: 0.1, zoom: 0.1 };
  assert.equal(desk_blame(both, draws, [9, 10, 11]), "rotation");
  assert.equal(desk_blame({ ...both, rotation: 0 }, draws, [1, 11]), null); // zoom isn't larger there
  assert.equal(desk_blame({ ...plain, flip: "vertical", rotation: 0.1 }, draws, [2, 4, 6, 8, 10]), "vertical");
  assert.equal(desk_blame({ ...plain, flip: "vertical" }, draws, [2]), null); // one is no evidence
  assert.equal(desk_blame({ ...both, flip: "vertical" }, draws, [11]), "rotation");
  const turned_and_zoomed = [...Array(11).keys()].map((i) => draw_of({ rotation: i / 10, zoom: i / 10 }));
  assert.equal(desk_blame({ ...plain, rotation: 0.02, zoom: 0.8 }, turned_and_zoomed, [11]), "zoom"); // the stronger
  assert.equal(desk_blame({ ...plain, rotation: 0.4, zoom: 0.1 }, turned_and_zoomed, [11]), "rotation");
  assert.equal(desk_blame(both, draws, []), null);
  assert.equal(desk_blame({ ...both, strongest: true }, draws, [9, 10, 11]), null); // all are at the extreme
});

test("the verdict", () => {
  const turn = { ...plain, rotation: 0.3 };
  assert.match(desk_verdict(turn, draws, [9, 10, 11]), /^3 of 11 refused\. They are turned further than the others: a smaller rotation\?$/);
  assert.match(desk_verdict(turn, draws, [11]), /^1 of 11 refused\. It is /);
  assert.match(desk_verdict(turn, draws, []), /^None of 11 refused\. Does the label survive/);
  assert.match(desk_verdict(turn, draws, [], "six"), /Is each still “six”\?/);
  assert.match(desk_verdict(turn, draws, [...Array(11).keys()].map((i) => i + 1)), /^All 11/);
  assert.match(desk_verdict(plain, draws, [3]), /Nothing is changed/);
});

test("notes belong to what is at work", () => {
  assert.deepEqual(desk_notes({ ...plain, rotation: 0.1 }), []);
  assert.match(desk_notes({ ...plain, rotation: 0.1, zoom: 0.1, shear: 0.1 })[0], /^3 layers fetch/);
  assert.match(desk_notes({ ...plain, contrast: 0.3 }).join(" "), /value_range.*RandomContrast\(0\.3\)/);
});
