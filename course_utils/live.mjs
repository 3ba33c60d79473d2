import { RUN_AGAIN, keep_in_notebook, kernel_of } from "./reopening.mjs";

// A figure that follows its controls: each new value goes to the kernel, and a picture comes back.
let controls_made = 0;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A native input, so that keys and names are the browser's own; `read` gives its value. */
function control_of({ name, label, options, min, max, step }) {
  const id = `course-live-${++controls_made}`;
  const input = options
    ? element("select", { id }, ...options.map((text, value) => element("option", { value }, text)))
    : element("input", { id, type: "range", min, max, step });
  input.dataset.lmSuppressShortcuts = ""; // arrow keys are the control's, not JupyterLab's
  const decimals = (String(step).split(".")[1] ?? "").length;
  const said = element("output", { htmlFor: id });
  const show = (value) => {
    input.value = value;
    if (!options) said.textContent = Number(value).toFixed(decimals);
  };
  const root = element("div", { className: "control" }, element("label", { htmlFor: id }, label), input, ...(options ? [] : [said]));
  return { root, input, name, show };
}

function render({ model, el }) {
  const controls = model.get("controls").map(control_of);
  const picture = element("img");
  const trouble = element("p", { className: "trouble" });
  const ended = element("p", { className: "ended" }, RUN_AGAIN);
  trouble.setAttribute("role", "alert");
  picture.style.maxWidth = `min(100%, ${model.get("width")}px)`;

  const follow = () => controls.forEach(({ name, show }) => show(model.get("values")[name]));
  const draw = () => {
    const { png, alt, trouble: said } = model.get("shown");
    URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    picture.alt = alt;
    trouble.textContent = said;
  };
  const kernel = kernel_of(model, el, () => heed_kernel());
  const heed_kernel = () => {
    ended.hidden = !kernel.has_ended();
    for (const { input } of controls) input.disabled = !ended.hidden;
  };
  for (const { name, input } of controls) {
    input.addEventListener("input", () => {
      model.set("values", { ...model.get("values"), [name]: Number(input.value) });
      model.save_changes();
    });
  }
  model.on("change:values", follow);
  model.on("change:shown", draw);
  el.append(element("div", { className: "course-live" }, ...controls.map(({ root }) => root), picture, trouble, ended));
  follow();
  draw();
  heed_kernel();
  return () => {
    model.off("change:values", follow);
    model.off("change:shown", draw);
    kernel.forget();
    URL.revokeObjectURL(picture.src);
  };
}

export default { initialize: ({ model }) => keep_in_notebook(model.widget_manager), render };
