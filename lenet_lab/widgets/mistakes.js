// The page of Mistakes: a confusion matrix to walk through, and the images of the cell that is open. It has the images of all cells.

import { count, percent } from "./numbers.js";
import { announcer, button, element, MOVES, widget } from "./parts.js";
import { still } from "./picture.js";
import { openView } from "./views.js";

const ZOOM = 3;                                                     // screen pixels a pixel

const cellOf = ({ true: label, answer }) => (label == null ? "all" : `${label},${answer}`);

// What stands over the images of a cell, or of all mistakes: how many there are, and how many of them are shown.
export function titleOf({ counts, mistakes, images, name, cells }, opened) {
  const { true: label, answer } = opened, places = cells[cellOf(opened)] ?? [], found = label == null ? mistakes : counts[label][answer];
  return `${label == null ? "All mistakes" : `A ${label} read as ${answer}`}: ${count(found)} of ${count(images)} ${name}`
    + (found > places.length ? `; the ${places.length} surest` : "");
}

function render({ model, el }) {
  const matrix = element("div", { class: "matrix" }), title = element("div", { class: "title" }), heard = announcer();
  const images = element("div", { class: "images", tabindex: 0, role: "group", "aria-label": "images of the open cell" });
  const all = button("All mistakes", "the images of all mistakes, the surest first", () => open(null, null));
  const view = openView({ model, el }, widget("mistakes", "Mistakes of the network", element("div", { class: "both" }, matrix,
    element("div", { class: "behind" }, element("div", { class: "bar-of-controls" }, all, title), images)), heard.host),
  "All cells can be opened all the same.");
  let cells = new Map();

  function cell(number, i, j, K, most) {
    const words = `${i} read as ${j}: ${number}`;
    const td = element("td", { tabindex: i + j ? -1 : 0, role: "gridcell", "aria-label": words, title: words, class: i === j ? "right" : false,
      onclick: () => choose(i, j), onkeydown: (event) => key(event, i, j, K) }, number ? String(number) : "·");
    if (i !== j && number) td.style.setProperty("--share", (0.2 + 0.8 * number / most).toFixed(2));
    cells.set(`${i},${j}`, td);
    return td;
  }

  function build() {
    const page = model.get("page"), counts = page.counts, K = counts.length;
    const most = Math.max(1, ...counts.flatMap((row, i) => row.filter((_, j) => i !== j)));
    const head = (text) => element("th", { scope: "col", role: "columnheader" }, text), rate = (share) => element("td", { class: "rate", role: "gridcell" }, percent(share));
    const side = (text) => element("th", { scope: "row", role: "rowheader" }, text), line = (...parts) => element("tr", { role: "row" }, ...parts);
    cells = new Map();
    const rows = counts.map((row, i) => line(side(String(i)), ...row.map((number, j) => cell(number, i, j, K, most)), rate(page.recall[i])));
    matrix.replaceChildren(element("table", { role: "grid", "aria-label": "confusion matrix" },
      element("caption", {}, `${count(page.mistakes)} of ${count(page.images)} ${page.name} misread. Rows: what it is. Columns: what it was read as. `
        + "Enter or a click opens the images."),
      element("thead", {}, line(head("is \\ read"), ...counts.map((_, j) => head(String(j))), head("recall"))),
      element("tbody", {}, ...rows, line(side("precision"), ...page.precision.map(rate), rate(1 - page.mistakes / page.images)))));
    show();
  }

  function choose(i, j) {
    walk(i, j);
    open(i, j);
  }

  function open(label, answer) {
    model.set("opened", { true: label, answer });
    model.save_changes();
  }

  function image(at) {
    const { shown, size: [rows, columns] } = model.get("page"), { number, words } = shown[at], pixels = model.get("pixels");
    const { canvas, paint } = still({ rows, columns, scale: ZOOM });
    paint(new Uint8Array(pixels.buffer, pixels.byteOffset + at * rows * columns, rows * columns), `test image ${number}: a ${words}`, 255, true);
    return element("figure", {}, canvas, element("figcaption", {}, words, element("br"), `image ${number}`));
  }

  function walk(i, j) {
    for (const [where, td] of cells) if ((td.tabIndex === 0) !== (where === `${i},${j}`)) td.tabIndex = td.tabIndex === 0 ? -1 : 0;
    cells.get(`${i},${j}`).focus();
  }

  function key(event, i, j, K) {
    const inside = (at) => Math.max(0, Math.min(K - 1, at)), move = MOVES[event.key];
    if (event.key === "Enter" || event.key === " ") choose(i, j);
    else if (move) walk(inside(i + move[0]), inside(j + move[1]));
    else return;
    event.preventDefault();
  }

  function show() {
    const page = model.get("page"), opened = model.get("opened"), places = page.cells[cellOf(opened)] ?? [];
    title.textContent = titleOf(page, opened);
    heard.say(title.textContent);
    images.replaceChildren(...(places.length ? places.map(image) : [element("p", {}, "None.")]));
    images.scrollTop = 0;
    for (const [where, td] of cells) {
      if (where === cellOf(opened)) td.setAttribute("aria-selected", "true");
      else td.removeAttribute("aria-selected");
    }
  }

  view.on("change:page", build);
  view.on("change:opened", show);
  build();
  return view.end(heard.stop);
}

export default { render };
