// A prediction: a guess is committed, and told its verdict when the answer has been seen.
import { button, element, frame, fresh_id, instrument, live_line, number_of } from "./elements.mjs";
import { kernel_of } from "../../course_utils/reopening.mjs";

const FAITH = 1e-9; // relative, for numbers that are written with decimals

// ---- guesses and verdicts, without a page ---------------------------------------------------

/** The question that `packed` in course/workspace/questions.py made this of. */
export function unpacked_question(text) {
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))));
}

const guessed_number = (text) => (Number.isNaN(number_of(text)) ? null : number_of(text));

/** The shape that a text says: 26, 26 and (26, 26), 26x26, 26 × 26; null: it says none. */
export function guessed_shape(text) {
  const inner = text.trim().replace(/^[([](.*)[)\]]$/, "$1").trim().replace(/,$/, "");
  const parts = inner.split(/\s*[,x×*;]\s*|\s+/i);
  const sides = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  return sides.every(Number.isSafeInteger) ? sides : null;
}

/** A guess in words. */
export function guess_in_words({ kind }, guess) {
  if (kind === "number") return number_in_words(guess).replace("-", "−");
  if (kind === "shape") return guess.join(" × ");
  return kind === "order" ? guess.join(", then ") : guess;
}

function number_in_words(number) {
  const size = Math.abs(number);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return String(Number(number.toPrecision(6))); // 1e+300
  return number.toLocaleString("en-US", { maximumSignificantDigits: Number.isInteger(number) ? 21 : 6 });
}

function is_same({ kind, tolerance = 0 }, one, other) {
  if (kind === "number") return Math.abs(one - other) <= tolerance + FAITH * Math.abs(other);
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether a guess is right, and what there is to say to it: {right, said}. */
export function judged(question, guess) {
  const shown = guess_in_words(question, guess);
  if (is_same(question, guess, question.answer)) {
    const exact = guess_in_words(question, question.answer);
    return { right: true, said: `${shown} is right.${exact === shown ? "" : ` Exactly: ${exact}.`}` };
  }
  const known = question.mistakes.find(([mistake]) => is_same(question, guess, mistake));
  return { right: false, said: `Not ${shown}.${known ? ` ${known[1]}` : ""} The answer: ${guess_in_words(question, question.answer)}.` };
}

// ---- fields ---------------------------------------------------------------------------------

/** A field for each kind of question: {root, first, read}; `read` gives {guess} or {trouble}. */
const FIELDS = {
  number: (question) => text_field(question, guessed_number, "Write a number, such as 12, 0.5 or 3/4.", "decimal"),
  shape: (question) => text_field(question, guessed_shape, "Write whole numbers with commas between, such as 3, 5.", "text"),

  choice({ label, options }) {
    const name = fresh_id();
    const inputs = options.map((value) => element("input", { type: "radio", name, value }));
    const labels = inputs.map((input, i) => element("label", {}, input, options[i]));
    const root = element("fieldset", {}, element("legend", {}, label), element("div", { class: "options" }, ...labels));
    const read = () => {
      const chosen = inputs.find((input) => input.checked);
      return chosen ? { guess: chosen.value } : { trouble: "Choose one." };
    };
    return { root, first: inputs[0], read };
  },

  order({ label, options }) {
    const items = [...options];
    const list = element("ol");
    const moved = element("span", { class: "visually-hidden", role: "status" });
    const move = (place, by) => {
      const [item] = items.splice(place, 1);
      items.splice(place + by, 0, item);
      draw();
      const buttons = list.children[place + by].querySelectorAll("button");
      const same = buttons[by < 0 ? 0 : 1];
      (same.disabled ? buttons[by < 0 ? 1 : 0] : same).focus();
      moved.textContent = `${item}: now ${place + by + 1} of ${items.length}`;
    };
    const draw = () => list.replaceChildren(...items.map((item, place) => element("li", {}, element("span", {},
      element("span", { class: "moves" },
        button("↑", () => move(place, -1), { "aria-label": `${item}: up`, disabled: place === 0 }),
        " ",
        button("↓", () => move(place, 1), { "aria-label": `${item}: down`, disabled: place === items.length - 1 })),
      item))));
    draw();
    const root = element("fieldset", {}, element("legend", {}, label), list, moved);
    return { root, first: list.querySelector("button:enabled"), read: () => ({ guess: [...items] }) };
  },
};

function text_field({ label }, parse, trouble, inputmode) {
  const id = fresh_id();
  const input = element("input", { type: "text", id, inputmode, autocomplete: "off", spellcheck: "false" });
  const root = element("span", { class: "control" }, element("label", { for: id }, label), input);
  const read = () => {
    const guess = parse(input.value);
    return guess === null ? { trouble } : { guess };
  };
  return { root, first: input, read };
}

// ---- how the reader did, on a page without a kernel ------------------------------------------

const first_guesses = new Map(); // from a question's model to whether its first guess was right

/** Write into the line at the page's end what Python's `Score` says in a notebook. */
function tell_score() {
  const line = document.querySelector("[data-predictions]");
  if (!line) return;
  const asked = document.querySelectorAll('[data-instrument="prediction"]').length, made = first_guesses.size;
  const right = [...first_guesses.values()].filter(Boolean).length;
  const again = new Set([...first_guesses].filter(([, good]) => !good).map(([model]) => model.get("section")));
  const links = [...again].flatMap((section, place) => [place ? "; " : " Look again at ", link_to(section)]);
  const untried = made < asked ? ` (${asked - made} not tried)` : "";
  line.replaceChildren(`You predicted ${right} of ${asked} right at the first guess${untried}.`, ...links, links.length ? "." : "");
}

function link_to(section) {
  const number = `${section.split(" ")[0]} `; // the rest may have marks for the eye, such as code
  const heading = [...document.querySelectorAll("h2")].find(({ textContent }) => textContent.startsWith(number));
  return element("a", { href: `#${heading?.closest("[id]")?.id ?? ""}` }, section);
}

// ---- the instrument -------------------------------------------------------------------------

function render({ model, el }) {
  const question = unpacked_question(model.get("packed"));
  let again = false;

  const place = element("div");
  const said = live_line();
  said.setAttribute("tabindex", -1); // where the focus stays when the field goes
  const once_more = button("Guess again", () => {
    again = true;
    draw().focus();
  });
  const on_a_page = model.widget_manager === undefined;
  const told = () => model.get("due") || on_a_page || kernel.has_ended();

  const commit = (guess) => {
    again = false;
    model.set("committed", { guess, right: judged(question, guess).right });
    model.save_changes();
    draw();
    said.focus();
    if (on_a_page && !first_guesses.has(model)) first_guesses.set(model, judged(question, guess).right);
    if (on_a_page) tell_score();
  };

  const make_form = () => {
    const field = FIELDS[question.kind](question);
    const id = fresh_id();
    const trouble = element("span", { class: "trouble", role: "alert", id });
    field.first.setAttribute("aria-describedby", id);
    const take = () => {
      const { guess, trouble: text = "" } = field.read();
      trouble.textContent = text;
      if (question.kind !== "order") field.first.setAttribute("aria-invalid", String(text !== ""));
      if (text) field.first.focus();
      else commit(guess);
    };
    // Not a form, whose submission JupyterLab keeps from happening.
    const form = element("div", { class: "controls", onkeydown: (event) => {
      if (event.key === "Enter" && event.target.tagName === "INPUT") take();
    } }, field.root, button("Commit", take), trouble);
    return { form, first: field.first };
  };

  /** Show what there is to show; returns the field, if there is one. */
  function draw() {
    const { guess } = model.get("committed");
    const asking = guess === undefined || again;
    once_more.hidden = asking || !told();
    if (asking) {
      const { form, first } = make_form();
      said.className = "said";
      said.textContent = "";
      place.replaceChildren(form);
      return first;
    }
    place.replaceChildren();
    const verdict = judged(question, guess);
    said.className = `said ${told() ? (verdict.right ? "right" : "wrong") : ""}`;
    const text = told() ? verdict.said : `Your guess: ${guess_in_words(question, guess)}. Run the next cell with code; then look here.`;
    if (said.textContent !== text) said.textContent = text;
    return null;
  }

  frame(el, "Prediction", element("div", { class: "prediction" }, place, said, once_more));
  const follow = () => (again || model.get("committed").guess === undefined) || draw();
  const kernel = kernel_of(model, el, follow);
  draw();
  for (const name of ["committed", "due"]) model.on(`change:${name}`, follow);
  return () => {
    ["committed", "due"].forEach((name) => model.off(`change:${name}`, follow));
    kernel.forget();
  };
}

export default instrument(render);
