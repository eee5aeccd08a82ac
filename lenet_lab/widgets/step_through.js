// The page of StepThrough: a scrubber over the steps, grids of numbers (step_grids.js), and the work of the number that is looked at.
// Everything shown comes from the trait `page`. After an edit the page computes the same pass itself, exactly, and shows it at once; what the
// kernel then says of it counts. Where one stands and what one looks at is kept here, in a Walk (step_state.js).

import { announcer, button, choice, element, slider, usable, widget } from "./parts.js";
import { makeGrids } from "./step_grids.js";
import { endOfGrid, sameGrids, sameNumbers, Walk } from "./step_state.js";
import { openView, pageState } from "./views.js";
import { pageAfter } from "./worked.js";

const SPEEDS = { slow: 2000, normal: 900, fast: 250 };           // milliseconds a step
const LEGEND = { now: "this number", input: "goes into it", path: "the way back to the loss" };

// Buttons, speed and scrubber. `walk` is a Walk; `go` is asked for a number of steps done.
function makeControls({ walk, state, go }) {
  let timer = null;

  function begin() {
    stop();
    if (walk.finished) go(0);
    timer = setInterval(() => (walk.finished ? stop() : go(walk.done + 1)), SPEEDS[pace.value]);
    play.textContent = "Pause";
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  const start = button("Start", "nothing computed yet", () => go(0)), back = button("Back", "one number back", () => go(walk.done - 1));
  const step = button("Step", "compute the next number", () => go(walk.done + 1));
  const grid = button("Whole grid", "compute the rest of this grid", () => go(endOfGrid(walk.page.steps, walk.done)));
  const play = button("Play", "one number after the other", () => (timer ? stop() : begin()));
  const pace = choice("speed", Object.keys(SPEEDS).map((name) => [name, name]), (value) => {
    state.speed = value;
    if (timer) begin();
  });
  pace.value = state.speed;
  const scrubber = slider("steps done", { high: 0, words: (value) => `${value} of ${walk.page.steps.length}` }, go);
  scrubber.output.classList.add("counter");

  function put() {
    scrubber.input.max = walk.page.steps.length;
    scrubber.put(walk.done, " numbers computed");
    for (const one of [start, back]) usable(one, walk.done > 0);
    for (const one of [step, grid]) usable(one, !walk.finished);
    if (walk.finished) stop();
  }

  return { parts: [start, back, step, grid, play, pace, scrubber.host], put, stop, get playing() { return timer !== null; } };
}

// The work of the number that is looked at, in words, and a list of all that contributes to a gradient. `state.paths` keeps whether the list is open.
function makeWork({ walk, state }) {
  const name = element("div", { class: "name" }), formula = element("div", { class: "formula" });
  const arithmetic = element("div", { class: "work arithmetic" }), note = element("div", { class: "note" }), list = element("ul", { class: "paths" });
  const box = element("details", { class: "paths-box", open: state.paths, ontoggle: () => { state.paths = box.open; } },
    element("summary", {}, "Every contribution"), list);

  function put() {
    const told = walk.told();
    for (const [part, text] of [[name, told.name], [formula, told.formula], [arithmetic, told.arithmetic], [note, told.note]]) part.textContent = text;
    box.hidden = !told.paths.length;
    list.replaceChildren(...told.paths.map(({ zero, words }) => element("li", { class: zero ? "zero" : "" }, words)));
    return [told.arithmetic, told.note].filter(Boolean).join(". ");
  }

  return { said: element("div", { class: "said" }, name, formula, arithmetic, note), paths: box, put };
}

const legend = () => element("div", { class: "legend" },
  ...Object.entries(LEGEND).flatMap(([mark, text]) => [element("span", { class: `swatch ${mark}`, "aria-hidden": "true" }, "5"), ` ${text}   `]),
  "· not computed yet.   Arrow keys walk the grids, Enter edits a given number.");

function render({ model, el }) {
  const state = pageState(model, { done: 0, looked: null, edited: null, own: null, speed: "normal", paths: false });
  const walk = new Walk(state), heard = announcer(), refused = element("div", { class: "refused", role: "alert" });
  const controls = makeControls({ walk, state, go: (to) => { walk.go(to); paint(); } });
  const work = makeWork({ walk, state });
  const grids = makeGrids({ walk, typing: (edited) => { state.edited = edited; }, changed: (cell, text) => change({ do: "edit", cell, text }),
    look: (id) => {
      if (walk.looked === id) return;
      controls.stop();
      walk.looked = id;
      paint();
    } });
  const label = element("select", { "aria-label": "label of the image", onchange: () => change({ do: "label", label: label.value }) });
  const reset = button("Original numbers", "take all edits back", () => { refused.textContent = ""; view.send({ do: "reset" }); });
  const root = widget("step", "A pass through a small network, number by number",
    element("div", { class: "bar-of-controls" }, ...controls.parts, element("label", {}, "label ", label), reset),
    refused, element("div", { class: "pass" }, grids.host, work.said), work.paths, legend(), heard.host);
  const view = openView({ model, el }, root, "Steps and changed numbers are computed here; Python does not learn of them, and cannot bring the original numbers back.");

  function build(newest) {
    const known = walk.page && sameGrids(walk.page, newest);
    walk.take(newest);
    if (known) grids.settle();
    else {
      grids.build();
      label.replaceChildren(...Array.from({ length: newest.classes }, (_, n) => element("option", { value: n }, String(n))));
    }
    grids.fit();
    label.value = newest.label;
    paint();
  }

  function paint() {
    Object.assign(state, { done: walk.done, looked: walk.looked });
    controls.put();
    const words = work.put();
    if (words && !controls.playing) heard.say(words);              // nobody can listen as fast as it plays
    grids.paint();
  }

  function change(message) {
    refused.textContent = "";
    view.send(message);
    try {
      const newest = pageAfter(walk.page, message);
      state.own = { after: model.get("page"), page: newest };       // also for the next view, as long as the kernel has not answered
      build(newest);
    } catch { /* the kernel says why it is refused */ }
  }

  view.on("change:page", () => {
    const newest = model.get("page");
    refused.textContent = "";
    if (!sameNumbers(walk.page, newest)) build(newest);
  });
  view.on("msg:custom", (message) => {
    if (!message.refused) return;
    refused.textContent = `Not taken: ${message.refused}`;
    label.value = walk.page.label;
    grids.settle();
    paint();
  });
  build(state.own?.after === model.get("page") ? state.own.page : model.get("page"));
  if (state.edited) grids.edit(state.edited.id, state.edited.text);
  return view.end(() => {
    controls.stop();
    heard.stop();
    grids.stop();
  });
}

export default { render };
