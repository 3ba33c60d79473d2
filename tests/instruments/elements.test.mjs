// What the instruments share, without a browser: a document that remembers just enough.
import assert from "node:assert/strict";
import { test } from "node:test";
import { asker, colour_index, number_of, unpack, written } from "../../course/instruments/elements.mjs";

globalThis.document = {
  createElement: () => ({ setAttribute() {}, addEventListener() {}, append() {}, textContent: "" }),
};

/** A model whose kernel answers when the test says so. */
function kernel() {
  const listeners = [];
  const state = {};
  const questions = [];
  const model = {
    get: (name) => state[name],
    set: (name, value) => (state[name] = value),
    on: (event, listener) => event === "change:answer" && listeners.push(listener),
    save_changes: () => questions.push(state.question),
  };
  const answer = (content) => {
    state.answer = content;
    listeners.forEach((listener) => listener());
  };
  return { model, questions, answer };
}

test("one question at a time, and of those asked meanwhile the last", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, questions, answer } = kernel();
  const heard = [];
  const { ask, is_waiting, root } = asker(model, (said) => heard.push(said.value));
  for (let i = 0; i < 10; i++) ask({ i });
  assert.equal(questions.length, 1);
  assert.equal(root.textContent ?? "", "");
  context.mock.timers.tick(400);
  assert.match(root.textContent, /asking/);
  context.mock.timers.tick(6000);
  assert.match(root.textContent, /busy\?.*restarted/);
  answer({ number: questions[0].number - 7, value: "another's" });
  assert.ok(is_waiting() && heard.length === 0);
  answer({ number: questions[0].number, value: 0 });
  assert.deepEqual(questions.map(({ i }) => i), [0, 9]);
  answer({ number: questions[1].number, value: 9 });
  assert.deepEqual(heard, [0, 9]);
  assert.ok(!is_waiting() && root.textContent === "");
});

test("a question that an answer leads to goes first, and still only one is under way", () => {
  const { model, questions, answer } = kernel();
  const { ask } = asker(model, (said) => said.more && ask({ name: "led to" }));
  ask({ name: "first" });
  ask({ name: "queued" });
  answer({ number: questions[0].number, more: true });
  assert.deepEqual(questions.map(({ name }) => name), ["first", "led to"]);
  answer({ number: questions[1].number });
  assert.deepEqual(questions.map(({ name }) => name), ["first", "led to", "queued"]);
  answer({ number: questions[2].number });
});

test("an error is shown, and the next question may be asked", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, questions, answer } = kernel();
  const heard = [];
  const { ask, root } = asker(model, (said) => heard.push(said));
  ask({});
  answer({ number: questions[0].number, error: "ValueError: no such layer" });
  assert.match(root.textContent, /could not answer: ValueError: no such layer/);
  assert.equal(heard.length, 0);
  ask({});
  assert.equal(questions.length, 2);
});

test("numbers as they are written", () => {
  assert.deepEqual([-1.5, -0.001, 2, 0.126].map((number) => written(number)), ["−1.50", "0.00", "2.00", "0.13"]);
  assert.equal(written(3, 0, { sign: true }), "+3");
});

test("colours end at the ends, and NaN has none", () => {
  assert.deepEqual([-9, 0, 0.5, 1, 9].map((value) => colour_index(value, 0, 1)), [0, 0, 128, 255, 255]);
  assert.ok(Number.isNaN(colour_index(NaN, 0, 1)));
});

test("a packet that lies at an odd place in its buffer", () => {
  const bytes = new Uint8Array([9, ...new Uint8Array(Float32Array.of(1.5, -2).buffer)]);
  const { shape, values } = unpack({ shape: [2], dtype: "float32", data: new DataView(bytes.buffer, 1) });
  assert.deepEqual([shape, [...values]], [[2], [1.5, -2]]);
});

test("a number is one however it is written", () => {
  const written = {
    " 784 ": 784, "1,5": 1.5, "1.5": 1.5, ".5": 0.5, "0,125": 0.125, "3/4": 0.75, "-3 / 4": -0.75, "1e-3": 0.001,
    "2E3": 2000, "+7": 7, "−2": -2, "3,072": 3072, "1 234 567": 1234567, "12,345.5": 12345.5, "007": 7,
  };
  for (const [text, number] of Object.entries(written)) assert.equal(number_of(text), number, text);
});

test("what is no number is none", () => {
  for (const text of ["", " ", "four", "1,2,3", "1.2.3", "3/0", "3/", "--2", "1e", "12 34", "5 %", "Infinity", "NaN", "0x10", "2+2", "1e400", "9".repeat(400), "1e308/1e-308", "784 pixels", "🙂"]) {
    assert.equal(number_of(text), NaN, text);
  }
});
