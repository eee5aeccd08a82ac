// The page of Regions: the controls, the numbers, and the picture, which the kernel draws and which is put in as it comes. Of untrained networks
// the page keeps what the kernel said, and it asks for the networks one step of a slider away when nobody moves a control.

import { announcer, button, choice, element, fill, slider, usable, widget } from "./parts.js";
import { openView } from "./views.js";

const REST = 150;                                                   // milliseconds
const KEPT = 60;                                                    // pages of untrained networks
const RANGES = { width: "units in a layer", depth: "hidden layers", start: "random start" };

const keyOf = (settings) => JSON.stringify(Object.entries(settings).sort());

// The settings one step of a slider away.
export const near = (settings, limits) => Object.entries(limits).flatMap(([name, [low, high]]) => [-1, 1].map((by) => settings[name] + by)
  .filter((to) => to >= low && to <= high).map((to) => ({ ...settings, [name]: to })));

function render({ model, el }) {
  const first = model.get("page"), heard = announcer();
  const known = new Map();                                          // settings -> page of the untrained network
  let resting = null, shown = first, awaited = null;                // `awaited`: the settings that are shown already, and that Python still has to take
  const change = (settings) => {
    view.send({ do: "change", settings });
    const key = keyOf({ ...shown.settings, ...settings }), page = known.get(key);
    awaited = page ? key : null;
    if (page) paint(page);
  };
  const ask = (text, title, message) => button(text, title, () => { awaited = null; view.send({ do: message }); });
  const start = ask("Start", "train, or go on after a pause", "start"), pause = ask("Pause", "finish this step, then rest", "pause");
  const step = ask("Step", "make one step and rest", "step"), reset = ask("Reset", "back to the first weights", "reset");
  const data = choice("points", first.points.map((name) => [name, name]), (value) => change({ data: value }));
  const relu = element("input", { type: "checkbox", onchange: () => change({ relu: relu.checked }) });
  const sliders = Object.fromEntries(Object.entries(RANGES).map(([name, words]) =>
    [name, slider(words, { low: first.limits[name][0], high: first.limits[name][1] }, (value) => change({ [name]: value }))]));
  const status = element("div", { class: "status of-kernel" }), facts = element("div", { class: "facts" }), picture = element("div", { class: "picture" });
  const root = widget("regions", "A network in the plane, as it learns",
    element("div", { class: "bar-of-controls controls" }, start, pause, step, reset, element("label", {}, "points ", data),
      element("label", {}, relu, " with ReLU")),
    element("div", { class: "sliders" }, ...Object.values(sliders).map((one) => one.host)), status,
    element("div", { class: "both" }, picture, facts),
    element("div", { class: "note" }, "Rings: class 0. Crosses: class 1. Each tint is one linear region; the darker side is where the network says 1. " +
      "Thick: the boundary. Thin: where a ReLU opens or shuts."), heard.host);
  const view = openView({ model, el }, root, "Its training has ended with it.");

  function keep(page) {
    if (page.state !== "ready") return;
    known.delete(keyOf(page.settings));
    known.set(keyOf(page.settings), page);
    if (known.size > KEPT) known.delete(known.keys().next().value);
  }

  function ahead() {                                                // ask for what is near, once nothing changes
    clearTimeout(resting);
    const settings = near(shown.settings, shown.limits).filter((one) => !known.has(keyOf(one)));
    if (shown.state === "ready" && settings.length) resting = setTimeout(() => view.send({ do: "ahead", settings }), REST);
  }

  function paint(page) {
    const still = page.state !== "running", active = el.getRootNode().activeElement;
    shown = page;
    if (data !== active) data.value = page.settings.data;                                       // not under one's hand
    relu.checked = page.settings.relu;
    for (const [name, one] of Object.entries(sliders)) if (one.input !== active) one.put(page.settings[name]);
    start.textContent = { ready: "Start", running: "Start", paused: "Resume" }[page.state] ?? "Restart";
    usable(start, still);
    usable(pause, !still);
    usable(step, ["ready", "paused"].includes(page.state));
    usable(reset, page.state !== "ready");
    status.textContent = page.status;
    facts.replaceChildren(...Object.entries(page.numbers).map(([name, value]) =>
      element("div", {}, element("span", { class: "name" }, name), element("span", { class: "value", "data-number": name }, value))));
    fill(picture, page.picture);
    heard.say(still ? `${page.status} ${page.words}` : page.status);                          // not every step of a run
  }

  function take() {                                                 // Python's page; one that it made before the newest change is not shown
    const page = model.get("page");
    keep(page);
    if (awaited && !(page.state === "ready" && keyOf(page.settings) === awaited)) return;
    awaited = null;
    paint(page);
    ahead();
  }

  view.on("change:page", take);
  view.on("msg:custom", (message) => { for (const page of message.ahead ?? []) keep(page); });
  for (const [name, one] of Object.entries(sliders)) one.put(first.settings[name]);
  keep(first);
  paint(first);
  root.addEventListener("pointerenter", ahead);
  root.addEventListener("focusin", ahead);
  return view.end(() => {
    clearTimeout(resting);
    heard.stop();
  });
}

export default { render };
