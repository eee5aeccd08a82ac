// The parts of LookInside's page that show the state: the choice of an image, the column of all layers, the layer that is large, and what is
// known of one number. Each has its elements, and shows what it is given; what an act does is said by look_inside.js.

import { colour } from "./colours.js";
import { framedIn, kernelsOf, levelOf, mapsOf, mapsShown, ofWeights, scaleInWords, wayTo, weightsShown, WHAT } from "./look_state.js";
import { sumPictures } from "./look_sum.js";
import { number, percent, typeset } from "./numbers.js";
import { barList, button, element, slider, usable } from "./parts.js";
import { WIDEST_CELL, NUMBER_WIDTH, makeSheet } from "./sheet.js";

const KEY = { unit: "the unit", field: "what it comes from", feeds: "what it goes into", winner: "a window's maximum" };
const SMALLEST = 24;                                                // pixels a side of a large map: rather does the sheet scroll
const BESIDE = 1120, DETAILS = 400, APART = 16, SCREEN = 520;    // pixels: a widget and what is known of a number, beside maps that fit a screen

// Frames on a sheet what belongs to the unit that `told` is about, and the cursor if it is in this level. Returns what is framed, in words.
function frames(on, level, told, cursor) {
  on.clear();
  const { regions, winner, words } = framedIn(level, told, cursor && cursor.index);
  for (const { style, channels, rows, columns } of regions)
    if (level.shape.length === 1) {
      const all = columns[0] === 0 && columns[1] === level.shape[0] - 1 && columns[1] > 0;
      const [t, i, j] = on.picture.place({ index: [columns[0]] });
      if (all) on.frame(style, [0, 0, 0], [on.picture.h - 1, on.picture.w - 1]);
      else on.frame(style, [t, i, j]);
    } else
      for (let c = channels[0]; c <= channels[1]; c++) {
        const from = on.picture.place({ index: [c, rows[0], columns[0]] });
        if (from) on.frame(style, from, [rows[1], columns[1]]);
      }
  for (const [style, at] of [["winner", winner && { index: winner }], ["unit", cursor]]) {
    const place = at && on.picture.place(at);
    if (place) on.frame(style, place);
  }
  return words;
}

const cursorIn = (n, { cursor }) => (cursor.level === n ? cursor : null);

// The controls of the image: { controls, put(page) }. `turnTo` is called with the number of the image that is wanted.
export function imageChoice(turnTo) {
  let page;
  const previous = button("Previous", "the image before", () => go(page.image - 1));
  const next = button("Next", "the image after", () => go(page.image + 1));
  const field = element("input", { type: "number", min: 0, step: 1, "aria-label": "number of the image", onchange: () => go(field.valueAsNumber),
    onkeydown: (event) => { if (event.key === "Enter") go(field.valueAsNumber); } });          // JupyterLab lets no Enter through
  const images = slider("choose an image", { high: 0, words: (image) => `image ${image}` }, go);
  const count = element("span", {}), verdict = element("span", { class: "verdict" });

  function show(image) {
    field.value = image;
    images.put(image, ` of ${page.count}`);
  }

  function go(wanted) {
    const image = Math.max(0, Math.min(page.count - 1, Math.round(Number.isFinite(wanted) ? wanted : page.image)));
    show(image);
    turnTo(image);
  }

  function put(newest) {
    page = newest;
    field.max = images.input.max = page.count - 1;
    show(page.image);
    count.textContent = `of ${page.count.toLocaleString("en")}`;
    usable(previous, page.image > 0);
    usable(next, page.image < page.count - 1);
    verdict.textContent = typeset(page.verdict);
  }
  return { controls: [element("label", {}, "image ", field), count, previous, next, images.host, verdict], put };
}

// The network, layer by layer: a strip of small maps and a button each, and the classes: { host, put(page, levels), layOut, mark }.
// `point(sheet, n, event)` hears of the pointer over the maps of level n, `choose(n, along)` of a click on them or, along with the cursor, on its button.
export function layerColumn({ point, choose }) {
  const host = element("div", { class: "network" }), classes = barList("class, score, probability");
  let strips = null, laid = null;

  function build(levels) {
    strips = levels.map(({ name, about, colour: layer, shape: [C, ...side] }, n) => {
      const sheet = makeSheet({ "aria-hidden": "true", onpointermove: (event) => point(sheet, n, event), onclick: () => choose(n) });
      const choice = button(name, about, () => choose(n, true), { "aria-pressed": "false", style: `--layer: ${layer}` });
      const shape = side.length ? `${C} ${C > 1 ? "maps" : "map"} of ${side.join("x")}` : `${C} numbers`;
      const key = n ? "" : element("div", { class: "key" }, ...Object.entries(KEY).map(([style, text]) => element("div", { class: style }, text)));
      const strip = element("div", { class: "level" }, element("div", {}, choice, element("span", {}, shape)),
        element("div", { class: "strip" }, sheet.host, key));
      return { sheet, choice, strip };
    });
    host.replaceChildren(...strips.map(({ strip }) => strip), classes.host);
  }

  function put(page, levels) {                                      // the elements of the layers are made once
    if (!strips) build(levels);
    laid = null;
    const shares = page.classes.map((c) => c.share ?? NaN);
    classes.put(shares, { [page.label]: "label" }, page.classes.map((c, k) => `${typeset(c.score)}   ${percent(shares[k], 2)}`));
  }

  function layOut(levels, { chosen, what }) {
    const key = what === "dout" ? "dout" : "out", narrow = Math.max(160, Math.min(292, host.clientWidth) - 6);
    if (laid !== `${key} ${narrow}`) {
      laid = `${key} ${narrow}`;
      levels.forEach((level, n) => layStrip(strips[n].sheet, level, key, narrow));
    }
    strips.forEach(({ choice, strip }, n) => {
      choice.setAttribute("aria-pressed", n === chosen);
      strip.classList.toggle("chosen", n === chosen);
    });
  }

  function layStrip(sheet, level, key, room) {
    const free = level.shape.length === 1, picture = { ...mapsOf(level, key), free: free && level.shape[0] <= 50 };
    const tall = (s) => (picture.free ? 12 : free ? 60 : s > 2 ? 46 : 74);
    sheet.lay(picture, level.scale[key], room, tall, free ? [5, 4, 3, 2, 1] : [12, 8, 6, 4, 3, 2, 1, 0.5], false);
    sheet.draw();
  }

  function mark(levels, state, told) {
    levels.forEach((level, n) => {
      const { sheet } = strips[n], words = frames(sheet, level, told, cursorIn(n, state));
      const { low, high } = level.scale[state.what === "dout" ? "dout" : "out"];
      sheet.base.setAttribute("aria-label", `${level.name}, ${level.about}: from ${number(low)} to ${number(high)}${words}`);
    });
  }
  return { host, put, layOut, mark };
}

// The layer that is large, as a sheet of its maps or of its weights: { title, parts, sheet, layOut, mark, placeOf, bring }. `layOut` returns
// whether the sheet leaves room beside it for what is known of a number.
export function largeLayer() {
  const title = element("div", { class: "title" }), scaleWords = element("span", {});
  const bar = element("canvas", { class: "scale", role: "img", width: 120, height: 12 });
  const legend = element("div", { class: "legend" }, bar, scaleWords);
  const sheet = makeSheet({ tabindex: 0, role: "application" });
  const scroll = element("div", { class: "scroll" }, sheet.host), none = element("p", { class: "none" });

  // `weights` has those of the layers that have come, `wide` is the width of the whole widget, `most` of what is beside the column of layers.
  function layOut(levels, state, weights, wide, most) {
    const { chosen, what, zoom } = state, level = levels[chosen], weighty = ofWeights(what), own = weights.get(level.name);
    none.hidden = !weighty || Boolean(level.weights && own);
    legend.hidden = scroll.hidden = !none.hidden;
    title.textContent = `${level.name}: ${typeset(level.about)}`;
    if (!none.hidden) {
      const having = levels.filter((one) => one.weights).map((one) => one.name).join(", ");
      none.textContent = level.weights ? "The weights are on their way." : `${level.name} has no weights. Choose a layer that has: ${having}.`;
      return false;
    }
    const tall = wide < 860 ? 1000 : Math.max(300, Math.min(460, wide * 0.4));
    const room = Math.max(280, most - 16), row = room < 20 * NUMBER_WIDTH ? 10 : 20;         // numbers of a vector in a row
    const picture = weighty ? kernelsOf(level, levels[chosen - 1], own[what], cursorIn(chosen, state)?.index ?? null, zoom, row)
      : mapsOf(level, what, zoom, zoom == null ? 50 : row);
    const least = weighty || picture.numbers ? 1 : Math.min(40, Math.ceil(SMALLEST / Math.max(picture.h, picture.w)));
    const scale = weighty ? own.scale[what] : level.scale[what];
    const sizes = Array.from({ length: WIDEST_CELL + 1 - least }, (_, n) => WIDEST_CELL - n);
    const beside = wide >= BESIDE && sheet.lay(picture, scale, room - DETAILS - APART, () => SCREEN, sizes.filter((s) => s >= 3), true);
    if (!beside) sheet.lay(picture, scale, room, () => tall, sizes, true);
    describe(level, state, scale, sheet.draw());
    return beside;
  }

  function describe(level, { what, zoom }, scale, unit) {
    const shown = ofWeights(what) ? weightsShown(level, zoom) : mapsShown(level, zoom), { low, high, words } = scaleInWords(what, shown, scale, unit);
    scaleWords.textContent = words;
    bar.setAttribute("aria-label", `colour scale from ${low} to ${high}`);
    const context = bar.getContext("2d");
    for (let x = 0; x < bar.width; x++) {
      const part = x / (bar.width - 1);
      context.fillStyle = `rgb(${colour((scale.ink ? part : 2 * part - 1) * scale.top, scale.top, scale.ink)})`;
      context.fillRect(x, 0, 1, bar.height);
    }
    sheet.base.setAttribute("aria-label", `${level.name}, ${WHAT[what]}, ${shown}: from ${number(scale.low)} to ${number(scale.high)}`);
    sheet.over.setAttribute("aria-label", `${level.name}, ${WHAT[what]}, ${shown}. Arrow keys walk, ` +
      `Enter shows ${zoom == null ? "the numbers of a map" : "all maps"}, Page Up and Page Down change the layer, Space holds the cursor.`);
  }

  function mark(levels, state, told) {
    if (scroll.hidden) return;
    const cursor = cursorIn(state.chosen, state);
    if (!sheet.picture.weighty) { frames(sheet, levels[state.chosen], told, cursor); return; }
    sheet.clear();
    const place = placeOf(state);
    if (place) sheet.frame("unit", place);
  }

  function placeOf(state) {                                         // of the cursor, or null: it may be elsewhere, or at no weight
    const cursor = cursorIn(state.chosen, state);
    return cursor && !scroll.hidden && (cursor.weight || !sheet.picture.weighty) ? sheet.picture.place(cursor) : null;
  }

  function bring(state) {                                           // the cursor into sight, if the sheet is larger than its window
    const place = placeOf(state);
    if (!place) return;
    const { left, top, width, height } = sheet.box(place);
    scroll.scrollTop = Math.max(top + height + 8 - scroll.clientHeight, Math.min(scroll.scrollTop, top - 8));
    scroll.scrollLeft = Math.max(left + width + 8 - scroll.clientWidth, Math.min(scroll.scrollLeft, left - 8));
  }
  return { parts: [legend, none, scroll], title, sheet, layOut, mark, placeOf, bring };
}

// What is known of one number: { host, put(unit, levels), draw(unit, levels), wait(words) }. `draw` only draws its sum anew, for another width.
export function unitDetails() {
  const name = element("span", { class: "name" }), entry = element("code", { class: "entry" });
  const pictures = sumPictures();
  const sum = element("div", { class: "work sum" }), terms = element("ol", { class: "terms" }), weightWords = element("div", { class: "weight" });
  const comes = element("ul", { class: "comes" }), goes = element("span", { class: "goes" }), gradient = element("span", { class: "back" });
  const busy = element("div", { class: "busy of-kernel" });
  const host = element("div", { class: "details" }, element("div", {}, name, " ", entry), busy, weightWords, pictures.host,
    element("div", {}, element("b", {}, "Comes from "), comes), element("div", {}, element("b", {}, "Goes into "), goes),
    element("div", {}, element("b", {}, "Comes back "), gradient), sum, terms);
  let before = null;

  function put(unit, levels) {
    name.textContent = typeset(`${unit.name} = ${unit.value}, gradient ${unit.gradient}`);
    entry.textContent = unit.entry;
    sum.textContent = typeset(unit.sum);
    weightWords.textContent = typeset(unit.weightWords);
    terms.replaceChildren(...unit.terms.map((term) => element("li", {}, typeset(term))));
    comes.replaceChildren(...(unit.comes.length ? unit.comes : ["nowhere: it is given"]).map((words) => element("li", {}, typeset(words))));
    goes.textContent = typeset(unit.goes);
    gradient.textContent = typeset(unit.back);
    draw(unit, levels);
    if (before !== unit.layer) host.style.minHeight = "";
    before = unit.layer;
    host.style.minHeight = `${Math.max(parseInt(host.style.minHeight) || 0, host.offsetHeight)}px`;      // so that nothing jumps
  }

  function draw(unit, levels) {
    const n = levelOf(levels, unit.layer);
    pictures.put(unit, levels[n], levels[n - 1], wayTo(levels, unit), Math.max(220, host.clientWidth));
  }
  return { host, put, draw, wait: (words) => { busy.textContent = words; } };
}
