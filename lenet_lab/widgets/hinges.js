// The page of Hinges: sliders for b and the hinges, the curve, the slope of every segment with the sum it came from, and f at one x.

const WIDTH = 640, HEIGHT = 300, EDGE = 34;
const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

const number = (value) => String(Math.round(value * 1e4) / 1e4 + 0).replace("-", "−");
const times = (value) => `${number(Math.abs(value))}·`;
const signed = (value, first) => (value < 0 ? (first ? "−" : " − ") : first ? "" : " + ");
const relu = (t) => (t === 0 ? "ReLU(x)" : `ReLU(x ${t < 0 ? "+" : "−"} ${number(Math.abs(t))})`);

function line(slope, height) {                                     // "−2x + 6"
  const x = slope === 0 ? "" : `${slope < 0 ? "−" : ""}${Math.abs(slope) === 1 ? "" : number(Math.abs(slope))}x`;
  if (!x) return number(height);
  return height === 0 ? x : `${x}${signed(height)}${number(Math.abs(height))}`;
}

function render({ model, el }) {
  const low = model.get("low"), high = model.get("high");
  const first = { b: model.get("b"), hinges: model.get("hinges").map((pair) => [...pair]) };
  let at = 5, rows = [];

  const formula = element("div", { class: "formula" });
  const chart = drawn("svg", { role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart" });
  const slopes = element("div", { class: "slopes", role: "status", "aria-live": "polite" });
  const sliders = element("div", { class: "sliders" });
  const table = element("tbody"), work = element("div", { class: "work" });
  const button = (text, title, act) => element("button", { type: "button", title, onclick: act }, text);
  const more = button("Add hinge", "put the next hinge to work", () => show(model.get("shown") + 1));
  const less = button("Remove hinge", "take the last hinge away", () => show(model.get("shown") - 1));
  const original = button("Original numbers", "b, places and coefficients as at the beginning", () => {
    model.set("b", first.b);
    model.set("hinges", first.hinges.map((pair) => [...pair]));
    model.save_changes();
  });
  const look = slider("look at x", low, high, 0.25, (value) => { at = value; paint(); });
  el.append(element("div", { class: "lenet-hinges", role: "group", "aria-label": "A function made of hinges" },
    element("div", { class: "buttons" }, more, less, original), formula, chart, slopes, sliders,
    element("table", {}, element("caption", {}, "Segment by segment"),
      element("thead", {}, element("tr", {}, ...["from x", "to x", "slope: the coefficients that are at work", "f(x) ="].map((head) =>
        element("th", { scope: "col" }, head)))), table),
    element("div", { class: "slider" }, ...look.parts), work));

  function slider(words, from, to, by, act) {
    const out = element("output", {});
    const input = element("input", { type: "range", min: from, max: to, step: by, "aria-label": words,
      oninput: () => act(+input.value) });
    return { input, parts: [element("span", { class: "name" }, words), input, out],
      put: (value) => { input.value = value; out.textContent = number(value); input.setAttribute("aria-valuetext", number(value)); } };
  }

  function change(n, place, value) {                                // arrays are replaced, so that the change is noticed
    model.set("hinges", model.get("hinges").map((pair, k) => (k === n ? pair.map((old, p) => (p === place ? value : old)) : pair)));
    model.save_changes();
  }

  function show(count) {
    model.set("shown", Math.max(0, Math.min(model.get("hinges").length, count)));
    model.save_changes();
  }

  function build() {                                                 // one row of sliders for b and for every hinge at work
    const shown = model.get("shown");
    const height = slider("b", -5, 5, 0.5, (value) => { model.set("b", value); model.save_changes(); });
    rows = model.get("hinges").slice(0, shown).map((_, n) => [
      slider(`hinge ${n + 1} at x =`, Math.ceil(low), Math.floor(high), 0.5, (value) => change(n, 0, value)),
      slider(`coefficient ${n + 1}`, -8, 8, 0.5, (value) => change(n, 1, value))]);
    rows.push([height]);
    sliders.replaceChildren(...rows.map((row) => element("div", { class: "row" }, ...row.map((one) => element("div", { class: "slider" }, ...one.parts)))));
    more.setAttribute("aria-disabled", String(shown === model.get("hinges").length));
    less.setAttribute("aria-disabled", String(shown === 0));
    paint();
  }

  function segments(b, hinges) {                                     // in order; hinges at one place make one bend
    const made = [{ from: -Infinity, slope: 0, height: b, terms: [] }];
    for (const [t, c] of [...hinges].sort((one, other) => one[0] - other[0])) {
      const last = made.at(-1);
      const next = { from: t, slope: last.slope + c, height: last.height - c * t, terms: [...last.terms, c] };
      if (t === last.from) made[made.length - 1] = next; else made.push(next);
    }
    return made.map((segment, n) => ({ ...segment, to: made[n + 1]?.from ?? Infinity }));
  }

  function paint() {
    const b = model.get("b"), hinges = model.get("hinges").slice(0, model.get("shown"));
    const f = (x) => hinges.reduce((sum, [t, c]) => sum + c * Math.max(0, x - t), b);
    const parts = segments(b, hinges);
    rows.forEach((row, n) => (row.length === 1 ? row[0].put(b) : row.forEach((one, place) => one.put(hinges[n][place]))));
    look.put(at);
    formula.textContent = `f(x) = ${b || !hinges.length ? number(b) : ""}` + hinges.map(([t, c], n) =>
      `${signed(c, n === 0 && !b)}${Math.abs(c) === 1 ? "" : number(Math.abs(c)) + " "}${relu(t)}`).join("");
    const now = `Slopes from left to right: ${parts.map((part) => number(part.slope)).join(", ")}.`;
    if (slopes.textContent !== now) slopes.textContent = now;        // said aloud only when it changes
    table.replaceChildren(...parts.map((part) => element("tr", {}, ...[
      part.from === -Infinity ? "" : number(part.from), part.to === Infinity ? "" : number(part.to),
      part.terms.length < 2 ? number(part.slope) : `${part.terms.map((c, n) => `${signed(c, n === 0)}${number(Math.abs(c))}`).join("")} = ${number(part.slope)}`,
      line(part.slope, part.height)].map((text) => element("td", {}, text)))));
    const terms = hinges.map(([t, c], n) => `${signed(c, n === 0 && !b)}${times(c)}${number(Math.max(0, at - t))}`).join("");
    work.textContent = `f(${number(at)}) = ${b || !hinges.length ? number(b) : ""}${terms}${hinges.length ? ` = ${number(f(at))}` : ""}`;
    draw(f, parts, hinges);
    chart.setAttribute("aria-label", `The curve ${formula.textContent}. ${slopes.textContent} ` +
      `It bends at ${parts.slice(1).map((part) => `x = ${number(part.from)}, height ${number(f(part.from))}`).join("; ") || "no place"}.`);
  }

  // ------------------------------------------------------------------------------------------------------------ drawing
  const across = (x) => EDGE + ((x - low) / (high - low)) * (WIDTH - 2 * EDGE);

  function draw(f, parts, hinges) {
    const places = [low, ...parts.slice(1).map((part) => part.from), high];
    const top = [5, 10, 20, 50, 100, 500].find((limit) => places.every((x) => Math.abs(f(x)) <= limit)) ?? 1000;
    const down = (y) => HEIGHT / 2 - (y / top) * (HEIGHT / 2 - 22);
    chart.replaceChildren();
    for (let x = Math.ceil(low); x <= high; x++) {
      chart.append(drawn("line", { x1: across(x), x2: across(x), y1: down(top), y2: down(-top), class: "grid" }));
      chart.append(drawn("text", { x: across(x), y: HEIGHT - 6, "text-anchor": "middle" }, number(x)));
    }
    for (const y of [-top, -top / 2, 0, top / 2, top]) {
      chart.append(drawn("line", { x1: across(low), x2: across(high), y1: down(y), y2: down(y), class: y ? "grid" : "axis" }));
      chart.append(drawn("text", { x: EDGE - 6, y: down(y) + 4, "text-anchor": "end" }, number(y)));
    }
    chart.append(drawn("line", { x1: across(at), x2: across(at), y1: down(top), y2: down(-top), class: "look" }));
    chart.append(drawn("polyline", { points: places.map((x) => `${across(x)},${down(f(x))}`).join(" "), class: "curve" }));
    for (const part of parts) {
      const from = Math.max(part.from, low), to = Math.min(part.to, high), middle = (from + to) / 2;
      if (part.from !== -Infinity) chart.append(drawn("circle", { cx: across(part.from), cy: down(f(part.from)), r: 4.5, class: "bend" }));
      if (to - from < 0.8) continue;
      const aside = part.slope > 0 ? ["end", -8] : part.slope < 0 ? ["start", 8] : ["middle", 0];    // on the free side of the line
      chart.append(drawn("text", { x: across(middle) + aside[1], y: down(f(middle)) - 8, "text-anchor": aside[0], class: "slope" },
        `slope ${number(part.slope)}`));
    }
    chart.append(drawn("circle", { cx: across(at), cy: down(f(at)), r: 3.5, class: "here" }));
  }

  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const x = low + (((event.clientX - box.left) / box.width) * WIDTH - EDGE) / (WIDTH - 2 * EDGE) * (high - low);
    at = Math.max(low, Math.min(high, Math.round(x * 4) / 4));
    paint();
  });
  model.on("change:shown", build);
  model.on("change:b change:hinges", paint);
  build();
  return () => {
    model.off("change:shown", build);
    model.off("change:b change:hinges", paint);
  };
}

export default { render };
