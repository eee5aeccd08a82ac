// The page of Hinges: points to drag, sliders for b and the hinges, the slope of every segment with the sum it came from, f at one x.

import { dragged, formula, line, segments, shown, slopesInWords, sumOfTerms, topOf, valueAt, work } from "./hinges_math.js";
import { announcer, button, drawn, element, slider, usable, widget } from "./parts.js";
import { openView, pageState } from "./views.js";

const WIDTH = 640, HEIGHT = 300, EDGE = 34;

function render({ model, el }) {
  const range = { low: model.get("low"), high: model.get("high") };
  const state = pageState(model, { at: 5, first: { b: model.get("b"), hinges: model.get("hinges").map((pair) => [...pair]) } });
  let rows = [], held = null, said = "";

  const heard = announcer(), equation = element("div", { class: "work formula" });
  const chart = drawn("svg", { role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart" });
  const slopes = element("div", { class: "slopes" }), sliders = element("div"), table = element("tbody"), sum = element("div", { class: "work sum" });
  const more = button("Add hinge", "put the next hinge to work", () => show(model.get("shown") + 1));
  const less = button("Remove hinge", "take the last hinge away", () => show(model.get("shown") - 1));
  const original = button("Original numbers", "b, places and coefficients as at the beginning", () => change(state.first));
  const look = slider("look at x", { ...range, by: 0.25, words: shown }, lookAt);
  const view = openView({ model, el }, widget("hinges", "A function made of hinges",
    element("div", { class: "bar-of-controls" }, more, less, original), equation, chart, slopes, sliders,
    element("table", { class: "segments" }, element("caption", {}, "Segment by segment"),
      element("thead", {}, element("tr", {}, ...["from x", "to x", "slope: the coefficients that are at work", "f(x) ="].map((head) =>
        element("th", { scope: "col" }, head)))), table),
    look.host, sum, element("p", { class: "note" }, "Drag a point, or work the sliders."), heard.host), "The sliders work, but Python does not learn of it.");

  // ------------------------------------------------------------------------------------------------------------- state
  function change({ b, hinges }) {                                   // arrays are replaced, so that the change is noticed
    model.set("b", b);
    model.set("hinges", hinges.map((pair) => [...pair]));
    model.save_changes();
  }

  const present = () => ({ b: model.get("b"), hinges: model.get("hinges") });
  const put = (n, place, value) => change({ b: model.get("b"),
    hinges: model.get("hinges").map((pair, k) => (k === n ? pair.map((old, p) => (p === place ? value : old)) : pair)) });

  function show(number) {
    model.set("shown", Math.max(0, Math.min(model.get("hinges").length, number)));
    model.save_changes();
  }

  function lookAt(x) {
    state.at = Math.max(range.low, Math.min(range.high, Math.round(x * 4) / 4));
    paint();
  }

  // -------------------------------------------------------------------------------------------------------------- view
  function build() {                                                 // one row of sliders for b and for every hinge at work
    const number = model.get("shown"), whole = { low: Math.ceil(range.low), high: Math.floor(range.high) };
    rows = model.get("hinges").slice(0, number).map((_, n) => [
      slider(`hinge ${n + 1} at x =`, { ...whole, by: 0.5, words: shown }, (value) => put(n, 0, value)),
      slider(`coefficient ${n + 1}`, { low: -8, high: 8, by: 0.5, words: shown }, (value) => put(n, 1, value))]);
    rows.push([slider("b", { low: -5, high: 5, by: 0.5, words: shown }, (b) => change({ ...present(), b }))]);
    sliders.replaceChildren(...rows.map((row) => element("div", { class: "row" }, ...row.map((one) => one.host))));
    usable(more, number < model.get("hinges").length);
    usable(less, number > 0);
    paint();
  }

  function paint() {
    const b = model.get("b"), hinges = model.get("hinges").slice(0, model.get("shown")), parts = segments(b, hinges);
    rows.forEach((row, n) => (row.length === 1 ? row[0].put(b) : row.forEach((one, place) => one.put(hinges[n][place]))));
    look.put(state.at, `, ${shown(valueAt(b, hinges, state.at))} high`);
    equation.textContent = formula(b, hinges);
    slopes.textContent = slopesInWords(parts);
    table.replaceChildren(...parts.map((part) => element("tr", {}, ...[part.from === -Infinity ? "" : shown(part.from),
      part.to === Infinity ? "" : shown(part.to), sumOfTerms(part), line(part.slope, part.height)].map((text) => element("td", {}, text)))));
    sum.textContent = work(b, hinges, state.at);
    draw(b, parts, hinges);
    chart.setAttribute("aria-label", `The curve ${equation.textContent}. ${slopes.textContent} ` +
      `Its slope changes at ${parts.slice(1).map((part) => `x = ${shown(part.from)}, height ${shown(valueAt(b, hinges, part.from))}`).join("; ") || "no place"}.`);
    tell();
  }

  function tell() {                                                  // what changed, and not the rest again
    const function_ = `${equation.textContent}. ${slopes.textContent}`;
    if (said) heard.say(function_ === said ? `${sum.textContent}.` : `${function_} ${sum.textContent}.`);
    said = function_;
  }

  const across = (x) => EDGE + ((x - range.low) / (range.high - range.low)) * (WIDTH - 2 * EDGE);
  const down = (y, top) => HEIGHT / 2 - (y / top) * (HEIGHT / 2 - 22);
  const topNow = (b, hinges) => held?.top ?? topOf([range.low, ...hinges.map(([t]) => t), range.high].map((x) => valueAt(b, hinges, x)));

  function draw(b, parts, hinges) {
    const f = (x) => valueAt(b, hinges, x), top = topNow(b, hinges), y = (value) => down(value, top);
    const put = (tag, attributes, text) => chart.append(drawn(tag, attributes, text));
    chart.replaceChildren();
    for (let x = Math.ceil(range.low); x <= range.high; x++) {
      put("line", { x1: across(x), x2: across(x), y1: y(top), y2: y(-top), class: "grid" });
      put("text", { x: across(x), y: HEIGHT - 6, "text-anchor": "middle" }, shown(x));
    }
    for (const value of [-top, -top / 2, 0, top / 2, top]) {
      put("line", { x1: across(range.low), x2: across(range.high), y1: y(value), y2: y(value), class: value ? "grid" : "axis" });
      put("text", { x: EDGE - 6, y: y(value) + 4, "text-anchor": "end" }, shown(value));
    }
    put("line", { x1: across(state.at), x2: across(state.at), y1: y(top), y2: y(-top), class: "look" });
    const places = [range.low, ...parts.slice(1).map((part) => part.from), range.high];
    put("polyline", { points: places.map((x) => `${across(x)},${y(f(x))}`).join(" "), class: "curve" });
    for (const part of parts) {
      const from = Math.max(part.from, range.low), to = Math.min(part.to, range.high), middle = (from + to) / 2;
      if (to - from < 0.8) continue;
      const aside = part.slope > 0 ? ["end", -8] : part.slope < 0 ? ["start", 8] : ["middle", 0];    // on the free side of the line
      put("text", { x: across(middle) + aside[1], y: y(f(middle)) - 8, "text-anchor": aside[0], class: "slope" }, `slope ${shown(part.slope)}`);
    }
    hinges.forEach(([t], n) => {
      put("circle", { cx: across(t), cy: y(f(t)), r: 14, class: "handle", "data-hinge": n });
      put("circle", { cx: across(t), cy: y(f(t)), r: 5, class: held?.n === n ? "bend held" : "bend", "pointer-events": "none" });
    });
    put("circle", { cx: across(state.at), cy: y(f(state.at)), r: 3.5, class: "here", "pointer-events": "none" });
  }

  // ----------------------------------------------------------------------------------------------------------- control
  function place(event) {                                            // in the units of the axes
    const box = chart.getBoundingClientRect(), hinges = model.get("hinges").slice(0, model.get("shown"));
    const x = range.low + (((event.clientX - box.left) / box.width) * WIDTH - EDGE) / (WIDTH - 2 * EDGE) * (range.high - range.low);
    const y = (HEIGHT / 2 - ((event.clientY - box.top) / box.height) * HEIGHT) / (HEIGHT / 2 - 22) * topNow(model.get("b"), hinges);
    return [x, y];
  }

  chart.addEventListener("pointerdown", (event) => {
    const n = event.target.dataset?.hinge;
    if (n === undefined || event.button !== 0) { lookAt(place(event)[0]); return; }
    event.preventDefault();
    const hinges = model.get("hinges").slice(0, model.get("shown"));
    held = { n: +n, top: topNow(model.get("b"), hinges) };            // the axis stays while a point is held
    chart.setPointerCapture(event.pointerId);
  });
  chart.addEventListener("pointermove", (event) => {
    if (!held) { lookAt(place(event)[0]); return; }
    const number = model.get("shown"), { b, hinges } = present();
    const moved = dragged({ b, hinges: hinges.slice(0, number) }, held.n, ...place(event), range);
    change({ b: moved.b, hinges: [...moved.hinges, ...hinges.slice(number)] });
  });
  const letGo = () => { if (held) { held = null; paint(); } };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) chart.addEventListener(name, letGo);

  view.on("change:shown", build);
  view.on("change:b change:hinges", paint);
  build();
  return view.end(heard.stop);
}

export default { render };
