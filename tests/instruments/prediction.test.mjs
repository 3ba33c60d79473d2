// Guesses as people write them, and what they are told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guess_in_words, judged, guessed_shape, unpacked_question } from "../../course/instruments/prediction.mjs";

test("a shape is one however it is written", () => {
  for (const text of ["26, 26", "(26,26)", "26x26", "26 × 26", "[26 26]", " 26*26 ", "26,26,"]) {
    assert.deepEqual(guessed_shape(text), [26, 26], text);
  }
  assert.deepEqual(guessed_shape("(784,)"), [784]);
  for (const text of ["", "26,", "a, b", "2.5, 3", "-1, 2", "(26, 26", "9".repeat(400), "28 🙂"]) {
    assert.deepEqual(guessed_shape(text), text === "26," ? [26] : null, text);
  }
});

const number = { kind: "number", answer: 0.5, tolerance: 0.01, mistakes: [[2, "Upside down."], [1 / 3, "Thirds."]] };

test("a number is right within its tolerance, and a mistake is known however it is rounded", () => {
  for (const guess of [0.5, 0.51, 0.49]) assert.equal(judged(number, guess).right, true, guess);
  assert.match(judged(number, 0.505).said, /0\.505.*0\.5\b/);
  for (const guess of [0.511, 0.489, -0.5]) assert.equal(judged(number, guess).right, false, guess);
  assert.match(judged(number, 2).said, /2.*Upside down.*0\.5/);
  assert.match(judged(number, 0.333).said, /Thirds/);
  assert.doesNotMatch(judged(number, 7).said, /Upside|Thirds/);
  assert.equal(judged({ ...number, answer: 0.1 + 0.2, tolerance: 0 }, 0.3).right, true);
});

test("shapes, choices and orders are compared as a whole", () => {
  const shape = { kind: "shape", answer: [26, 26], mistakes: [[[28, 28], "Padded."]] };
  assert.equal(judged(shape, [26, 26]).right, true);
  assert.equal(judged(shape, [26]).right, false);
  assert.match(judged(shape, [28, 28]).said, /28 × 28.*Padded.*26 × 26/);
  const order = { kind: "order", answer: ["a", "b", "c"], mistakes: [[["c", "b", "a"], "Backwards."]] };
  assert.equal(judged(order, ["a", "b", "c"]).right, true);
  assert.match(judged(order, ["c", "b", "a"]).said, /Backwards/);
  const choice = { kind: "choice", answer: "left", options: ["left", "right"], mistakes: [["right", "Mirrored."]] };
  assert.equal(judged(choice, "left").right, true);
  assert.match(judged(choice, "right").said, /Mirrored/);
});

test("a guess reads as the course writes numbers", () => {
  assert.equal(guess_in_words({ kind: "number" }, 3072), "3,072");
  assert.equal(guess_in_words({ kind: "number" }, -0.25), "−0.25");
  assert.equal(guess_in_words({ kind: "number" }, 44), "44");
  assert.equal(guess_in_words({ kind: "number" }, 4 / 9), "0.444444");
  assert.equal(guess_in_words({ kind: "number" }, 2794240000), "2,794,240,000");
  assert.equal(guess_in_words({ kind: "number" }, -1e300), "−1e+300");
  assert.equal(guess_in_words({ kind: "number" }, 1e-300), "1e−300");
  assert.equal(guess_in_words({ kind: "number" }, 0), "0");
  assert.equal(guess_in_words({ kind: "shape" }, [784]), "784");
});

test("a question arrives with every letter", () => {
  const question = { label: "3 × 3 — θ, “yes”", answer: 9 };
  const bytes = new TextEncoder().encode(JSON.stringify(question));
  assert.deepEqual(unpacked_question(btoa(String.fromCharCode(...bytes))), question);
});
