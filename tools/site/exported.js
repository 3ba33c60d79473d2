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

  /** An instrument in place of its picture, which stays where anything goes wrong. */
  function bring_to_life(host) {
    const state = state_of(host.querySelector("script").textContent);
    const live = document.createElement("div");
    let stop;
    const show = () => {
      stop?.();
      live.replaceChildren();
      stop = window.courseInstruments[host.dataset.instrument].render({ model: make_model(state), el: live });
    };
    host.append(live);
    try {
      show();
    } catch (error) {
      live.remove();
      throw error;
    }
    host.firstElementChild.hidden = true; // its picture or its line
    return show;
  }

  const shown = [];
  for (const host of document.querySelectorAll("[data-instrument]")) {
    try {
      shown.push(bring_to_life(host));
    } catch (error) {
      console.error(`The instrument ${host.dataset.instrument} stays a picture:`, error);
    }
  }

  // Ink on a canvas doesn't follow the page's theme: draw again, from the state of now.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme_of_now = () => {
    const chosen = document.body.dataset.theme;
    return chosen === "light" || chosen === "dark" ? chosen : String(dark.matches);
  };
  let theme = theme_of_now();
  const follow = () => {
    if (theme_of_now() === theme) return;
    theme = theme_of_now();
    for (const show of shown) show();
  };
  dark.addEventListener("change", follow);
  new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-theme"] });
})();
