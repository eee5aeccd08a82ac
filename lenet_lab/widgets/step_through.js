// The page of StepThrough: grids of numbers, a scrubber over the steps, and the work of the number that is looked at.
// Everything shown comes from the trait `page`. After an edit the page computes the same pass itself, exactly, and shows it at once; what the
// kernel then says of it counts. What is kept here is where one stands (`done` steps) and what one looks at.

import { typeset } from "./numbers.js";
import { announcer, button, choice, drawn, element, MOVES, slider, usable, widget } from "./parts.js";
import { openView, pageState } from "./views.js";
import { pageAfter } from "./worked.js";

const SPEEDS = { slow: 2000, normal: 900, fast: 250 };           // milliseconds a step
const MAPS = ["x", "F", "C", "P"], CLASSIFIER = [["v", "W1"], ["b"], ["z"], ["s"], ["y"], ["J"]];

// A number as it stands in a grid; the work below has it in full.
export function inGrid(value) {
  if (value.includes("e-")) return "≈0";
  if (!value.includes(".") || value.includes("/") || value.length <= 6) return typeset(value);
  return Number(Number(value).toFixed(3)) === 0 ? "≈0" : typeset(Number(value).toFixed(3));
}

// The gradients that are not zero on the way from a cell back to the loss.
export function wayBack(cells, id, found = new Set()) {
  for (const term of cells[id].terms ?? [])
    if (term.value !== "0")
      for (const from of term.inputs)
        if (from.startsWith("d") && !found.has(from)) { found.add(from); wayBack(cells, from, found); }
  return found;
}

// The number of steps done when the grid of the next one is complete.
export function endOfGrid(steps, done) {
  const key = (id) => id.split(":")[0];
  let to = done;
  while (to < steps.length && key(steps[to]) === key(steps[done])) to++;
  return to;
}

// Whether two pages say the same of every number.
export const sameNumbers = (one, other) => one.label === other.label && one.steps.length === other.steps.length
  && Object.entries(one.cells).every(([id, { value, arithmetic }]) => other.cells[id]?.value === value && other.cells[id].arithmetic === arithmetic);

// Whether two pages have the same grids of the same cells, so that only numbers differ.
export const sameGrids = (one, other) => one.name === other.name && one.classes === other.classes && String(one.steps) === String(other.steps)
  && JSON.stringify(one.grids) === JSON.stringify(other.grids);

function render({ model, el }) {
  let page, order, timer = null, cells = new Map(), tables = [];
  const state = pageState(model, { done: 0, looked: null, edited: null, own: null, speed: "normal", paths: false });
  let { done, looked } = state;

  // ------------------------------------------------------------------------------------------------- what never changes
  const heard = announcer();
  const start = button("Start", "nothing computed yet", () => go(0)), back = button("Back", "one number back", () => go(done - 1));
  const step = button("Step", "compute the next number", () => go(done + 1));
  const grid = button("Whole grid", "compute the rest of this grid", () => go(endOfGrid(page.steps, done)));
  const play = button("Play", "one number after the other", () => (timer ? stop() : begin()));
  const speed = choice("speed", Object.keys(SPEEDS).map((name) => [name, name]), (value) => {
    state.speed = value;
    if (timer) begin();
  });
  speed.value = state.speed;
  const scrubber = slider("steps done", { high: 0, words: (value) => `${value} of ${page.steps.length}` }, (value) => go(value));
  scrubber.output.classList.add("counter");
  const label = element("select", { "aria-label": "label of the image", onchange: () => change({ do: "label", label: label.value }) });
  const reset = button("Original numbers", "take all edits back", () => { refused.textContent = ""; view.send({ do: "reset" }); });
  const refused = element("div", { class: "refused", role: "alert" });
  const boards = element("div", { class: "boards" }), lines = drawn("svg", { class: "lines", "aria-hidden": "true" });
  const name = element("div", { class: "name" }), formula = element("div", { class: "formula" });
  const arithmetic = element("div", { class: "work arithmetic" }), note = element("div", { class: "note" });
  const paths = element("ul", { class: "paths" });
  const pathsBox = element("details", { class: "paths-box", open: state.paths, ontoggle: () => { state.paths = pathsBox.open; } }, element("summary", {}, "Every contribution"), paths);
  const legend = element("div", { class: "legend" });
  for (const [sign, text] of [["now", "this number"], ["input", "goes into it"], ["path", "the way back to the loss"]])
    legend.append(element("span", { class: `swatch ${sign}`, "aria-hidden": "true" }, "5"), ` ${text}   `);
  legend.append("· not computed yet.   Arrow keys walk the grids, Enter edits a given number.");
  const root = widget("step", "A pass through a small network, number by number",
    element("div", { class: "bar-of-controls" }, start, back, step, grid, play, speed, scrubber.host, element("label", {}, "label ", label), reset),
    refused, boards, legend, element("div", { class: "said" }, name, formula, arithmetic, note), pathsBox, heard.host);
  const view = openView({ model, el }, root, "Steps and changed numbers are computed here; Python does not learn of them, and cannot bring the original numbers back.");

  // ---------------------------------------------------------------------------------------------------------- stepping
  function go(to) {
    done = Math.max(0, Math.min(page.steps.length, to));
    looked = done ? page.steps[done - 1] : null;
    paint();
  }

  function begin() {
    stop();
    if (done >= page.steps.length) go(0);
    timer = setInterval(() => (done < page.steps.length ? go(done + 1) : stop()), SPEEDS[speed.value]);
    play.textContent = "Pause";
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  // ----------------------------------------------------------------------------------------------------------- painting
  function build(newest) {
    const known = page && sameGrids(page, newest);
    page = newest;
    if (known) for (const made of cells.values()) made.classList.remove("pending");
    else make();
    for (const [made, maps] of tables) made.style.setProperty("--letters", Math.max(...maps.flatMap((map) => map.rows.flat()).map((id) => inGrid(page.cells[id].value).length)));
    label.value = page.label;
    paint();
  }

  function make() {
    order = new Map(page.steps.map((id, n) => [id, n]));
    cells = new Map();
    tables = [];
    boards.replaceChildren(board(MAPS.map((key) => [key])), board(CLASSIFIER), lines);
    scrubber.input.max = page.steps.length;
    label.replaceChildren(...Array.from({ length: page.classes }, (_, n) => element("option", { value: n }, String(n))));
    done = Math.min(done, page.steps.length);
    if (looked && !page.cells[looked]) looked = null;
  }

  function board(columns) {                                       // two rows: forward, and below each grid its gradients
    const by = Object.fromEntries(page.grids.map((g) => [g.key, g]));
    const row = (words, letter) => [element("div", { class: "direction" }, words), ...columns.map((keys) => element("div", { class: "place" },
      ...keys.map((key) => by[letter + key]).filter(Boolean).map((g) => element("div", { class: "maps" }, ...g.maps.map((map, n) => table(g, map, n === 0))))))];
    return element("div", { class: "board", style: `--columns: ${columns.length}` }, ...row("forward", ""), ...row("backward", "d"));
  }

  function table(g, map, first) {
    const rows = g.column ? map.rows[0].map((id) => [id]) : map.rows;
    const body = rows.map((row, r) => element("tr", { role: "row" }, ...row.map((id, c) => cell(g, id, first && r === 0 && c === 0))));
    const made = element("table", { role: "grid", "aria-label": `${map.name}, ${g.title}` },
      element("caption", g.colour ? { class: "layer", style: `--layer: ${g.colour}` } : {}, element("b", {}, map.name),
        first && !g.backward ? ` ${g.title}` : ""), element("tbody", {}, ...body));
    tables.push([made, g.maps]);                                    // room for what comes
    return made;
  }

  function cell(g, id, first) {
    const made = element("td", { role: "gridcell", tabindex: first ? 0 : -1, "data-cell": id, "data-grid": g.key, class: g.given ? "given" : false,
      "aria-readonly": String(!g.given),
      onclick: (event) => { if (event.target === made) { look(id); made.focus(); } }, onfocus: () => { rove(made); look(id); }, onkeydown: (event) => key(event, made, g),
      ondblclick: () => g.given && edit(made) });
    cells.set(id, made);
    return made;
  }

  function rove(made) {                                           // Tab comes back to the cell that was last visited in a grid: one stop a grid
    for (const td of cells.values()) if (td.dataset.grid === made.dataset.grid && (td.tabIndex === 0) !== (td === made)) td.tabIndex = td === made ? 0 : -1;
  }

  function look(id) {
    if (looked === id) return;
    if (timer) stop();
    looked = id;
    paint();
  }

  function paint() {
    Object.assign(state, { done, looked });
    const now = looked && page.cells[looked];
    const inputs = new Set(now?.terms?.flatMap((t) => t.inputs) ?? []);
    const path = looked?.startsWith("d") ? wayBack(page.cells, looked) : new Set();
    for (const [id, made] of cells) {
      const about = page.cells[id];
      const hidden = order.has(id) && order.get(id) >= done && id !== looked && !inputs.has(id);
      const text = hidden ? "·" : inGrid(about.value), words = hidden ? `${about.name}, not computed yet` : `${about.name} = ${typeset(about.value)}`;
      if (!made.firstElementChild && !made.classList.contains("pending") && made.textContent !== text) made.textContent = text;
      if (made.getAttribute("aria-label") !== words) made.setAttribute("aria-label", words);
      made.classList.toggle("unseen", hidden);
      made.classList.toggle("now", id === looked);
      made.classList.toggle("input", inputs.has(id));
      made.classList.toggle("path", path.has(id) && id !== looked && !inputs.has(id));
      if (id === looked) made.setAttribute("aria-selected", "true");
      else made.removeAttribute("aria-selected");
    }
    scrubber.put(done, " numbers computed");
    for (const [button, works] of [[start, done > 0], [back, done > 0], [step, done < page.steps.length], [grid, done < page.steps.length]]) usable(button, works);
    if (done === page.steps.length && timer) stop();
    tell(now);
    join();
  }

  function join() {                                               // lines from what goes into a number to the edge of its cell
    const inputs = new Set(page.cells[looked]?.terms?.flatMap((t) => t.inputs) ?? []);
    const frame = boards.getBoundingClientRect(), place = (id) => {
      const { left, top, width, height } = cells.get(id).getBoundingClientRect();
      return { x: left + width / 2 - frame.left + boards.scrollLeft, y: top + height / 2 - frame.top, width, height };
    };
    const to = looked && inputs.size && place(looked);
    lines.replaceChildren(...(to ? [...inputs].filter((id) => cells.has(id)).map((id) => {
      const { x, y } = place(id), away = [x - to.x, y - to.y];
      const inside = Math.min(to.width / 2 / Math.abs(away[0]), to.height / 2 / Math.abs(away[1]), 1);      // part of the line over the cell
      return drawn("line", { x1: x, y1: y, x2: to.x + inside * away[0], y2: to.y + inside * away[1] });
    }) : []));
  }

  function tell(now) {
    if (!now) {
      name.textContent = `${page.name}: ${typeset(page.about)}.`;
      formula.textContent = "Press Step to compute the first number, or look at any cell: click it, or walk there with Tab and the arrow keys.";
      arithmetic.textContent = note.textContent = "";
    } else {
      name.textContent = now.array ? `${now.name}   in Python: ${now.array}` : now.name;
      formula.textContent = typeset(now.formula ?? `${now.name} is given. Double-click it, or press Enter, to change it.`);
      arithmetic.textContent = typeset(now.formula ? `${now.name} = ${now.arithmetic}` : `${now.name} = ${now.value}`);
      note.textContent = typeset(now.note ?? "");
      if (!timer) heard.say([arithmetic.textContent, note.textContent].filter(Boolean).join(". "));      // nobody can listen as fast as it plays
    }
    const terms = now && looked.startsWith("d") ? now.terms : [];
    pathsBox.hidden = !terms.length;
    paths.replaceChildren(...terms.map((term) => {
      const names = term.inputs.map((id) => page.cells[id].name).join(" and ");
      const product = term.text === term.value ? term.text : `${term.text} = ${term.value}`;
      return element("li", { class: term.value === "0" ? "zero" : "" }, typeset(`through ${names}: ${product}`));
    }));
  }

  // ------------------------------------------------------------------------------------------------ keyboard and editing
  function key(event, made, g) {
    if (event.target !== made) return;                            // an editor is open in the cell
    if (MOVES[event.key]) {
      event.preventDefault();
      walk(made, ...MOVES[event.key]);
    } else if (g.given && (event.key === "Enter" || event.key === "F2")) {
      event.preventDefault();
      edit(made);
    } else if (g.given && /^[-.\d]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      edit(made, event.key);
    }
  }

  function walk(made, down, right) {
    const here = made.closest("table");
    const next = here.rows[made.parentElement.rowIndex + down]?.cells[made.cellIndex + right] ?? across(made, down, right);
    if (next) next.focus();
  }

  function across(made, down, right) {                            // over the edge of a grid: to the nearest cell in that direction, as seen
    const from = made.getBoundingClientRect();
    const far = (td) => {
      const to = td.getBoundingClientRect();
      const ahead = right ? right * (to.x - from.x) : down * (to.y - from.y), aside = right ? to.y - from.y : to.x - from.x;
      return td.closest("table") === made.closest("table") || ahead <= 0 ? Infinity : ahead + 3 * Math.abs(aside);
    };
    const nearest = [...cells.values()].reduce((best, td) => (far(td) < far(best) ? td : best), made);
    return far(nearest) < Infinity ? nearest : null;
  }

  function edit(made, typed) {
    const id = made.dataset.cell, about = page.cells[id];
    const close = (keep) => {
      if (!field.isConnected) return;
      state.edited = null;
      const text = field.value, moved = document.activeElement === field;
      field.onblur = null;
      made.textContent = inGrid(page.cells[id].value);
      if (moved) made.focus();
      if (keep && text !== page.cells[id].value) {
        refused.textContent = "";
        made.textContent = text;                                    // if it is refused: until the kernel has said so
        made.classList.add("pending");
        change({ do: "edit", cell: id, text });
      }
    };
    const field = element("input", { type: "text", inputmode: "decimal", "aria-label": `new value of ${about.name}`, value: typed ?? about.value,
      oninput: () => { state.edited = { id, text: field.value }; },
      onkeydown: (event) => {
        event.stopPropagation();
        if (event.key === "Enter") close(true);
        if (event.key === "Escape") close(false);
      } });
    field.onblur = () => close(true);
    made.replaceChildren(field);
    field.focus();
    if (typed == null) field.select();
    else field.setSelectionRange(typed.length, typed.length);
    return field;
  }

  function change(message) {
    view.send(message);
    try {
      const newest = pageAfter(page, message);
      state.own = { after: model.get("page"), page: newest };       // also for the next view, as long as the kernel has not answered
      refused.textContent = "";
      build(newest);
    } catch { /* the kernel says why it is refused */ }
  }

  const rebuild = () => {
    const newest = model.get("page");
    refused.textContent = "";
    if (!sameNumbers(page, newest)) build(newest);
  };
  const hear = (message) => {
    if (!message.refused) return;
    refused.textContent = `Not taken: ${message.refused}`;
    label.value = page.label;
    for (const made of cells.values()) made.classList.remove("pending");
    paint();
  };
  const watcher = new ResizeObserver(join);                        // the lines follow
  view.on("change:page", rebuild);
  view.on("msg:custom", hear);
  build(state.own?.after === model.get("page") ? state.own.page : model.get("page"));
  if (state.edited) edit(cells.get(state.edited.id), state.edited.text);
  watcher.observe(boards);
  return view.end(() => {
    stop();
    heard.stop();
    watcher.disconnect();
  });
}

export default { render };
