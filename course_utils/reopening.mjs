// What becomes of widgets when their kernel ends: the notebook keeps them, and they say how to go on.

const STATE = "application/vnd.jupyter.widget-state+json";
const ENDING = ["restarting", "autorestarting", "terminating", "dead"];

/** What stands in the place of what needs a kernel and has none. */
export const RUN_AGAIN = "Its kernel has ended: run this cell, and it works again.";

/** Of widgets' states those that a notebook's cells show, and what these are made of. */
export function shown_states(cells, states) {
  const found = {};
  const names = [...JSON.stringify(cells).matchAll(/"model_id":"([\w-]+)"/g)].map(([, id]) => id);
  for (const id of names) {
    if (!(id in states) || id in found) continue;
    found[id] = states[id];
    names.push(...[...JSON.stringify(states[id]).matchAll(/"IPY_MODEL_([\w-]+)"/g)].map(([, part]) => part));
  }
  return found;
}

/**
 * Have JupyterLab and Notebook 7 save the widgets that a notebook shows in it. Without this, a trusted
 * notebook opens with an error in the place of each; and JupyterLab's own setting, `saveState`, forgets
 * all widgets whose kernel has ended when the notebook is saved the next time.
 *
 * @param manager a widget's `widget_manager`; others than JupyterLab's are left alone.
 */
export function keep_in_notebook(manager) {
  const context = manager?.context;
  if (!context?.saveState || manager.course_keeps) return;
  manager.course_keeps = true;
  const notebook = context.model;
  const states = {}; // of all widgets that there were, also of those that no kernel stands behind now
  const remember = (saved) => Object.assign(states, saved?.state);
  remember(notebook.getMetadata("widgets")?.[STATE]);
  context.sessionContext.statusChanged.connect((_, status) => {
    if (ENDING.includes(status)) manager.get_state({ drop_defaults: true }).then(remember);
  });
  context.saveState.connect((_, stage) => {
    if (stage !== "started") return;
    remember(manager.get_state_sync({ drop_defaults: true }));
    const state = shown_states(notebook.toJSON().cells, states);
    notebook.setMetadata("widgets", { [STATE]: { version_major: 2, version_minor: 0, state } });
  });
}

/**
 * Whether a widget's kernel has ended: before its notebook was opened again, or since, on the page.
 * JupyterLab itself tells a widget only of the first.
 *
 * @param el the element that its front end gave it.
 * @param changed called whenever it may be otherwise.
 * @returns {has_ended, forget}
 */
export function kernel_of(model, el, changed) {
  const status = model.widget_manager?.context?.sessionContext?.statusChanged;
  let ended = false;
  const heed = (_, now) => {
    if (ended || !ENDING.includes(now)) return;
    ended = true;
    changed();
  };
  status?.connect(heed);
  model.on("comm_live_update", changed);
  return {
    has_ended: () => ended || el.classList.contains("jupyter-widgets-disconnected"),
    forget() {
      status?.disconnect(heed);
      model.off("comm_live_update", changed);
    },
  };
}
