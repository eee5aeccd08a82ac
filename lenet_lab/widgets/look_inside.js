// The page of LookInside: every layer as a sheet of small maps, one layer large, and one cursor on all of them. The state and what follows from
// it is in look_state.js, what shows it in look_view.js, what is asked of Python in look_questions.js; here is what the pointer, the keys and
// the kernel do. The maps come with the traits `page` and `values`.

import { chosenLevel, entered, floatsOf, isAt, levelOf, levelsOf, moved, ofWeights, onward, wayTo, zoomedAt } from "./look_state.js";
import { questions } from "./look_questions.js";
import { imageChoice, largeLayer, layerColumn, unitDetails } from "./look_view.js";
import { typeset } from "./numbers.js";
import { announcer, button, choice, element, usable, widget } from "./parts.js";
import { openView, pageState } from "./views.js";

const CHOICES = { out: "activations", dout: "gradients", W: "weights", dW: "weight gradients" };
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const PACE = 500;                                                   // milliseconds a step of the window that moves

// The button that lets the window move. `able` says whether there is one; `onwards` moves it by one place and returns whether it could.
function windowMover(able, onwards) {
  let timer = null;
  const host = button("Move the window", "let the window move over the map, number by number", () => (timer ? stop() : begin()));

  function begin() {
    if (!able()) return;
    host.textContent = "Stop";
    timer = setInterval(() => { if (!onwards()) stop(); }, PACE);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    host.textContent = "Move the window";
  }
  return { host, stop, get moving() { return timer != null; } };
}

// A key goes to its act, or as a move (down, right) to `walk`; no other part of the page hears of it.
function press(event, acts, walk) {
  const act = acts[event.key], move = MOVES[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey || !(act || move)) return;
  event.preventDefault();
  event.stopPropagation();
  if (act) act();
  else walk(...move);
}

function render({ model, el }) {
  const kept = pageState(model, { chosen: 1, what: "out", zoom: null, held: false, cursor: null }), { chosen, what, zoom, held, cursor } = kept;
  let state = { chosen, what, zoom, held, cursor }, page, levels, told, news = "", roomSeen = 0;

  // ------------------------------------------------------------------------------------------------------------- parts
  const heard = announcer(), images = imageChoice(goTo), column = layerColumn({ point, choose }), details = unitDetails();
  const show = choice("what is shown", Object.entries(CHOICES), (value) => { state = { ...state, what: value, zoom: null }; enter(state.chosen); });
  const hold = button("Hold", "let the pointer pass without moving the cursor (Space)", () => holding(!state.held), { "aria-pressed": "false" });
  const back = button("All maps", "back to all maps (Escape)", unzoom);
  const mover = windowMover(() => levels[state.cursor.level].shape.length > 1, moveWindow);
  const acts = { PageUp: () => state.chosen > 0 && choose(state.chosen - 1, true),
    PageDown: () => state.chosen + 1 < levels.length && choose(state.chosen + 1, true),
    Enter: () => (state.zoom != null ? unzoom() : state.cursor.level === state.chosen && zoomAt(sheet.picture.place(state.cursor))),
    Escape: unzoom, " ": () => holding(!state.held) };
  const large = largeLayer({ onpointermove: (event) => point(sheet, state.chosen, event), onkeydown: (event) => press(event, acts, walk), onclick: click });
  const { sheet } = large;
  const root = widget("look", "Inside a network: maps, kernels and one unit", element("div", { class: "bar-of-controls" }, ...images.controls),
    element("div", { class: "body" }, column.host,
      element("div", { class: "main" }, element("div", { class: "head" }, large.title, show, back, hold, mover.host), ...large.parts, details.host)), heard.host);
  const host = openView({ model, el }, root, "Maps and their numbers are here, sums where the page has the weights; other images are not.");
  const python = questions(host.send, { here: () => ({ page, levels, told, cursor: state.cursor }), take, late: details.wait,
    arrived: () => { if (ofWeights(state.what)) layOut(); } });

  // -------------------------------------------------------------------------------------------------------- what comes
  function build() {
    const first = !page;
    page = model.get("page");
    levels = levelsOf(page, floatsOf(model.get("values")));
    python.forget();
    images.put(page);
    column.put(page, levels);
    if (first) state.cursor ??= { level: levelOf(levels, page.unit.layer), index: page.unit.index, weight: null };
    else news = `Image ${page.image}: ${typeset(page.verdict)}. `;
    layOut();
    if (isAt(levels, page.unit, state.cursor)) take(page.unit);
    else python.ask();
  }

  function take(unit) {
    told = unit;
    mark();
    details.put(unit, levels);
    usable(mover.host, Boolean(wayTo(levels, unit)));
    heard.say(news + typeset(unit.weightWords ? `${unit.weightWords}. ${unit.said}` : unit.said));      // when the cursor rests
  }

  // -------------------------------------------------------------------------------------------------------- what shows
  function layOut() {
    column.layOut(levels, state);
    layLarge();
  }

  function layLarge() {
    back.hidden = state.zoom == null;
    large.layOut(levels, state, python.weights, root.clientWidth);
    if (ofWeights(state.what)) python.fetch(levels[state.chosen]);
    mark();
  }

  function mark() {
    Object.assign(kept, state);
    column.mark(levels, state, told);
    large.mark(levels, state, told);
  }

  // ------------------------------------------------------------------------------------------------------ what is done
  function goTo(wanted) {
    const image = Math.max(0, Math.min(page.count - 1, Math.round(Number.isFinite(wanted) ? wanted : page.image)));
    images.show(image);
    if (image === model.get("image")) return;
    model.set("image", image);
    model.save_changes();
  }

  function point(on, n, event) {
    if (state.held || mover.moving) return;
    const cell = on.hit(event), unit = cell && on.picture.unit(...cell);
    if (unit) move(n, unit);
  }

  function move(level, unit) {
    const next = moved(state, level, unit);
    if (next === state) return;
    state = next;
    news = "";
    mark();
    python.ask();
  }

  function moveWindow() {                                           // number by number, to the end of its map
    const { level, index } = state.cursor, to = onward(levels[level], index);
    if (!to) return false;
    move(level, { index: to, weight: null });
    if (level === state.chosen) large.bring(state);
    return true;
  }

  function click(event) {
    sheet.over.focus({ preventScroll: true });
    const cell = sheet.hit(event);
    if (cell && state.zoom != null) holding(!state.held);
    else if (cell) zoomAt(cell);
  }

  function zoomAt(cell) {
    const unit = sheet.picture.unit(...cell);
    if (!unit) return;
    state = zoomedAt(state, unit);
    layLarge();
    large.bring(state);
    python.ask();
  }

  function unzoom() {
    if (state.zoom == null) return;
    const focus = document.activeElement === back;
    state = { ...state, zoom: null };
    layLarge();
    if (focus) sheet.over.focus({ preventScroll: true });
  }

  function holding(now) {
    kept.held = state.held = now;
    hold.setAttribute("aria-pressed", now);
    hold.textContent = now ? "Let go" : "Hold";
  }

  function choose(n, along = false) {                             // show a layer large, and perhaps take the cursor along
    state = chosenLevel(state, n);
    if (along) enter(n);
    else layOut();
  }

  function enter(n) {
    state = entered(state, levels, told, n);
    layOut();
    python.ask();
  }

  function walk(down, right) {
    if (state.cursor.level !== state.chosen) { enter(state.chosen); return; }
    const here = sheet.picture.place(state.cursor), to = here && sheet.step(here, down, right), unit = to && sheet.picture.unit(...to);
    if (unit) { move(state.chosen, unit); large.bring(state); }
  }

  // ------------------------------------------------------------------------------------------------------------- start
  const watcher = new ResizeObserver(() => {
    if (root.clientWidth === roomSeen || !root.clientWidth) return;
    roomSeen = root.clientWidth;
    layOut();
    if (told) details.draw(told, levels);
  });
  watcher.observe(root);
  host.on("change:page", build);
  host.on("msg:custom", python.hear);
  show.value = what;
  holding(held);
  build();
  return host.end(() => {
    watcher.disconnect();
    python.stop();
    mover.stop();
    heard.stop();
  });
}

export default { render };
