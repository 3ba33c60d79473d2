// Keeps instruments alive on a page without a kernel. Each asks only for a model with get, set, on
// and save_changes; here is one. Runs from a file, too: no modules, no network.
(() => {
  /** The state that the notebook's widget had, with its buffers in their places. */
  function state_of(text) {
    const { attributes, buffers } = JSON.parse(text);
    for (const { path, data } of buffers) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const parent = path.slice(0, -1).reduce((place, key) => place[key], attributes);
      parent[path.at(-1)] = new DataView(bytes.buffer);
    }
    return attributes;
  }

  function make_model(state) {
    const listeners = new Map();
    return {
      get: (name) => state[name],
      set(name, value) {
        if (state[name] === value) return;
        state[name] = value;
        for (const listener of listeners.get(`change:${name}`) ?? []) listener();
      },
      on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
      off: (event, listener) => listeners.set(event, (listeners.get(event) ?? []).filter((one) => one !== listener)),
      save_changes() {},
    };
  }

  for (const host of document.querySelectorAll("[data-instrument]")) {
    const model = make_model(state_of(host.querySelector("script").textContent));
    const live = document.createElement("div");
    host.append(live);
    window.courseInstruments[host.dataset.instrument].render({ model, el: live });
    host.querySelector("img").hidden = true; // only when it is alive: an error above leaves the picture
  }
})();
