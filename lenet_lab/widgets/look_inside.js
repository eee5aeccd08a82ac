// The page of LookInside: every layer as a sheet of small maps, one layer large, and one cursor on all of them. What follows from the
// state is in look_state.js, the drawn sum in look_sum.js; here are the controls. The maps come with the traits `page` and `values`. What
// belongs to the unit under the cursor is asked of Python, one question at a time: while an answer is awaited, only the newest place of the
// cursor is kept. Where the page has the layer's weights it shows its own answer (look_facts.js) until Python's has come.

import { colour } from "./colours.js";
import { facts } from "./look_facts.js";
import { alike, brightest, entryAt, floatsOf, framedIn, kernelsOf, levelsOf, mapsOf, mapsShown, onward, passOf, sameAnswer, scaleInWords, strongest,
  wayOf, weightsOf, weightsShown, WHAT } from "./look_state.js";
import { sumPictures } from "./look_sum.js";
import { number, percent, typeset } from "./numbers.js";
import { announcer, barList, button, choice, element, slider, usable, widget } from "./parts.js";
import { NUMBER_WIDTH, makeSheet } from "./sheet.js";
import { openView, pageState } from "./views.js";

const CHOICES = { out: "activations", dout: "gradients", W: "weights", dW: "weight gradients" };
const KEY = { unit: "the unit", field: "what it comes from", feeds: "what it goes into", winner: "a window's maximum" };

const FEW = 50_000;                                                 // weights of a layer that are fetched unasked, so that the page can answer
const SMALLEST = 24;                                                // pixels a side of a large map: rather does the sheet scroll
const PACE = 500;                                                   // milliseconds a step of the window that moves

function render({ model, el }) {
  const view = Math.random().toString(36).slice(2);
  const state = pageState(model, { chosen: 1, what: "out", zoom: null, held: false, cursor: null });
  let page, levels, told, { chosen, what, zoom, held, cursor } = state;          // the cursor: { level, index, weight }
  let asked = false, again = false, waiting = null, news = "", roomSeen = 0, moving = null, laid = null;
  const weights = new Map(), wanted = new Set();                   // of this image: layer -> its weights; layers whose weights are on their way

  // ------------------------------------------------------------------------------------------------- what never changes
  const heard = announcer();
  const previous = button("Previous", "the image before", () => goTo(page.image - 1));
  const next = button("Next", "the image after", () => goTo(page.image + 1));
  const field = element("input", { type: "number", min: 0, step: 1, "aria-label": "number of the image", onchange: () => goTo(field.valueAsNumber),
    onkeydown: (event) => { if (event.key === "Enter") goTo(field.valueAsNumber); } });          // JupyterLab lets no Enter through
  const images = slider("choose an image", { high: 0, words: (image) => `image ${image}` }, goTo);
  const count = element("span", {}), verdict = element("span", { class: "verdict" });
  const show = choice("what is shown", Object.entries(CHOICES), (value) => { what = value; zoom = null; enter(chosen); });
  const network = element("div", { class: "network" }), classes = barList("class, score, probability");
  const title = element("div", { class: "title" }), scaleWords = element("span", {});
  const bar = element("canvas", { class: "scale", role: "img", width: 120, height: 12 });
  const legend = element("div", { class: "legend" }, bar, scaleWords);
  const hold = button("Hold", "let the pointer pass without moving the cursor (Space)", () => holding(!held), { "aria-pressed": "false" });
  const slide = button("Move the window", "let the window move over the map, number by number", () => (moving ? stay() : begin()));
  const back = button("All maps", "back to all maps (Escape)", () => unzoom());
  const sheet = makeSheet({ tabindex: 0, role: "application", onpointermove: (event) => point(sheet, chosen, event), onkeydown: key,
    onclick: (event) => { sheet.over.focus({ preventScroll: true }); click(event); } });
  const scroll = element("div", { class: "scroll" }, sheet.host), none = element("p", { class: "none" });
  const name = element("span", { class: "name" }), entry = element("code", { class: "entry" });
  const pictures = sumPictures();
  const sum = element("div", { class: "work sum" }), terms = element("ol", { class: "terms" }), weightWords = element("div", { class: "weight" });
  const comes = element("ul", { class: "comes" }), goes = element("span", { class: "goes" }), gradient = element("span", { class: "back" });
  const busy = element("div", { class: "busy of-kernel" });
  const details = element("div", { class: "details" }, element("div", {}, name, " ", entry), busy, weightWords,
    element("div", {}, element("b", {}, "Comes from "), comes), element("div", {}, element("b", {}, "Goes into "), goes),
    element("div", {}, element("b", {}, "Comes back "), gradient), pictures.host, sum, terms);
  const root = widget("look", "Inside a network: maps, kernels and one unit",
    element("div", { class: "bar-of-controls" }, element("label", {}, "image ", field), count, previous, next, images.host, verdict),
    element("div", { class: "body" }, network,
      element("div", { class: "main" }, element("div", { class: "head" }, title, show, back, hold, slide), legend, none, scroll, details)), heard.host);
  const host = openView({ model, el }, root, "Maps and their numbers are here, sums where the page has the weights; other images are not.");

  // ----------------------------------------------------------------------------------------------------- from Python
  function build() {
    const first = !page;
    page = model.get("page");
    const old = levels;
    levels = levelsOf(page, floatsOf(model.get("values"))).map((level, n) => ({ ...level, sheet: old?.[n].sheet, button: old?.[n].button }));
    weights.clear();
    wanted.clear();
    laid = null;
    field.max = images.input.max = page.count - 1;
    field.value = page.image;
    images.put(page.image, ` of ${page.count}`);
    count.textContent = `of ${page.count.toLocaleString("en")}`;
    usable(previous, page.image > 0);
    usable(next, page.image < page.count - 1);
    verdict.textContent = typeset(page.verdict);
    if (!first) news = `Image ${page.image}: ${verdict.textContent}. `;
    if (first) { column(); cursor ??= { level: levelOf(page.unit.layer), index: page.unit.index, weight: null }; }
    fillClasses();
    layOut();
    if (same(page.unit, cursor)) take(page.unit);
    else ask();
  }

  const levelOf = (layer) => levels.findIndex((level) => level.name === layer);
  const same = (unit, at) => levelOf(unit.layer) === at.level && alike(unit, at);

  function hear(message, buffers) {
    if (message.view !== view) return;
    if (message.weights) {
      if (message.image !== page.image) return;
      weights.set(message.weights, weightsOf(buffers.map(floatsOf)));
      if (what !== "W" && what !== "dW") return;
      layOut();
      return;
    }
    asked = false;
    clearTimeout(waiting);
    busy.textContent = "";
    if (message.image === page.image && !(same(message.unit, cursor) && sameAnswer(told, message.unit))) take(message.unit);
    if (again) { again = false; ask(); }
  }

  function fetch(level) {
    if (wanted.has(level.name)) return;
    wanted.add(level.name);
    host.send({ do: "weights", view, layer: level.name });
  }

  function ask() {
    const here = levels[cursor.level], count = here.weights?.reduce((product, length) => product * length, 1) ?? 0;
    const known = !count || weights.has(here.name);
    clearTimeout(waiting);
    busy.textContent = "";
    if (known) take(facts(passOf(page, levels, weights), here.name, cursor.index, cursor.weight));
    else {
      if (count <= FEW) fetch(here);
      waiting = setTimeout(() => {
        busy.textContent = `${here.name} (${cursor.index.join(", ")}) = ${number(here.out[entryAt(here, cursor.index)], 4)}. ` +
          "Python is busy: frames and sums follow when the running cell is done. If the kernel was restarted, run this cell again.";
      }, 1000);
    }
    if (asked) { again = true; return; }
    asked = true;
    host.send({ do: "unit", view, layer: here.name, index: cursor.index, weight: cursor.weight });
  }

  function goTo(image) {
    if (!Number.isFinite(image)) image = page.image;
    image = Math.max(0, Math.min(page.count - 1, Math.round(image)));
    field.value = image;
    images.put(image, ` of ${page.count}`);
    if (image === model.get("image")) return;
    model.set("image", image);
    model.save_changes();
  }

  // ------------------------------------------------------------------------------------------------------------ layout
  function column() {                                             // the network, layer by layer: made once
    network.replaceChildren(...levels.map((level, n) => {
      level.sheet = makeSheet({ "aria-hidden": "true", onpointermove: (event) => point(level.sheet, n, event), onclick: () => choose(n) });
      level.button = button(level.name, level.about, () => choose(n, true), { "aria-pressed": "false", style: `--layer: ${level.colour}` });
      const [C, ...side] = level.shape;
      const shape = side.length ? `${C} ${C > 1 ? "maps" : "map"} of ${side.join("x")}` : `${C} numbers`;
      const key = n ? "" : element("div", { class: "key" }, ...Object.entries(KEY).map(([style, text]) => element("div", { class: style }, text)));
      return element("div", { class: "level" }, element("div", {}, level.button, element("span", {}, shape)),
        element("div", { class: "strip" }, level.sheet.host, key));
    }), classes.host);
  }

  function fillClasses() {
    const shares = page.classes.map((c) => c.share ?? NaN);
    classes.put(shares, { [page.label]: "label" }, page.classes.map((c, k) => `${typeset(c.score)}   ${percent(shares[k], 2)}`));
  }

  function layOut() {
    const key = what === "dout" ? "dout" : "out", narrow = Math.max(160, Math.min(292, network.clientWidth) - 6);
    if (laid !== `${key} ${narrow}`) {
      laid = `${key} ${narrow}`;
      levels.forEach((level) => laySmall(level, key, narrow));
    }
    levels.forEach((level, n) => {
      level.button.setAttribute("aria-pressed", n === chosen);
      level.button.closest(".level").classList.toggle("chosen", n === chosen);
    });
    laySheet();
    mark();
  }

  function laySmall(level, key, room) {
    const free = level.shape.length === 1, picture = { ...mapsOf(level, key), free: free && level.shape[0] <= 50 };
    const tall = (s) => (picture.free ? 12 : free ? 60 : s > 2 ? 46 : 74);
    level.sheet.lay(picture, level.scale[key], room, tall, free ? [5, 4, 3, 2, 1] : [12, 8, 6, 4, 3, 2, 1, 0.5], false);
    level.sheet.draw();
  }

  function laySheet() {
    const level = levels[chosen], weighty = what === "W" || what === "dW", tall = root.clientWidth < 860 ? 1000 : Math.max(300, Math.min(460, root.clientWidth * 0.4));
    const missing = weighty && !level.weights;
    back.hidden = zoom == null;
    none.hidden = !missing && !(weighty && !weights.has(level.name));
    legend.hidden = scroll.hidden = !none.hidden;
    title.textContent = `${level.name}: ${typeset(level.about)}`;
    if (!none.hidden) {
      const having = levels.filter((l) => l.weights).map((l) => l.name).join(", ");
      none.textContent = missing ? `${level.name} has no weights. Choose a layer that has: ${having}.` : "The weights are on their way.";
      if (!missing) fetch(level);
      return;
    }
    const at = cursor.level === chosen ? cursor.index : null;
    const room = Math.max(280, scroll.clientWidth - 6), row = room < 20 * NUMBER_WIDTH ? 10 : 20;         // numbers of a vector in a row
    const picture = weighty ? kernelsOf(level, levels[chosen - 1], weights.get(level.name)[what], at, zoom, row)
      : mapsOf(level, what, zoom, zoom == null ? 50 : row);
    const least = weighty || picture.numbers ? 1 : Math.min(40, Math.ceil(SMALLEST / Math.max(picture.h, picture.w)));
    const scale = weighty ? weights.get(level.name).scale[what] : level.scale[what];
    sheet.lay(picture, scale, room, () => tall, Array.from({ length: 41 - least }, (_, n) => 40 - n), true);
    describeSheet(level, scale, weighty, sheet.draw());
  }

  function describeSheet(level, scale, weighty, unit) {
    const shown = weighty ? weightsShown(level, zoom) : mapsShown(level, zoom), { low, high, words } = scaleInWords(what, shown, scale, unit);
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

  // ------------------------------------------------------------------------------------------------------------ cursor
  function point(on, n, event) {
    if (held || moving) return;
    const cell = on.hit(event);
    const unit = cell && on.picture.unit(...cell);
    if (unit) move(n, unit);
  }

  function move(level, unit) {
    if (cursor.level === level && alike(cursor, unit)) return;
    cursor = { level, ...unit };
    news = "";
    mark();
    ask();
  }

  function begin() {                                              // the window moves on, number by number, to the end of its map
    if (levels[cursor.level].shape.length === 1) return;
    slide.textContent = "Stop";
    moving = setInterval(() => {
      const to = onward(levels[cursor.level], cursor.index);
      if (!to) { stay(); return; }
      move(cursor.level, { index: to, weight: null });
      if (cursor.level === chosen) bring();
    }, PACE);
  }

  function stay() {
    clearInterval(moving);
    moving = null;
    slide.textContent = "Move the window";
  }

  function click(event) {
    const cell = sheet.hit(event);
    if (!cell) return;
    if (zoom != null) holding(!held);
    else zoomAt(cell);
  }

  function zoomAt([t, i, j]) {
    const unit = sheet.picture.unit(t, i, j);
    if (!unit) return;
    zoom = unit.index[0];
    cursor = { level: chosen, ...unit };
    laySheet();
    mark();
    bring();
    ask();
  }

  function unzoom() {
    if (zoom == null) return;
    const focus = document.activeElement === back;
    zoom = null;
    laySheet();
    mark();
    if (focus) sheet.over.focus({ preventScroll: true });
  }

  function holding(now) {
    held = state.held = now;
    hold.setAttribute("aria-pressed", held);
    hold.textContent = held ? "Let go" : "Hold";
  }

  function choose(n, along = false) {                             // show a layer large, and perhaps take the cursor along
    chosen = n;
    zoom = null;
    if (along) enter(n);
    else layOut();
  }

  function enter(n) {                                             // and take the cursor there: to what is framed in it, else to its largest number
    const level = levels[n], weighty = (what === "W" || what === "dW") && level.weights;
    let { index } = cursor;
    if (cursor.level !== n) {
      const framed = told?.fields.find((f) => f.name === level.name) ?? (told?.feeds?.name === level.name ? told.feeds : null);
      index = framed ? strongest(level, framed) : brightest(level);
    }
    chosen = n;
    const weight = weighty ? cursor.level === n && cursor.weight ? cursor.weight : level.weights.length === 2 ? [0] : [0, 0, 0] : null;
    cursor = { level: n, index, weight };
    layOut();
    ask();
  }

  function key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const acts = { PageUp: () => chosen > 0 && choose(chosen - 1, true), PageDown: () => chosen + 1 < levels.length && choose(chosen + 1, true),
      Enter: () => (zoom != null ? unzoom() : cursor.level === chosen && zoomAt(sheet.picture.place(cursor))),
      Escape: unzoom, " ": () => holding(!held) };
    if (event.ctrlKey || event.metaKey || event.altKey || !(moves[event.key] || acts[event.key])) return;
    event.preventDefault();
    event.stopPropagation();
    if (acts[event.key]) { acts[event.key](); return; }
    if (cursor.level !== chosen) { enter(chosen); return; }
    const here = sheet.picture.place(cursor), to = here && sheet.step(here, ...moves[event.key]), unit = to && sheet.picture.unit(...to);
    if (unit) { move(chosen, unit); bring(); }
  }

  function bring() {                                              // the cursor into sight, if the sheet is larger than its window
    const place = cursor.level === chosen && !scroll.hidden && sheet.picture.place(cursor);
    if (!place) return;
    const { left, top, width, height } = sheet.box(place);
    scroll.scrollTop = Math.max(top + height + 8 - scroll.clientHeight, Math.min(scroll.scrollTop, top - 8));
    scroll.scrollLeft = Math.max(left + width + 8 - scroll.clientWidth, Math.min(scroll.scrollLeft, left - 8));
  }

  // ------------------------------------------------------------------------------------------------------------ frames
  function mark() {
    Object.assign(state, { chosen, what, zoom, cursor });
    levels.forEach((level, n) => {
      const words = frames(level.sheet, level, n);
      const { low, high } = level.scale[what === "dout" ? "dout" : "out"];
      level.sheet.base.setAttribute("aria-label", `${level.name}, ${level.about}: from ${number(low)} to ${number(high)}${words}`);
    });
    if (scroll.hidden) return;
    if (sheet.picture.weighty) {
      sheet.clear();
      const place = cursor.level === chosen && cursor.weight && sheet.picture.place(cursor);
      if (place) sheet.frame("unit", place);
    } else frames(sheet, levels[chosen], chosen);
  }

  function frames(on, level, n) {                                 // returns what is framed, in words
    on.clear();
    const { regions, winner, words } = framedIn(level, told, cursor.level === n ? cursor.index : null);
    const box = ({ style, channels, rows, columns }) => {
      if (level.shape.length === 1) {
        const all = columns[0] === 0 && columns[1] === level.shape[0] - 1 && columns[1] > 0;
        const [t, i, j] = on.picture.place({ index: [columns[0]] });
        if (all) on.frame(style, [0, 0, 0], [on.picture.h - 1, on.picture.w - 1]);
        else on.frame(style, [t, i, j]);
        return;
      }
      for (let c = channels[0]; c <= channels[1]; c++) {
        const from = on.picture.place({ index: [c, rows[0], columns[0]] });
        if (from) on.frame(style, from, [rows[1], columns[1]]);
      }
    };
    regions.forEach(box);
    for (const [style, at] of [["winner", winner && { index: winner }], ["unit", cursor.level === n && cursor]]) {
      const place = at && on.picture.place(at);
      if (place) on.frame(style, place);
    }
    return words;
  }

  // ----------------------------------------------------------------------------------------------------------- details
  function take(unit) {
    const before = told?.layer;
    told = unit;
    mark();
    name.textContent = typeset(`${unit.name} = ${unit.value}, gradient ${unit.gradient}`);
    entry.textContent = unit.entry;
    sum.textContent = typeset(unit.sum);
    weightWords.textContent = typeset(unit.weightWords);
    terms.replaceChildren(...unit.terms.map((term) => element("li", {}, typeset(term))));
    comes.replaceChildren(...(unit.comes.length ? unit.comes : ["nowhere: it is given"]).map((words) => element("li", {}, typeset(words))));
    goes.textContent = typeset(unit.goes);
    gradient.textContent = typeset(unit.back);
    drawSum();
    usable(slide, Boolean(way()));
    if (before !== unit.layer) details.style.minHeight = "";
    details.style.minHeight = `${Math.max(parseInt(details.style.minHeight) || 0, details.offsetHeight)}px`;      // so that nothing jumps
    heard.say(news + typeset(unit.weightWords ? `${unit.weightWords}. ${unit.said}` : unit.said));      // when the cursor rests
  }

  const way = () => (told.fields.length ? wayOf(levels[levelOf(told.layer)], levels[levelOf(told.layer) - 1], told) : null);

  function drawSum() {
    const n = levelOf(told.layer);
    pictures.put(told, levels[n], levels[n - 1], way(), Math.max(220, details.clientWidth));
  }

  // ------------------------------------------------------------------------------------------------------------- start
  const watcher = new ResizeObserver(() => {
    if (root.clientWidth === roomSeen || !root.clientWidth) return;
    roomSeen = root.clientWidth;
    layOut();
    if (told) drawSum();
  });
  watcher.observe(root);
  host.on("change:page", build);
  host.on("msg:custom", hear);
  show.value = what;
  holding(held);
  build();
  return host.end(() => {
    watcher.disconnect();
    clearTimeout(waiting);
    clearInterval(moving);
    heard.stop();
  });
}

export default { render };
