// The page of Mistakes: a confusion matrix to walk through, and the images of the cell that is open.

const percent = (share) => `${(100 * share).toFixed(1)} %`;

function render({ model, el }) {
  const matrix = element("div", { class: "matrix" }), title = element("div", { class: "title", role: "status", "aria-live": "polite" });
  const images = element("div", { class: "images" });
  const all = element("button", { type: "button", onclick: () => model.send({}) }, "All mistakes");
  el.append(element("div", { class: "lenet-mistakes", role: "group", "aria-label": "Mistakes of the network" },
    matrix, element("div", { class: "behind" }, element("div", { class: "controls" }, all, title), images)));
  let cells = new Map();

  function build() {
    const page = model.get("page"), counts = page.counts, K = counts.length;
    const most = Math.max(1, ...counts.flatMap((row, i) => row.filter((_, j) => i !== j)));
    cells = new Map();
    const head = element("tr", {}, element("th", { scope: "col" }, "is \\ read"), ...counts.map((_, j) => element("th", { scope: "col" }, String(j))),
      element("th", { scope: "col" }, "recall"));
    const rows = counts.map((row, i) => element("tr", {}, element("th", { scope: "row" }, String(i)), ...row.map((count, j) => {
      const words = `${i} read as ${j}: ${count}`;
      const td = element("td", { tabindex: i + j ? -1 : 0, role: "gridcell", "aria-label": words, title: words, class: i === j ? "right" : "",
        onclick: () => choose(i, j), onkeydown: (event) => key(event, i, j, K) }, count ? String(count) : "·");
      if (i !== j && count) td.style.background = `color-mix(in srgb, #c8553d ${Math.round(15 + 60 * count / most)}%, transparent)`;
      cells.set(`${i},${j}`, td);
      return td;
    }), element("td", { class: "rate" }, percent(page.recall[i]))));
    const last = element("tr", {}, element("th", { scope: "row" }, "precision"), ...page.precision.map((share) => element("td", { class: "rate" }, percent(share))),
      element("td", { class: "rate" }, percent(1 - page.mistakes / page.images)));
    matrix.replaceChildren(element("table", { role: "grid", "aria-label": "confusion matrix" },
      element("caption", {}, `${page.mistakes.toLocaleString("en")} of ${page.images.toLocaleString("en")} ${page.name} misread. Rows: what it is. Columns: what it was read as. Enter or a click opens the images.`),
      element("thead", {}, head), element("tbody", {}, ...rows, last)));
    show();
  }

  function choose(i, j) {
    walk(i, j);
    model.send({ true: i, answer: j });
  }

  function walk(i, j) {
    for (const [where, td] of cells) td.tabIndex = where === `${i},${j}` ? 0 : -1;
    cells.get(`${i},${j}`).focus();
  }

  function key(event, i, j, K) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.key === "Enter" || event.key === " ") choose(i, j);
    else if (moves[event.key]) walk(Math.max(0, Math.min(K - 1, i + moves[event.key][0])), Math.max(0, Math.min(K - 1, j + moves[event.key][1])));
    else return;
    event.preventDefault();
  }

  function show() {
    const opened = model.get("opened");
    title.textContent = opened.title;
    images.innerHTML = opened.images.join("") || "<p>None.</p>";     // made by Python, from numbers only
    for (const [where, td] of cells) {
      if (where === `${opened.true},${opened.answer}`) td.setAttribute("aria-selected", "true");
      else td.removeAttribute("aria-selected");
    }
  }

  model.on("change:page", build);
  model.on("change:opened", show);
  build();
  return () => { model.off("change:page", build); model.off("change:opened", show); };
}

export default { render };
