// The page of Regions: the controls, the numbers, and the picture, which the kernel draws and which is put in as it comes.

import { announcer, button, choice, element, fill, slider, usable, widget } from "./parts.js";
import { openView } from "./views.js";

const RANGES = { width: "units in a layer", depth: "hidden layers", start: "random start" };

function render({ model, el }) {
  const first = model.get("page"), heard = announcer();
  const change = (settings) => view.send({ do: "change", settings });
  const ask = (text, title, message) => button(text, title, () => view.send({ do: message }));
  const start = ask("Start", "train, or go on after a pause", "start"), pause = ask("Pause", "finish this step, then rest", "pause");
  const step = ask("Step", "make one step and rest", "step"), reset = ask("Reset", "back to the first weights", "reset");
  const data = choice("points", first.points.map((name) => [name, name]), (value) => change({ data: value }));
  const relu = element("input", { type: "checkbox", onchange: () => change({ relu: relu.checked }) });
  const sliders = Object.fromEntries(Object.entries(RANGES).map(([name, words]) =>
    [name, slider(words, { low: first.limits[name][0], high: first.limits[name][1] }, (value) => change({ [name]: value }))]));
  const status = element("div", { class: "status of-kernel" }), facts = element("div", { class: "facts" }), picture = element("div", { class: "picture" });
  const view = openView({ model, el }, widget("regions", "A network in the plane, as it learns",
    element("div", { class: "bar-of-controls controls" }, start, pause, step, reset, element("label", {}, "points ", data),
      element("label", {}, relu, " with ReLU")),
    element("div", { class: "sliders" }, ...Object.values(sliders).map((one) => one.host)), status,
    element("div", { class: "both" }, picture, facts),
    element("div", { class: "note" }, "Rings: class 0. Crosses: class 1. Each tint is one linear region; the darker side is where the network says 1. " +
      "Thick: the boundary. Thin: where a ReLU opens or shuts."), heard.host), "Its training has ended with it.");

  function paint() {
    const page = model.get("page"), resting = page.state !== "running", active = el.getRootNode().activeElement;
    if (data !== active) data.value = page.settings.data;                                       // not under one's hand
    relu.checked = page.settings.relu;
    for (const [name, one] of Object.entries(sliders)) if (one.input !== active) one.put(page.settings[name]);
    start.textContent = { ready: "Start", running: "Start", paused: "Resume" }[page.state] ?? "Restart";
    usable(start, resting);
    usable(pause, !resting);
    usable(step, ["ready", "paused"].includes(page.state));
    usable(reset, page.state !== "ready");
    status.textContent = page.status;
    facts.replaceChildren(...Object.entries(page.numbers).map(([name, value]) =>
      element("div", {}, element("span", { class: "name" }, name), element("span", { class: "value", "data-number": name }, value))));
    fill(picture, page.picture);
    heard.say(resting ? `${page.status} ${page.words}` : page.status);                          // not every step of a run
  }

  view.on("change:page", paint);
  for (const [name, one] of Object.entries(sliders)) one.put(first.settings[name]);
  paint();
  return view.end(heard.stop);
}

export default { render };
