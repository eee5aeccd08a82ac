// The page of TimeTravel: the steps of a run, one test image, and branches. Python computes; while it does, only the newest wish is kept.

import { announcer, barList, button, choice, element, fill, newestOnly, slider, usable, widget } from "./parts.js";
import { openView, pageState } from "./views.js";

function render({ model, el }) {
  let page = model.get("page");
  const heard = announcer(), at = () => page.steps.indexOf(model.get("step"));
  const late = element("div", { class: "note late of-kernel", role: "status" });
  const asking = newestOnly((wish) => view.send({ do: "show", ...wish }), (words) => { late.textContent = words; });
  const state = pageState(model, { rate: "0.01", wanted: { step: model.get("step"), number: model.get("number") } }), { wanted } = state;
  const show = (wish) => { Object.assign(wanted, wish); asking.ask({ ...wanted }); };
  const turn = (by) => show({ step: page.steps[Math.max(0, Math.min(page.steps.length - 1, page.steps.indexOf(wanted.step) + by))] });

  const back = button("Back", "one kept step back", () => turn(-1)), on = button("Next", "one kept step on", () => turn(1));
  const steps = slider("step", { choices: page.steps }, (step) => show({ step }));
  steps.host.classList.add("steps");
  const digit = element("input", { type: "number", min: 0, max: page.images - 1, "aria-label": "test image",
    onchange: () => { if (Number.isFinite(digit.valueAsNumber)) show({ number: Math.max(0, Math.min(page.images - 1, Math.round(digit.valueAsNumber))) }); },
    onkeydown: (event) => { if (event.key === "Enter") digit.dispatchEvent(new Event("change")); } });
  const rate = choice("learning rate of the branch", page.rates.map((one) => [one, String(one)]), (value) => { state.rate = value; });
  const branch = button("Branch off here", "run on from this step with this learning rate", () => {
    usable(branch, false);
    view.send({ do: "branch", lr: +rate.value });
  });
  const status = element("div", { class: "status lenet-travel-status" }), curve = element("div"), inside = element("div", { class: "inside" });
  const bars = barList("probabilities of the test image");
  const view = openView({ model, el }, widget("time-travel", "A network at every step of its training",
    element("div", { class: "bar-of-controls" }, back, on, steps.host, element("label", {}, "test image ", digit)), status, late,
    element("div", { class: "both" },
      element("div", {}, curve, element("div", { class: "bar-of-controls" }, element("label", {}, "learning rate ", rate), branch)), bars.host),
    inside, heard.host), "No other step can be shown.");
  rate.value = state.rate;

  function paint() {
    page = model.get("page");
    if (!asking.busy) Object.assign(wanted, { step: model.get("step"), number: model.get("number") });
    steps.put(wanted.step);
    if (digit !== el.getRootNode().activeElement) digit.value = wanted.number;
    usable(back, at() > 0);
    usable(on, at() < page.steps.length - 1);
    usable(branch, !page.training);
    branch.textContent = page.training ? "Training …" : "Branch off here";
    status.textContent = page.training || page.status;
    if (page.training) heard.now(page.training);
    else if (page.said) heard.say(page.said);
    fill(curve, page.curve);
    fill(inside, page.inside);
    bars.put(page.p, { [page.label]: "label" });
  }

  const hear = (message) => { if (message.shown) asking.answered(); };
  view.on("change:page", paint);
  view.on("msg:custom", hear);
  digit.value = wanted.number;
  if (wanted.step !== model.get("step") || wanted.number !== model.get("number")) show({});          // a view before this one still waited for it
  paint();
  return view.end(heard.stop);
}

export default { render };
