// The page of Mistakes: a confusion matrix to walk through, and the images of the cell that is open.

import { count, percent } from "./numbers.js";
import { announcer, button, element, fill, newestOnly, widget } from "./parts.js";
import { openView } from "./views.js";

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function render({ model, el }) {
  const matrix = element("div", { class: "matrix" }), title = element("div", { class: "title" }), heard = announcer();
  const images = element("div", { class: "images", tabindex: 0, role: "group", "aria-label": "images of the open cell" });
  const late = element("div", { class: "note late of-kernel", role: "status" });
  const asking = newestOnly((cell) => view.send(cell), (words) => { late.textContent = words; });
  const all = button("All mistakes", "the images of all mistakes, the surest first", () => asking.ask({}));
  const view = openView({ model, el }, widget("mistakes", "Mistakes of the network", element("div", { class: "both" }, matrix,
    element("div", { class: "behind" }, element("div", { class: "bar-of-controls" }, all, title), late, images)), heard.host),
  "No other cell can be opened.");
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
    asking.ask({ true: i, answer: j });
  }

  function walk(i, j) {
    for (const [where, td] of cells) td.tabIndex = where === `${i},${j}` ? 0 : -1;
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
    const opened = model.get("opened");
    title.textContent = opened.title;
    heard.say(opened.title);
    fill(images, opened.images.join("") || "<p>None.</p>");
    images.scrollTop = 0;
    for (const [where, td] of cells) {
      if (where === `${opened.true},${opened.answer}`) td.setAttribute("aria-selected", "true");
      else td.removeAttribute("aria-selected");
    }
  }

  view.on("msg:custom", (message) => { if (message.shown) asking.answered(); });
  view.on("change:page", build);
  view.on("change:opened", show);
  build();
  return view.end(heard.stop);
}

export default { render };
