// The page of TrainingPanel: the controls of a run. Its numbers and curves come from Python as HTML, made of numbers only.

import { typeset } from "./numbers.js";
import { announcer, button, element, fill, slider, usable, widget } from "./parts.js";
import { openView } from "./views.js";

const BUTTONS = [["start", "Start", "train from the beginning"], ["pause", "Pause", "finish this step, then pause"],
  ["step", "Step", "make one step, then pause"], ["resume", "Resume", "continue"], ["stop", "Stop", "end the run with the present weights"]];

function render({ model, el }) {
  const first = model.get("page"), heard = announcer();
  const buttons = Object.fromEntries(BUTTONS.map(([act, text, title]) => [act, button(text, title, () => view.send({ do: act }))]));
  const sliders = Object.fromEntries(Object.entries(first.choices).map(([name, [words, choices]]) =>
    [name, slider(words, { choices }, (value) => view.send({ do: "set", name, value }))]));
  const progress = element("progress", { max: 1, value: 0, "aria-label": "steps done" });
  const left = element("span", { class: "lenet-left of-kernel" });
  const status = element("div", { class: "status lenet-status of-kernel" });
  const live = element("div", { class: "live" });
  const root = widget("training-panel", "Training of a network",
    element("div", { class: "bar-of-controls controls" }, ...Object.values(buttons)),
    element("div", { class: "sliders" }, ...Object.values(sliders).map((one) => one.host)),
    element("div", { class: "bar-of-controls" }, progress, left), status, live, heard.host);
  const view = openView({ model, el }, root, "Its run has ended with it.");

  function paint() {
    const page = model.get("page");
    for (const [name, one] of Object.entries(buttons)) usable(one, page.works[name]);
    buttons.start.textContent = page.start;
    for (const [name, one] of Object.entries(sliders))
      if (one.input !== el.getRootNode().activeElement) one.put(page.settings[name]);          // not under one's hand
    progress.value = page.share;
    left.textContent = page.left;
    if (status.textContent !== page.status) status.textContent = page.status;
    heard.say(page.said);
  }

  const show = () => {
    fill(live, model.get("live"));
    for (const value of live.querySelectorAll("dd")) value.textContent = typeset(value.textContent);
  };
  view.on("change:page", paint);
  view.on("change:live", show);
  for (const [name, one] of Object.entries(sliders)) one.put(first.settings[name]);
  show();
  paint();
  return view.end(heard.stop);
}

export default { render };
