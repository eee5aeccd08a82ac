// The grids of StepThrough: one table for every map and vector, forward in the upper row and its gradients below, lines from what goes into a
// number, the arrow keys' way through the cells, and the field in which a given number is changed.

import { drawn, element, MOVES } from "./parts.js";
import { inGrid } from "./step_state.js";

const MAPS = ["x", "F", "C", "P"], CLASSIFIER = [["v", "W1"], ["b"], ["z"], ["s"], ["y"], ["J"]];

// `walk` is a Walk. `look` is told the cell that one comes to, `changed` the cell and its new text, `typing` what stands in the field, or null.
export function makeGrids({ walk, look, changed, typing }) {
  let cells = new Map(), tables = [];
  const host = element("div", { class: "boards" }), lines = drawn("svg", { class: "lines", "aria-hidden": "true" });

  function build() {
    cells = new Map();
    tables = [];
    host.replaceChildren(board(MAPS.map((key) => [key])), board(CLASSIFIER), lines);
  }

  function board(columns) {                                       // two rows: forward, and below each grid its gradients
    const by = Object.fromEntries(walk.page.grids.map((grid) => [grid.key, grid]));
    const row = (words, letter) => [element("div", { class: "direction" }, words), ...columns.map((keys) => element("div", { class: "place" },
      ...keys.map((key) => by[letter + key]).filter(Boolean).map((grid) => element("div", { class: grid.key.endsWith("C") ? "maps beside" : "maps" },
        ...grid.maps.map((map, n) => table(grid, map, n === 0))))))];
    return element("div", { class: "board", style: `--columns: ${columns.length}` }, ...row("forward", ""), ...row("backward", "d"));
  }

  function table(grid, map, first) {
    const rows = grid.column ? map.rows[0].map((id) => [id]) : map.rows;
    const body = rows.map((row, r) => element("tr", { role: "row" }, ...row.map((id, c) => cell(grid, id, first && r === 0 && c === 0))));
    const made = element("table", { role: "grid", "aria-label": `${map.name}, ${grid.title}` },
      element("caption", grid.colour ? { class: "layer", style: `--layer: ${grid.colour}` } : {}, element("b", {}, map.name),
        first && !grid.backward ? ` ${grid.title}` : ""), element("tbody", {}, ...body));
    tables.push([made, grid.key]);
    return made;
  }

  function cell(grid, id, first) {
    const made = element("td", { role: "gridcell", tabindex: first ? 0 : -1, "data-cell": id, "data-grid": grid.key,
      class: grid.given ? "given" : false, "aria-readonly": String(!grid.given),
      onclick: (event) => { if (event.target === made) { look(id); made.focus(); } }, onfocus: () => { rove(made); look(id); },
      onkeydown: (event) => key(event, made, grid), ondblclick: () => grid.given && edit(id) });
    cells.set(id, made);
    return made;
  }

  function rove(made) {                                           // Tab comes back to the cell that was last visited in a grid: one stop a grid
    for (const td of cells.values()) if (td.dataset.grid === made.dataset.grid && (td.tabIndex === 0) !== (td === made)) td.tabIndex = td === made ? 0 : -1;
  }

  function paint() {
    for (const [id, { text, words, marks }] of walk.cells()) {
      const made = cells.get(id);
      if (!made.firstElementChild && !made.classList.contains("pending") && made.textContent !== text) made.textContent = text;
      if (made.getAttribute("aria-label") !== words) made.setAttribute("aria-label", words);
      for (const [mark, has] of Object.entries(marks)) made.classList.toggle(mark, has);
      if (marks.now) made.setAttribute("aria-selected", "true");
      else made.removeAttribute("aria-selected");
    }
    join();
  }

  function join() {                                               // lines from what goes into a number to the edge of its cell
    const { looked, inputs } = walk, frame = host.getBoundingClientRect(), place = (id) => {
      const { left, top, width, height } = cells.get(id).getBoundingClientRect();
      return { x: left + width / 2 - frame.left + host.scrollLeft, y: top + height / 2 - frame.top, width, height };
    };
    const to = inputs.size && place(looked);
    lines.replaceChildren(...[...inputs].filter((id) => cells.has(id)).map((id) => {
      const { x, y } = place(id), away = [x - to.x, y - to.y];
      const inside = Math.min(to.width / 2 / Math.abs(away[0]), to.height / 2 / Math.abs(away[1]), 1);      // part of the line over the cell
      return drawn("line", { x1: x, y1: y, x2: to.x + inside * away[0], y2: to.y + inside * away[1] });
    }));
  }

  function fit() {                                                // room in every column for the longest number of a grid and of its gradients
    const longest = {}, forward = (key) => key.replace(/^d/, "");
    for (const { key, maps } of walk.page.grids)
      longest[forward(key)] = Math.max(longest[forward(key)] ?? 0, ...maps.flatMap((map) => map.rows.flat()).map((id) => inGrid(walk.page.cells[id].value).length));
    for (const [made, key] of tables) made.style.setProperty("--letters", longest[forward(key)]);
  }

  function settle() {                                             // nothing is under way any more
    for (const made of cells.values()) made.classList.remove("pending");
  }

  // ------------------------------------------------------------------------------------------------ keyboard and editing
  function key(event, made, grid) {
    if (event.target !== made) return;                            // an editor is open in the cell
    const types = /^[-.\d]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;
    const opens = grid.given && (types || event.key === "Enter" || event.key === "F2");
    if (!MOVES[event.key] && !opens) return;
    event.preventDefault();
    if (opens) edit(made.dataset.cell, types ? event.key : null);
    else next(made, ...MOVES[event.key])?.focus();
  }

  function next(made, down, right) {
    return made.closest("table").rows[made.parentElement.rowIndex + down]?.cells[made.cellIndex + right] ?? across(made, down, right);
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

  // Open the field in a cell, with `typed` in it, or with the number that is there, selected.
  function edit(id, typed = null) {
    const made = cells.get(id), { name, value } = walk.page.cells[id];
    const close = (keep) => {
      if (!field.isConnected) return;
      typing(null);
      const text = field.value, moved = document.activeElement === field, now = walk.page.cells[id].value;
      field.onblur = null;
      made.textContent = inGrid(now);
      if (moved) made.focus();
      if (keep && text !== now) {
        made.textContent = text;                                    // if it is refused: until the kernel has said so
        made.classList.add("pending");
        changed(id, text);
      }
    };
    const field = element("input", { type: "text", inputmode: "decimal", "aria-label": `new value of ${name}`, value: typed ?? value,
      oninput: () => typing({ id, text: field.value }),
      onkeydown: (event) => {
        event.stopPropagation();
        if (event.key === "Enter") close(true);
        if (event.key === "Escape") close(false);
      } });
    field.onblur = () => close(true);
    made.replaceChildren(field);
    field.focus();
    if (typed === null) field.select();
    else field.setSelectionRange(typed.length, typed.length);
  }

  const watcher = new ResizeObserver(join);                        // the lines follow
  watcher.observe(host);
  return { host, build, fit, paint, settle, edit, stop: () => watcher.disconnect() };
}
