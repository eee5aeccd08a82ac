// The page of LookInside: every layer as a sheet of small maps, one layer large, and one cursor on all of them.
// The maps come with the traits `page` and `values`; what belongs to the unit under the cursor (its receptive fields, its sum) is
// asked of Python, one question at a time: while an answer is awaited, only the newest place of the cursor is kept.

import { colour, inkOn, scaleOf } from "./colours.js";
import { number, percent, typeset } from "./numbers.js";
import { announcer, barList, button, choice, element, slider, usable, widget } from "./parts.js";
import { inCells, makeSheet } from "./sheet.js";
import { openView, pageState } from "./views.js";

const CHOICES = { out: "activations", dout: "gradients", W: "weights", dW: "weight gradients" };
const WHAT = { out: "activations", dout: "gradient of the activations", W: "weights", dW: "gradient of the weights" };
const KEY = { unit: "the unit", field: "what it comes from", feeds: "what it goes into", winner: "a window's maximum" };

const size = (shape) => shape.reduce((product, length) => product * length, 1);

function render({ model, el }) {
  const view = Math.random().toString(36).slice(2);
  const state = pageState(model, { chosen: 1, what: "out", zoom: null, held: false, cursor: null });
  let page, levels, facts, { chosen, what, zoom, held, cursor } = state;         // the cursor: { level, index, weight }
  let asked = false, again = false, waiting = null, news = "", roomSeen = 0;
  const weights = new Map();                                        // layer -> { W, dW } of this image

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
  const back = button("All maps", "back to all maps (Escape)", () => unzoom());
  const sheet = makeSheet({ tabindex: 0, role: "application", onpointermove: (event) => point(sheet, chosen, event), onkeydown: key,
    onclick: (event) => { sheet.over.focus({ preventScroll: true }); click(event); } });
  const scroll = element("div", { class: "scroll" }, sheet.host), none = element("p", { class: "none" });
  const name = element("span", { class: "name" }), entry = element("code", { class: "entry" });
  const tiles = element("canvas", { class: "tiles", role: "img" });
  const sum = element("div", { class: "work sum" }), terms = element("ol", { class: "terms" }), weightWords = element("div", { class: "weight" });
  const comes = element("ul", { class: "comes" }), goes = element("span", { class: "goes" }), gradient = element("span", { class: "back" });
  const busy = element("div", { class: "busy of-kernel" });
  const details = element("div", { class: "details" }, element("div", {}, name, " ", entry), busy, weightWords,
    element("div", {}, element("b", {}, "Comes from "), comes), element("div", {}, element("b", {}, "Goes into "), goes),
    element("div", {}, element("b", {}, "Comes back "), gradient), tiles, sum, terms);
  const root = widget("look", "Inside a network: maps, kernels and one unit",
    element("div", { class: "bar-of-controls" }, element("label", {}, "image ", field), count, previous, next, images.host, verdict),
    element("div", { class: "body" }, network,
      element("div", { class: "main" }, element("div", { class: "head" }, title, show, back, hold), legend, none, scroll, details)), heard.host);
  const host = openView({ model, el }, root, "Maps and their numbers are here; frames, sums and other images are not.");

  // ----------------------------------------------------------------------------------------------------- from Python
  function build() {
    const first = !page;
    page = model.get("page");
    const bytes = model.get("values"), all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    let at = 0;
    const read = (length) => all.subarray(at, (at += length));
    const old = levels;
    levels = page.levels.map((level, n) => {
      const values = { out: read(size(level.shape)), dout: read(size(level.shape)) };
      const scale = { out: scaleOf(values.out), dout: scaleOf(values.dout) };
      for (const key of ["out", "dout"]) scale[key].whole = values[key].every(Number.isInteger);
      if (!n && scale.out.low >= 0) scale.out.ink = true;
      return { ...level, ...values, scale, sheet: old?.[n].sheet, button: old?.[n].button };
    });
    weights.clear();
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
  const alike = (a, b) => String(a.index) === String(b.index) && String(a.weight ?? "") === String(b.weight ?? "");

  function hear(message, buffers) {
    if (message.view !== view) return;
    if (message.weights) {
      const floats = buffers.map((b) => new Float32Array(b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength)));
      const scale = { W: scaleOf(floats[0]), dW: scaleOf(floats[1]) };
      for (const [key, values] of [["W", floats[0]], ["dW", floats[1]]]) scale[key].whole = values.every(Number.isInteger);
      if (message.image === page.image) weights.set(message.weights, { W: floats[0], dW: floats[1], scale });
      layOut();
      return;
    }
    asked = false;
    clearTimeout(waiting);
    busy.textContent = "";
    if (message.image === page.image) take(message.unit);
    if (again) { again = false; ask(); }
  }

  function ask() {
    if (asked) { again = true; return; }
    asked = true;
    host.send({ do: "unit", view, layer: levels[cursor.level].name, index: cursor.index, weight: cursor.weight });
    waiting = setTimeout(() => {
      const level = levels[cursor.level];
      busy.textContent = `${level.name} (${cursor.index.join(", ")}) = ${number(level.out[flat(level, cursor.index)], 4)}. ` +
        "Python is busy: frames and sums follow when the running cell is done. If the kernel was restarted, run this cell again.";
    }, 1000);
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

  // ------------------------------------------------------------------------------------------------ pictures of a layer
  const flat = (level, index) => index.reduce((at, i, axis) => at * level.shape[axis] + i, 0);
  const range = (values, from, length, text) => {
    const { low, high, lost } = scaleOf(values.subarray(from, from + length));
    return lost === length ? "nan" : low === high ? text(low) : `${text(low)}…${text(high)}`;
  };

  function mapsOf(level, key, only = null, wrap = 50) {           // its maps, or the map `only` with numbers
    const values = level[key], numbers = only != null;
    if (level.shape.length === 1) {
      const length = level.shape[0], w = Math.min(length, wrap), h = Math.ceil(length / w), at = (i, j) => i * w + j;
      return { tiles: 1, h, w, numbers, whole: true, value: (t, i, j) => (at(i, j) < length ? values[at(i, j)] : undefined),
        unit: (t, i, j) => (at(i, j) < length ? { index: [at(i, j)], weight: null } : null),
        place: ({ index: [m] }) => [0, Math.floor(m / w), m % w], label: null };
    }
    const [C, h, w] = level.shape, map = (t) => only ?? t;
    return { tiles: numbers ? 1 : C, h, w, numbers, value: (t, i, j) => values[(map(t) * h + i) * w + j],
      unit: (t, i, j) => ({ index: [map(t), i, j], weight: null }),
      place: ({ index: [c, i, j] }) => (numbers && c !== only ? null : [numbers ? 0 : c, i, j]),
      label: numbers ? null : (t, text) => [String(t), range(values, t * h * w, h * w, text)] };
  }

  function kernelsOf(level, key, only = null) {                   // all its kernels, or those of the unit `only` with numbers
    const values = weights.get(level.name)[key], numbers = only != null, below = levels[levels.indexOf(level) - 1];
    if (level.weights.length === 2) {
      const [D, M] = level.weights, [C, h, w] = below.shape.length === 3 ? below.shape : [1, Math.ceil(D / Math.min(D, 20)), Math.min(D, 20)];
      const d = (t, i, j) => (t * h + i) * w + j;
      if (numbers)
        return { weighty: true, tiles: C, h, w, numbers, value: (t, i, j) => (d(t, i, j) < D ? values[d(t, i, j) * M + only] : undefined),
          unit: (t, i, j) => (d(t, i, j) < D ? { index: [only], weight: [d(t, i, j)] } : null),
          place: ({ weight: [at] }) => [Math.floor(at / (h * w)), Math.floor((at % (h * w)) / w), at % w],
          label: C > 1 ? (t) => [`from ${t}`, ""] : null };
      return { weighty: true, tiles: 1, h: M, w: D, free: true, value: (t, i, j) => values[j * M + i],
        unit: (t, i, j) => ({ index: [i], weight: [j] }), place: ({ index: [m], weight: [at] }) => [0, m, at], label: null };
    }
    const [F, C, k] = level.weights, at = (f, c, i, j) => values[((f * C + c) * k + i) * k + j];
    const spot = (f) => [f, ...(levels[cursor.level] === level ? cursor.index : brightest(level, f)).slice(1)];
    if (numbers)
      return { weighty: true, tiles: C, h: k, w: k, numbers, value: (t, i, j) => at(only, t, i, j),
        unit: (t, i, j) => ({ index: spot(only), weight: [t, i, j] }), place: ({ weight }) => weight,
        label: C > 1 ? (t, text) => [`from ${t}`, range(values, (only * C + t) * k * k, k * k, text)] : null };
    const matrix = C > 1, f = (t) => t % F, c = (t) => Math.floor(t / F);
    return { weighty: true, tiles: F * C, h: k, w: k, across: matrix ? F : undefined, value: (t, i, j) => at(f(t), c(t), i, j),
      unit: (t, i, j) => ({ index: spot(f(t)), weight: [c(t), i, j] }),
      place: ({ index, weight }) => [weight[0] * F + index[0], weight[1], weight[2]],
      label: matrix ? null : (t, text) => [String(t), range(values, t * k * k, k * k, text)] };
  }

  function strongest(level, { channels, rows, columns }) {        // in the middle of what is framed, the map with the largest number there
    const middle = ([first, last]) => Math.floor((first + last) / 2);
    if (level.shape.length === 1) return columns[0] === columns[1] ? [columns[0]] : brightest(level);
    const all = Array.from({ length: channels[1] - channels[0] + 1 }, (_, n) => [channels[0] + n, middle(rows), middle(columns)]);
    return all.reduce((best, index) => (Math.abs(level.out[flat(level, index)]) > Math.abs(level.out[flat(level, best)]) ? index : best));
  }

  function brightest(level, map = null) {                         // the index of the largest activation of a layer, or of one map
    const length = map == null ? level.out.length : level.shape[1] * level.shape[2], from = map == null ? 0 : map * length;
    let best = from;
    for (let at = from; at < from + length; at++) if (Math.abs(level.out[at]) > Math.abs(level.out[best])) best = at;
    const [, height, width] = level.shape;
    return level.shape.length === 1 ? [best] : [Math.floor(best / (height * width)), Math.floor(best / width) % height, best % width];
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
    levels.forEach((level, n) => {
      const free = level.shape.length === 1;
      const picture = { ...mapsOf(level, key), free: free && level.shape[0] <= 50 };
      const tall = (s) => (picture.free ? 12 : free ? 60 : s > 2 ? 46 : 74);
      level.sheet.lay(picture, level.scale[key], narrow, tall, free ? [5, 4, 3, 2, 1] : [12, 8, 6, 4, 3, 2, 1, 0.5], false);
      level.sheet.draw();
      level.button.setAttribute("aria-pressed", n === chosen);
      level.button.closest(".level").classList.toggle("chosen", n === chosen);
    });
    laySheet();
    mark();
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
      if (!missing) host.send({ do: "weights", view, layer: level.name });
      return;
    }
    const picture = weighty ? kernelsOf(level, what, zoom) : mapsOf(level, what, zoom, zoom == null ? 50 : 20);
    const scale = weighty ? weights.get(level.name).scale[what] : level.scale[what];
    sheet.lay(picture, scale, Math.max(280, scroll.clientWidth - 6), () => tall, Array.from({ length: 40 }, (_, n) => 40 - n), true);
    describeSheet(level, scale, weighty, sheet.draw());
  }

  function mapsShown({ shape: [C, ...side] }) {
    if (!side.length) return `${C} numbers, row by row`;
    return zoom != null ? `map ${zoom}` : C > 1 ? `${C} maps` : "1 map";
  }

  function weightsShown({ weights: [first, second, ...kernel] }) {
    const inputs = first.toLocaleString("en");
    if (!kernel.length)
      return zoom != null ? `the ${inputs} weights of number ${zoom}` : `a row for each of ${second} numbers, a column for each of ${inputs} inputs`;
    if (zoom != null) return `filter ${zoom}`;
    return second > 1 ? `a column for each of ${first} filters, a row for each of ${second} input maps` : `${first} kernels`;
  }

  function describeSheet(level, scale, weighty, unit) {
    const [low, high] = scale.ink ? ["0", number(scale.top)] : [number(-scale.top), number(scale.top)];
    const shown = weighty ? weightsShown(level) : mapsShown(level);
    const colours = scale.ink ? `white 0, black ${high}` : `blue ${low}, white 0, red ${high}`;
    const units = unit === 1 ? "" : `; the small numbers times ${number(unit, 1)}`;
    const lost = scale.lost ? `; grey: ${scale.lost} are not finite numbers` : "";
    scaleWords.textContent = `${WHAT[what]}, ${shown}, one colour scale: ${colours}${units}${lost}`;
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
    if (held) return;
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
      const framed = facts?.fields.find((f) => f.name === level.name) ?? (facts?.feeds?.name === level.name ? facts.feeds : null);
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
    let words = "";
    const span = ([first, last]) => (first === last ? `${first}` : `${first} to ${last}`);
    const box = (style, { channels, rows, columns }) => {
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
    const framed = { field: facts?.fields.find((f) => f.name === level.name), feeds: facts?.feeds?.name === level.name && facts.feeds };
    for (const [style, region] of Object.entries(framed)) {
      if (!region) continue;
      box(style, region);
      words += `; framed${style === "feeds" ? " with dashes" : ""}: rows ${span(region.rows)}, columns ${span(region.columns)}`;
    }
    if (facts?.winner && facts.fields[0].name === level.name) {
      const place = on.picture.place({ index: facts.winner });
      if (place) on.frame("winner", place);
    }
    if (cursor.level === n) {
      const place = on.picture.place(cursor);
      if (place) on.frame("unit", place);
      words += `; the unit: ${cursor.index.join(", ")}`;
    }
    return words;
  }

  // ----------------------------------------------------------------------------------------------------------- details
  function take(unit) {
    const before = facts?.layer;
    facts = unit;
    mark();
    name.textContent = typeset(`${unit.name} = ${unit.value}, gradient ${unit.gradient}`);
    entry.textContent = unit.entry;
    sum.textContent = typeset(unit.sum);
    weightWords.textContent = typeset(unit.weightWords);
    terms.replaceChildren(...unit.terms.map((term) => element("li", {}, typeset(term))));
    comes.replaceChildren(...(unit.comes.length ? unit.comes : ["nowhere: it is given"]).map((words) => element("li", {}, typeset(words))));
    goes.textContent = typeset(unit.goes);
    gradient.textContent = typeset(unit.back);
    drawTiles(unit);
    if (before !== unit.layer) details.style.minHeight = "";
    details.style.minHeight = `${Math.max(parseInt(details.style.minHeight) || 0, details.offsetHeight)}px`;      // so that nothing jumps
    heard.say(news + typeset(unit.weightWords ? `${unit.weightWords}. ${unit.said}` : unit.said));      // when the cursor rests
  }

  function drawTiles(unit) {
    tiles.hidden = !unit.patch;
    if (!unit.patch) return;
    const numberOf = (v) => (v == null ? NaN : v), flatten = (part) => part.flat(2).map(numberOf);
    const C = unit.patch.length, k = unit.patch[0].length, from = levels[levelOf(unit.layer) - 1].scale.out;
    const parts = [{ title: unit.kernel ? "under it" : "the window", values: unit.patch, scale: from }];
    if (unit.kernel) parts.push({ title: "kernel", values: unit.kernel, scale: scaleOf(flatten(unit.kernel)) });
    const plain = C === 1 && k <= 9;
    if (plain && unit.kernel) {
      const products = [unit.patch[0].map((row, i) => row.map((v, j) => numberOf(v) * numberOf(unit.kernel[0][i][j])))];
      parts.push({ title: "products", values: products, scale: scaleOf(flatten(products)) });
    }
    const room = Math.max(280, details.clientWidth), ratio = window.devicePixelRatio || 1, left = plain ? 0 : 62;
    const cw = plain ? Math.min(46, Math.floor((room - 60) / parts.length / k)) : Math.max(1, Math.min(8, Math.floor(36 / k))), ch = plain ? 20 : cw;
    const pitch = plain ? k * cw + 24 : Math.max(k * cw, 34) + 4, across = plain ? parts.length : Math.max(1, Math.floor((room - left) / pitch));
    const group = plain ? k * ch + 42 : 2 * (k * ch + 3) + 38, groups = plain ? 1 : Math.ceil(C / across);
    const [wide, tall] = [plain ? parts.length * pitch : left + Math.min(C, across) * pitch, groups * group];
    if (tiles.width !== Math.ceil(wide * ratio) || tiles.height !== Math.ceil(tall * ratio)) {
      [tiles.width, tiles.height] = [Math.ceil(wide * ratio), Math.ceil(tall * ratio)];
      [tiles.style.width, tiles.style.height] = [`${wide}px`, `${tall}px`];
    }
    const context = tiles.getContext("2d"), ink = getComputedStyle(root).color;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, tall);
    context.textBaseline = "middle";
    const write = (text, x, y, font = "13px sans-serif", align = "left") => {
      Object.assign(context, { fillStyle: ink, font, textAlign: align });
      context.fillText(text, x, y);
    };
    const block = (rows, scale, x, y, lettered) => {
      const cells = inCells(scale.top, rows.every((row) => row.every(Number.isInteger)));
      rows.forEach((row, i) => row.forEach((value, j) => {
        const v = numberOf(value);
        const rgb = colour(v, scale.top, scale.ink);
        context.fillStyle = `rgb(${rgb})`;
        context.fillRect(x + j * cw, y + i * ch, cw, ch);
        if (!lettered) return;
        context.fillStyle = inkOn(rgb);
        context.font = "13px sans-serif";
        context.textAlign = "center";
        context.fillText(Number.isFinite(v) ? cells.text(v) : "?", x + (j + 0.5) * cw, y + (i + 0.5) * ch + 0.5);
      }));
      context.strokeStyle = "#767e87";
      context.lineWidth = 0.75;
      context.strokeRect(x + 0.4, y + 0.4, k * cw - 0.8, k * ch - 0.8);
    };
    if (plain) parts.forEach((part, n) => {
      const { unit: times } = inCells(part.scale.top, part.values[0].every((row) => row.every(Number.isInteger)));
      write(times === 1 ? part.title : `${part.title}, times ${number(times)}`, n * pitch, 8);
      block(part.values[0], part.scale, n * pitch, 18, cw >= 40);
      if (n + 1 < parts.length) write(n ? "=" : "·", n * pitch + k * cw + 12, 18 + k * ch / 2, "17px sans-serif", "center");
      if (part.title === "products") write(`their sum: ${number(unit.sums[0], 4)}, plus the bias: ${typeset(unit.value)}`, n * pitch + k * cw, 30 + k * ch, "bold 13px sans-serif", "right");
    });
    else for (let c = 0, sums = inCells(scaleOf(unit.sums.map(numberOf)).top, false); c < C; c++) {
      const x = left + (c % across) * pitch, y = Math.floor(c / across) * group, tile = k * ch + 3;
      const total = sums.unit === 1 ? "sum" : `sum·${number(1 / sums.unit)}`;
      const rows = [["map", 7], ["under it", 18 + tile / 2], ["kernel", 18 + tile * 1.5], [total, 26 + 2 * tile]];
      if (c % across === 0) rows.forEach(([text, at]) => write(text, 0, y + at));
      write(String(c), x + k * cw / 2, y + 7, "13px sans-serif", "center");
      parts.forEach((part, n) => block(part.values[c], part.scale, x, y + 18 + n * tile, false));
      write(sums.text(unit.sums[c] ?? NaN), x + k * cw / 2, y + 26 + 2 * tile, "13px sans-serif", "center");
    }
    tiles.setAttribute("aria-label", C === 1 ? `${parts.map((part) => part.title).join(", ")}: ${k}x${k} numbers, written out below`
      : `for each of ${C} maps: the patch under the unit, its kernel, and the sum of their products`);
  }

  // ------------------------------------------------------------------------------------------------------------- start
  const watcher = new ResizeObserver(() => {
    if (root.clientWidth === roomSeen || !root.clientWidth) return;
    roomSeen = root.clientWidth;
    layOut();
    if (facts) drawTiles(facts);
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
    heard.stop();
  });
}

export default { render };
