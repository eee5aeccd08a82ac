// The page of LookInside: every layer as a sheet of small maps, one layer large, and one cursor on all of them. The state and what follows from
// it is in look_state.js, what shows it in look_view.js, what is asked of Python in look_questions.js; here is what the pointer, the keys and
// the kernel do. The maps come with the traits `page` and `values`.

import { chosenLevel, entered, floatsOf, isAt, levelOf, levelsOf, moved, ofWeights, onward, wayTo, zoomedAt } from "./look_state.js";
import { questions } from "./look_questions.js";
import { imageChoice, largeLayer, layerColumn, unitDetails } from "./look_view.js";
import { typeset } from "./numbers.js";
import { announcer, button, choice, element, MOVES, usable, widget } from "./parts.js";
import { openView, pageState } from "./views.js";

const CHOICES = { out: "activations", dout: "gradients", W: "weights", dW: "weight gradients" };
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

// What the pointer, the keys and the moving window do. An act makes a new state in `look`, and then calls the functions of `then` that show it
// (`layOut` everything, `layLarge` only the large layer, `mark` the frames) and that `ask` what is known of the unit under the cursor.
function steering(look, large, then) {
  const { sheet } = large;
  const back = button("All maps", "back to all maps (Escape)", unzoom);
  const hold = button("Hold", "let the pointer pass without moving the cursor (Space)", () => holding(!look.state.held), { "aria-pressed": "false" });
  const mover = windowMover(() => look.levels[look.state.cursor.level].shape.length > 1, moveWindow);
  const acts = { PageUp: () => look.state.chosen > 0 && choose(look.state.chosen - 1, true),
    PageDown: () => look.state.chosen + 1 < look.levels.length && choose(look.state.chosen + 1, true),
    Enter: () => (look.state.zoom != null ? unzoom() : zoomAt(large.placeOf(look.state))),
    Escape: unzoom, " ": () => holding(!look.state.held) };
  sheet.over.addEventListener("pointermove", (event) => point(sheet, look.state.chosen, event));
  sheet.over.addEventListener("keydown", key);
  sheet.over.addEventListener("click", click);

  function point(on, n, event) {                                    // the pointer is on a sheet of level n
    if (look.state.held || mover.moving) return;
    const cell = on.hit(event), unit = cell && on.picture.unit(...cell);
    if (unit) move(n, unit);
  }

  function move(level, unit) {
    const next = moved(look.state, level, unit);
    if (next === look.state) return;
    look.state = next;
    look.news = "";
    then.mark();
    then.ask();
  }

  function moveWindow() {                                           // number by number, to the end of its map
    const { level, index } = look.state.cursor, to = onward(look.levels[level], index);
    if (!to) return false;
    move(level, { index: to, weight: null });
    if (level === look.state.chosen) large.bring(look.state);
    return true;
  }

  function click(event) {
    sheet.over.focus({ preventScroll: true });
    const cell = sheet.hit(event);
    if (cell && look.state.zoom != null) holding(!look.state.held);
    else if (cell) zoomAt(cell);
  }

  function zoomAt(cell) {
    const unit = cell && sheet.picture.unit(...cell);
    if (!unit) return;
    look.state = zoomedAt(look.state, unit);
    then.layLarge();
    large.bring(look.state);
    then.ask();
  }

  function unzoom() {
    if (look.state.zoom == null) return;
    const focus = document.activeElement === back;
    look.state = { ...look.state, zoom: null };
    then.layLarge();
    if (focus) sheet.over.focus({ preventScroll: true });
  }

  function holding(now) {
    look.state = { ...look.state, held: now };
    look.kept.held = now;
    hold.setAttribute("aria-pressed", now);
    hold.textContent = now ? "Let go" : "Hold";
  }

  function choose(n, along = false) {                               // show a layer large, and perhaps take the cursor along
    look.state = chosenLevel(look.state, n);
    if (along) enter(n);
    else then.layOut();
  }

  function enter(n) {
    look.state = entered(look.state, look.levels, look.told, n);
    then.layOut();
    then.ask();
  }

  function key(event) {                                             // no other part of the page hears of a key that does something here
    const act = acts[event.key], direction = MOVES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(act || direction)) return;
    event.preventDefault();
    event.stopPropagation();
    if (act) act();
    else walk(...direction);
  }

  function walk(down, right) {
    const { chosen } = look.state, here = large.placeOf(look.state);
    if (!here) { enter(chosen); return; }
    const to = sheet.step(here, down, right), unit = to && sheet.picture.unit(...to);
    if (unit) { move(chosen, unit); large.bring(look.state); }
  }
  return { buttons: [back, hold, mover.host], point, choose, enter, holding, mover, back };
}

function render({ model, el }) {
  const kept = pageState(model, { chosen: 1, what: "out", zoom: null, held: false, cursor: null }), { chosen, what, zoom, held, cursor } = kept;
  // What is kept for the next view, the state, what has come from Python, what is known of a unit, and what is said before the next unit.
  const look = { kept, state: { chosen, what, zoom, held, cursor }, page: null, levels: null, told: null, news: "" };
  let roomSeen = 0;

  const heard = announcer(), details = unitDetails(), large = largeLayer();
  const { buttons, back, mover, ...steer } = steering(look, large, { layOut, layLarge, mark, ask: () => python.ask() });
  const column = layerColumn(steer), images = imageChoice(turnTo);
  const show = choice("what is shown", Object.entries(CHOICES), (value) => {
    look.state = { ...look.state, what: value, zoom: null };
    steer.enter(look.state.chosen);
  });
  const main = element("div", { class: "main" }, element("div", { class: "head" }, large.title, show, ...buttons), ...large.parts, details.host);
  const root = widget("look", "Inside a network: maps, kernels and one unit", element("div", { class: "bar-of-controls" }, ...images.controls),
    element("div", { class: "body" }, column.host, main), heard.host);
  const host = openView({ model, el }, root, "Maps and their numbers are here, sums where the page has the weights; other images are not.");
  const python = questions(host.send, { look, take, late: details.wait, arrived: () => { if (ofWeights(look.state.what)) layOut(); } });

  // -------------------------------------------------------------------------------------------------------- what comes
  function build() {
    const first = !look.page, page = look.page = model.get("page"), levels = look.levels = levelsOf(page, floatsOf(model.get("values")));
    python.forget();
    images.put(page);
    column.put(page, levels);
    if (first) look.state.cursor ??= { level: levelOf(levels, page.unit.layer), index: page.unit.index, weight: null };
    else look.news = `Image ${page.image}: ${typeset(page.verdict)}. `;
    layOut();
    if (isAt(levels, page.unit, look.state.cursor)) take(page.unit);
    else python.ask();
  }

  function take(unit) {                                             // what is known of a unit
    look.told = unit;
    mark();
    details.put(unit, look.levels);
    usable(mover.host, Boolean(wayTo(look.levels, unit)));
    heard.say(look.news + typeset(unit.weightWords ? `${unit.weightWords}. ${unit.said}` : unit.said));      // when the cursor rests
  }

  function turnTo(image) {
    if (image === model.get("image")) return;
    model.set("image", image);
    model.save_changes();
  }

  // -------------------------------------------------------------------------------------------------------- what shows
  function layOut() {
    column.layOut(look.levels, look.state);
    layLarge();
  }

  function layLarge() {
    const wide = root.clientWidth;
    back.hidden = look.state.zoom == null;
    const beside = large.layOut(look.levels, look.state, python.weights, wide, main.clientWidth);
    if (beside !== main.classList.contains("beside")) {
      main.classList.toggle("beside", beside);
      if (look.told) details.put(look.told, look.levels);
    }
    if (ofWeights(look.state.what)) python.fetch(look.levels[look.state.chosen]);
    mark();
  }

  function mark() {
    Object.assign(kept, look.state);
    column.mark(look.levels, look.state, look.told);
    large.mark(look.levels, look.state, look.told);
  }

  // ------------------------------------------------------------------------------------------------------------- start
  const watcher = new ResizeObserver(() => {
    if (root.clientWidth === roomSeen || !root.clientWidth) return;
    roomSeen = root.clientWidth;
    layOut();
    if (look.told) details.draw(look.told, look.levels);
  });
  watcher.observe(root);
  host.on("change:page", build);
  host.on("msg:custom", python.hear);
  show.value = what;
  steer.holding(held);
  build();
  return host.end(() => {
    watcher.disconnect();
    python.stop();
    mover.stop();
    heard.stop();
  });
}

export default { render };
