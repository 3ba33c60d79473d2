// What a notebook keeps of its widgets, without a browser: a manager that remembers just enough.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keep_in_notebook, kernel_of, shown_states } from "../../course_utils/reopening.mjs";

const STATE = "application/vnd.jupyter.widget-state+json";
const shows = (...ids) => ids.map((id) => ({ outputs: [{ data: { [`${STATE.slice(0, -10)}view+json`]: { model_id: id } } }] }));
const saved = (ids) => ({ state: Object.fromEntries(ids.map((id) => [id, { state: { name: id } }])) });

/** A notebook with these cells and a manager whose kernel stands behind the widgets in `live`. */
function lab(cells, before = undefined) {
  const metadata = { widgets: before && { [STATE]: before } };
  const heard = { saveState: [], statusChanged: [] };
  const signal = (name) => ({ connect: (slot) => heard[name].push(slot) });
  const manager = {
    live: [],
    dead: [],
    get_state_sync: () => saved(manager.live),
    get_state: async () => saved([...manager.live, ...manager.dead]),
    context: {
      saveState: signal("saveState"),
      sessionContext: { statusChanged: signal("statusChanged") },
      model: { getMetadata: (name) => metadata[name], setMetadata: (name, value) => (metadata[name] = value), toJSON: () => ({ cells }) },
    },
  };
  const save = () => {
    for (const stage of ["started", "completed"]) heard.saveState.forEach((slot) => slot(null, stage));
    return Object.keys(metadata.widgets[STATE].state).sort();
  };
  const kernel = async (status) => Promise.all(heard.statusChanged.map((slot) => slot(null, status)));
  return { manager, save, kernel };
}

test("what is shown is kept with what it is made of, and nothing else", () => {
  const states = {
    box: { state: { children: ["IPY_MODEL_dial"], layout: "IPY_MODEL_wide" } },
    dial: { state: { layout: "IPY_MODEL_wide", box: "IPY_MODEL_box" } },
    wide: { state: {} },
    old: { state: { layout: "IPY_MODEL_wide" } },
  };
  assert.deepEqual(Object.keys(shown_states(shows("box", "elsewhere"), states)), ["box", "dial", "wide"]);
  assert.deepEqual(shown_states([], states), {});
});

test("widgets are kept when no kernel stands behind them, at each save", async () => {
  const { manager, save, kernel } = lab(shows("a", "b", "c"), saved(["a"]));
  keep_in_notebook(manager);
  keep_in_notebook(manager); // another instrument of the same notebook
  assert.deepEqual(save(), ["a"]);
  manager.live = ["b"];
  assert.deepEqual(save(), ["a", "b"]);
  [manager.live, manager.dead] = [[], ["c"]]; // c was made and not saved before its kernel ended
  await kernel("busy");
  assert.deepEqual(save(), ["a", "b"]);
  await kernel("restarting");
  assert.deepEqual(save(), ["a", "b", "c"]);
});

test("other front ends are left alone", () => {
  for (const manager of [undefined, {}, { context: {} }]) keep_in_notebook(manager);
});

/** A widget's model and its element; `disconnected` is what JupyterLab says when it opens a notebook. */
function widget({ disconnected = false, in_lab = true } = {}) {
  const heard = new Map();
  const slots = new Set();
  const statusChanged = { connect: (slot) => slots.add(slot), disconnect: (slot) => slots.delete(slot) };
  const model = {
    widget_manager: in_lab ? { context: { sessionContext: { statusChanged } } } : undefined,
    on: (name, slot) => heard.set(name, slot),
    off: (name) => heard.delete(name),
  };
  const el = { classList: { contains: () => disconnected } };
  return { model, el, heard, slots, status: (now) => slots.forEach((slot) => slot(null, now)) };
}

test("a kernel that ends while the page stays is known, once", () => {
  const { model, el, status } = widget();
  let changes = 0;
  const kernel = kernel_of(model, el, () => (changes += 1));
  for (const now of ["busy", "idle", "connecting"]) status(now);
  assert.deepEqual([kernel.has_ended(), changes], [false, 0]);
  for (const now of ["restarting", "starting", "idle", "terminating"]) status(now);
  assert.deepEqual([kernel.has_ended(), changes], [true, 1]);
});

test("a kernel that had ended before is known by the element, and of what is forgotten nothing is heard", () => {
  const { model, el, heard, slots } = widget({ disconnected: true });
  const kernel = kernel_of(model, el, () => {});
  assert.ok(kernel.has_ended() && heard.has("comm_live_update") && slots.size === 1);
  kernel.forget();
  assert.deepEqual([heard.size, slots.size], [0, 0]);
});

test("where there is no JupyterLab, no kernel has ended", () => {
  const { model, el } = widget({ in_lab: false });
  assert.equal(kernel_of(model, el, () => {}).has_ended(), false);
});
