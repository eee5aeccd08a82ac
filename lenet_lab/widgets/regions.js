// The page of Regions: the controls, the numbers, and the picture, which the kernel draws and which is put in as it comes.

const RANGES = { width: "units in a layer", depth: "hidden layers", start: "random start" };

function render({ model, el }) {
  const first = model.get("page"), controls = {}, outputs = {};
  const change = (settings) => model.send({ do: "change", settings });
  const button = (text, title, message) => element("button", { type: "button", title,
    onclick: (event) => event.currentTarget.getAttribute("aria-disabled") !== "true" && model.send({ do: message }) }, text);

  const start = button("Start", "train, or go on after a pause", "start");
  const pause = button("Pause", "finish this step, then rest", "pause");
  const step = button("Step", "make one step and rest", "step");
  const reset = button("Reset", "back to the first weights", "reset");
  controls.data = element("select", { "aria-label": "points", onchange: () => change({ data: controls.data.value }) },
    ...first.points.map((name) => element("option", { value: name }, name)));
  controls.relu = element("input", { type: "checkbox", onchange: () => change({ relu: controls.relu.checked }) });
  const sliders = Object.entries(RANGES).map(([name, words]) => {
    const [low, high] = first.limits[name];
    outputs[name] = element("output", {});
    controls[name] = element("input", { type: "range", min: low, max: high, step: 1, "aria-label": words,
      oninput: () => { outputs[name].textContent = controls[name].value; change({ [name]: +controls[name].value }); } });
    return element("div", { class: "slider" }, element("span", { class: "name" }, words), controls[name], outputs[name]);
  });
  const status = element("div", { class: "status", role: "status", "aria-live": "polite" });
  const numbers = element("div", { class: "numbers" });
  const picture = element("div", { class: "picture" });
  el.append(element("div", { class: "lenet-regions", role: "group", "aria-label": "A network in the plane, as it learns" },
    element("div", { class: "controls" }, start, pause, step, reset, element("label", {}, "points ", controls.data),
      element("label", {}, controls.relu, " with ReLU")),
    element("div", { class: "sliders" }, ...sliders), status,
    element("div", { class: "both" }, picture, numbers),
    element("div", { class: "legend" }, "Rings: class 0. Crosses: class 1. Shaded: where the network says 1. Thick: the boundary. " +
      "Thin: where a ReLU opens or shuts.")));

  function paint() {
    const page = model.get("page"), resting = page.state !== "running";
    for (const [name, control] of Object.entries(controls)) {
      if (control.type === "checkbox") control.checked = page.settings[name];
      else if (control !== document.activeElement) control.value = page.settings[name];      // not under one's hand
      if (outputs[name]) outputs[name].textContent = control.value;
    }
    start.textContent = { ready: "Start", running: "Start", paused: "Resume" }[page.state] ?? "Restart";
    start.setAttribute("aria-disabled", String(!resting));
    pause.setAttribute("aria-disabled", String(resting));
    step.setAttribute("aria-disabled", String(!["ready", "paused"].includes(page.state)));
    reset.setAttribute("aria-disabled", String(page.state === "ready"));
    if (status.textContent !== page.status) status.textContent = page.status;                 // said aloud only when it changes
    numbers.replaceChildren(...Object.entries(page.numbers).map(([name, value]) =>
      element("div", {}, element("span", { class: "name" }, name), element("span", { class: "value", "data-number": name }, value))));
    picture.innerHTML = page.picture;
  }

  model.on("change:page", paint);
  paint();
  return () => model.off("change:page", paint);
}

export default { render };
