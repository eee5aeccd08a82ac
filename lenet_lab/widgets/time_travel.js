// The page of TimeTravel: the steps of a run, one test image, and branches. The page has the numbers of all steps. Python computes error
// rates, branches and other images; while it does, only the newest wish is kept.

import { scaleOf } from "./colours.js";
import { count, percent } from "./numbers.js";
import { announcer, barList, button, choice, drawn, element, fill, newestOnly, slider, usable, widget } from "./parts.js";
import { still } from "./picture.js";
import { openView, pageState } from "./views.js";

const LEVELS = 127;                                                 // of the numbers of a map on either side of 0, as Python sends them
const ACROSS = 5, LOW = 110, EDGE = 50;                             // maps in a row; pixels that the words at a step keep from the chart's ends

const arrayOf = (Kind, view) => new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const partOf = (all, n, count) => all.subarray(n * all.length / count, (n + 1) * all.length / count);

// What is said of a step: { step, steps in all, loss of its batch, label of the image, p, error rate or undefined, images it is of }.
export function statusOf({ step, total, loss, label, p, error, sample }) {
  const best = p.indexOf(Math.max(...p)), misread = error === undefined ? "" : ` ${percent(error)} of ${sample} test images are misread.`;
  return `After ${step} steps ${step < total ? "the batch's" : "the last batch's"} loss was ${loss.toFixed(3)}. `
    + `The test image, a ${label}, is read as ${best} (${percent(p[best])}).${misread}`;
}

function render({ model, el }) {
  const heard = announcer(), kernels = arrayOf(Float32Array, model.get("kernels"));
  let page = model.get("page"), looked, shares, maps, image, figures;
  const late = element("div", { class: "note late of-kernel", role: "status" });
  const asking = newestOnly((wish) => view.send({ do: "show", ...wish }), (words) => { late.textContent = words; });
  const state = pageState(model, { rate: "0.01", wanted: { step: model.get("step"), number: model.get("number") } }), { wanted } = state;
  const show = (wish) => { Object.assign(wanted, wish); paint(); say(); asking.ask({ ...wanted }); };
  const at = () => page.steps.indexOf(wanted.step);
  const turn = (by) => show({ step: page.steps[Math.max(0, Math.min(page.steps.length - 1, at() + by))] });

  const back = button("Back", "one kept step back", () => turn(-1)), on = button("Next", "one kept step on", () => turn(1));
  const steps = slider("step", { choices: page.steps }, (step) => show({ step }));
  steps.host.classList.add("steps");
  const digit = element("input", { type: "number", min: 0, max: page.images - 1, "aria-label": "test image",
    onchange: () => { if (Number.isFinite(digit.valueAsNumber)) show({ number: Math.max(0, Math.min(page.images - 1, Math.round(digit.valueAsNumber))) }); },
    onkeydown: (event) => { if (event.key === "Enter") digit.dispatchEvent(new Event("change")); } });
  const rate = choice("learning rate of the branch", page.rates.map((one) => [one, String(one)]), (value) => { state.rate = value; });
  const branch = button("Branch off here", "run on from this step with this learning rate", () => {
    usable(branch, false);
    view.send({ do: "branch", ...wanted, lr: +rate.value });
  });
  const status = element("div", { class: "status lenet-travel-status" }), curve = element("div"), inside = element("div", { class: "inside" });
  const bars = barList("probabilities of the test image");
  const view = openView({ model, el }, widget("time-travel", "A network at every step of its training",
    element("div", { class: "bar-of-controls" }, back, on, steps.host, element("label", {}, "test image ", digit)), status, late,
    element("div", { class: "both" },
      element("div", {}, curve, element("div", { class: "bar-of-controls" }, element("label", {}, "learning rate ", rate), branch)), bars.host),
    inside, heard.host), "The steps can be shown all the same; other test images cannot.");
  rate.value = state.rate;

  // ---------------------------------------------------------------------------------------------------- from Python
  function take() {
    looked = model.get("looked");
    [image, shares, maps] = [arrayOf(Float32Array, looked.image), arrayOf(Float32Array, looked.shares), arrayOf(Int8Array, looked.maps)];
    const [[rows, columns], [stacked, height, width], [filters, k]] = [looked.size, looked.shape, page.kernels];
    figures ??= { image: figure("test image", { rows, columns, scale: 4 }),
      kernels: figure(`kernels of ${page.conv}`, { count: filters, rows: k, columns: k, scale: 6, across: ACROSS }),
      moved: figure("moved since step 0", { count: filters, rows: k, columns: k, scale: 6, across: ACROSS }),
      maps: figure(`maps of ${page.conv}`, { count: stacked, rows: height, columns: width, scale: 2, across: ACROSS }) };
    inside.replaceChildren(...Object.values(figures).map((one) => one.host));
  }

  function figure(title, shape) {
    const { canvas, paint: put } = still(shape), note = element("div", { class: "note" });
    return { host: element("figure", {}, element("figcaption", {}, element("b", {}, title)), canvas, note),
      put(values, { low, high, top }, scale = top) {
        put(values, `${title}: ${shape.count} of them, from ${low.toFixed(2)} to ${high.toFixed(2)}`, scale);
        note.textContent = `blue −${top.toFixed(2)}, white 0, red ${top.toFixed(2)}`;
      },
      ink(values, words) {
        put(values, words, 1, true);
        note.textContent = "ink: 0 to 1";
      } };
  }

  // ----------------------------------------------------------------------------------------------------------- painting
  function paint() {
    const { training } = page, running = Boolean(training), kept = page.steps.length;
    steps.put(wanted.step);
    if (digit !== el.getRootNode().activeElement) digit.value = wanted.number;
    usable(back, at() > 0);
    usable(on, at() < kept - 1);
    usable(branch, !running);
    branch.textContent = running ? "Training …" : "Branch off here";
    status.textContent = training || words();
    fill(curve, page.curve);
    curve.querySelector(".mark")?.remove();
    mark(curve.querySelector("svg"));
    const own = partOf(kernels, at(), kept), first = partOf(kernels, 0, kept), moved = own.map((w, n) => w - first[n]);
    figures.kernels.put(own, scaleOf(own));
    figures.moved.put(moved, scaleOf(moved));
    if (!known()) return;                                           // what is seen of the newest image comes from Python
    figures.image.ink(image, `test image ${looked.number}, a ${looked.label}`);
    const n = looked.steps.indexOf(wanted.step), [low, high] = looked.ranges[n];
    figures.maps.put(partOf(maps, n, looked.steps.length), { low, high, top: Math.max(-low, high) || 1 }, LEVELS);
    bars.put(Array.from(partOf(shares, n, looked.steps.length)), { [looked.label]: "label" });
  }

  const known = () => looked.number === wanted.number && looked.steps.includes(wanted.step);
  const error = () => model.get("errors")[wanted.step];

  function words() {
    if (!known()) return status.textContent;
    const p = partOf(shares, looked.steps.indexOf(wanted.step), looked.steps.length);
    return statusOf({ step: wanted.step, total: page.total, loss: page.losses[at()], label: looked.label, p, error: error(), sample: page.sample });
  }

  function say() {                                                  // when all is known
    if (known() && error() !== undefined) heard.say(words());
  }

  function mark(svg) {                                              // a line at the step
    const [left, right, top, bottom] = svg.dataset.frame.split(" ").map(Number), x = left + (right - left) * wanted.step / Math.max(1, page.total);
    const wide = svg.viewBox.baseVal.width, line = drawn("g", { class: "mark" });
    line.append(drawn("line", { x1: x, x2: x, y1: top - 4, y2: bottom, style: "stroke: var(--ink); stroke-width: 2" }),
      drawn("text", { x: Math.min(Math.max(x, left + EDGE), wide - LOW), y: bottom + 18, "text-anchor": "middle" }, `step ${count(wanted.step)}`));
    svg.append(line);
    svg.setAttribute("aria-label", svg.getAttribute("aria-label").replace(/^Loss against steps[^:]*/, `Loss against steps, at step ${wanted.step}`));
  }

  // -------------------------------------------------------------------------------------------------------------- start
  const hear = (message) => { if (message.shown) asking.answered(); };
  view.on("change:page", () => {
    page = model.get("page");
    paint();
    if (page.training) heard.now(page.training);
    else if (page.said) heard.say(page.said);
  });
  view.on("change:step change:number", () => {
    if (!asking.busy) Object.assign(wanted, { step: model.get("step"), number: model.get("number") });
    paint();
  });
  view.on("change:looked", () => { take(); paint(); say(); });
  view.on("change:errors", () => { paint(); say(); });
  view.on("msg:custom", hear);
  digit.value = wanted.number;
  take();
  if (wanted.step !== model.get("step") || wanted.number !== model.get("number")) show({});          // a view before this one still waited for it
  paint();
  say();
  return view.end(heard.stop);
}

export default { render };
