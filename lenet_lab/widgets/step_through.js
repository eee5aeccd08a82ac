// The page of StepThrough: grids of numbers, a scrubber over the steps, and the work of the number that is looked at.
// Everything shown comes from the trait `page`; what is kept here is where one stands (`done` steps) and what one looks at. The model keeps
// both as `stands`, for the next view: a cell that is moved gets its views anew.

const SPEEDS = { slow: 2000, normal: 900, fast: 250 };           // milliseconds a step

const short = (value) => (value.includes("e-") ? "≈0" : value);    // in a grid; the work below has 1.1e-17 in full

function render({ model, el }) {
  let page, order, timer = null, cells = new Map();
  let { done, looked } = model.get("stands") ?? { done: 0, looked: null };

  // ------------------------------------------------------------------------------------------------- what never changes
  const button = (text, title, act) => element("button", { type: "button", title, onclick: act }, text);
  const start = button("Start", "nothing computed yet", () => go(0));
  const back = button("Back", "one number back", () => go(done - 1));
  const step = button("Step", "compute the next number", () => go(done + 1));
  const grid = button("Whole grid", "compute the rest of this grid", wholeGrid);
  const play = button("Play", "one number after the other", () => (timer ? stop() : begin()));
  const speed = element("select", { "aria-label": "speed", onchange: () => timer && begin() },
    ...Object.keys(SPEEDS).map((name) => element("option", { value: name, selected: name === "normal" }, name)));
  const scrubber = element("input", { type: "range", min: 0, "aria-label": "steps done", oninput: () => go(+scrubber.value) });
  const counter = element("span", { class: "counter" });
  const label = element("select", { "aria-label": "label of the image",
    onchange: () => model.send({ do: "label", label: label.value }) });
  const reset = button("Original numbers", "take all edits back", () => { refused.textContent = ""; model.send({ do: "reset" }); });
  const refused = element("div", { class: "refused", role: "alert" });
  const areas = element("div", { class: "areas" });
  const name = element("div", { class: "name" }), formula = element("div", { class: "formula" });
  const arithmetic = element("div", { class: "arithmetic" }), note = element("div", { class: "note" });
  const said = element("div", { class: "said", role: "status", "aria-live": "polite" }, name, formula, arithmetic, note);
  const paths = element("ul", { class: "paths" });
  const pathsBox = element("details", { class: "paths-box" }, element("summary", {}, "Every contribution"), paths);
  const legend = element("div", { class: "legend" });
  for (const [sign, text] of [["now", "this number"], ["input", "goes into it"], ["path", "the way back to the loss"]])
    legend.append(element("span", { class: `swatch ${sign}`, "aria-hidden": "true" }, "5"), ` ${text}   `);
  legend.append("· not computed yet.   Arrow keys walk the grids, Enter edits a given number.");
  const root = element("div", { class: "lenet-step", role: "group",
    "aria-label": "A pass through a small network, number by number" },
    element("div", { class: "controls" }, start, back, step, grid, play, speed, scrubber, counter,
      element("label", {}, "label ", label), reset),
    refused, areas, legend, said, pathsBox);
  el.append(root);

  // ---------------------------------------------------------------------------------------------------------- stepping
  function go(to) {
    done = Math.max(0, Math.min(page.steps.length, to));
    looked = done ? page.steps[done - 1] : null;
    paint();
    if (looked) bring(cells.get(looked));
  }

  function bring(made) {                                          // into sight, without moving the notebook
    const seen = areas.getBoundingClientRect(), at = made.getBoundingClientRect();
    if (at.top < seen.top || at.bottom > seen.bottom)
      areas.scrollTop += made.closest(".area").getBoundingClientRect().top - seen.top;
    const still = made.getBoundingClientRect();
    if (still.bottom > seen.bottom) areas.scrollTop += still.bottom - seen.bottom + 8;
  }

  function wholeGrid() {
    if (done === page.steps.length) return;
    const key = (id) => id.split(":")[0];
    let to = done;
    while (to < page.steps.length && key(page.steps[to]) === key(page.steps[done])) to++;
    go(to);
  }

  function begin() {
    stop();
    if (done >= page.steps.length) go(0);
    timer = setInterval(() => (done < page.steps.length ? go(done + 1) : stop()), SPEEDS[speed.value]);
    play.textContent = "Pause";
    said.setAttribute("aria-live", "off");                        // nobody can listen that fast
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    said.setAttribute("aria-live", "polite");
  }

  // ----------------------------------------------------------------------------------------------------------- painting
  function build() {
    page = model.get("page");
    order = new Map(page.steps.map((id, n) => [id, n]));
    const active = root.contains(document.activeElement) ? document.activeElement : null;
    const focused = active?.closest("td")?.dataset.cell;
    const typing = active?.closest("td") && active.tagName === "INPUT" ? active.value : null;      // an answer comes while one types on
    if (typing != null) active.closest("td").disarm();
    cells = new Map();
    areas.replaceChildren(...[true, false].flatMap((features) => {
      const part = (backward) => {
        const grids = page.grids.filter((g) => g.features === features && g.backward === backward);
        const title = (backward ? "backward: gradients of " : "forward: ") + (features ? "the maps" : "the classifier");
        return element("section", { class: backward ? "backward" : "forward" }, element("h4", {}, title), layout(grids));
      };
      return [element("div", { class: "area" }, part(false), part(true))];
    }));
    scrubber.max = page.steps.length;
    label.replaceChildren(...Array.from({ length: page.classes }, (_, n) =>
      element("option", { value: n, selected: n === page.label }, String(n))));
    done = Math.min(done, page.steps.length);
    if (looked && !page.cells[looked]) looked = null;
    paint();
    if (focused && cells.has(focused)) {
      cells.get(focused).focus();
      if (typing != null) edit(cells.get(focused), typing);
    }
  }

  function layout(grids) {
    const by = Object.fromEntries(grids.map((g) => [g.key.replace(/^d/, ""), g]));
    const box = (...keys) => element("div", { class: "stack" }, ...keys.filter((k) => by[k]).flatMap((k) => by[k].maps.map((m, n) => table(by[k], m, n === 0))));
    if (by.x) return element("div", { class: "grids" }, box("x"), box("F"), box("C"), box("P"));
    return element("div", { class: "grids" }, box("v", "W1"), ...["b", "z", "s", "y", "J"].map((k) => box(k)).filter((b) => b.children.length));
  }

  function table(g, map, titled) {
    const longest = Math.max(...g.maps.flatMap((m) => m.rows.flat()).map((id) => short(page.cells[id].value).length));
    const rows = g.column ? map.rows[0].map((id) => [id]) : map.rows;
    const body = rows.map((row, r) => element("tr", { role: "row" }, ...row.map((id, c) => cell(g, id, r === 0 && c === 0))));
    return element("table", { role: "grid", "aria-label": `${map.name}, ${g.title}`, style: `--digits: ${longest}` },      // room for what comes
      element("caption", g.colour ? { class: "layer", style: `--layer: ${g.colour}` } : {}, element("b", {}, map.name), titled && !g.backward ? ` ${g.title}` : ""), element("tbody", {}, ...body));
  }

  function cell(g, id, first) {
    const made = element("td", { role: "gridcell", tabindex: first ? 0 : -1, "data-cell": id, class: g.given ? "given" : false, "aria-readonly": String(!g.given),
      onclick: (event) => { if (event.target === made) { look(id); made.focus(); } }, onfocus: () => { rove(made); look(id); }, onkeydown: (event) => key(event, made, g),
      ondblclick: () => g.given && edit(made) });
    cells.set(id, made);
    return made;
  }

  function rove(made) {                                           // Tab comes back to the cell that was last visited in a grid
    for (const td of made.closest("table").querySelectorAll("td")) td.tabIndex = td === made ? 0 : -1;
  }

  function look(id) {
    if (looked === id) return;
    if (timer) stop();
    looked = id;
    paint();
  }

  function paint() {
    model.set("stands", { done, looked });
    const now = looked && page.cells[looked];
    const inputs = new Set(now?.terms?.flatMap((t) => t.inputs) ?? []);
    const path = new Set();
    if (looked && looked.startsWith("d")) follow(looked, path);
    for (const [id, made] of cells) {
      const about = page.cells[id];
      const hidden = order.has(id) && order.get(id) >= done && id !== looked && !inputs.has(id);
      if (!made.querySelector("input") && !made.classList.contains("pending")) made.textContent = hidden ? "·" : short(about.value);
      made.setAttribute("aria-label", hidden ? `${about.name}, not computed yet` : `${about.name} = ${about.value}`);
      made.classList.toggle("unseen", hidden);
      made.classList.toggle("now", id === looked);
      made.classList.toggle("input", inputs.has(id));
      made.classList.toggle("path", path.has(id) && id !== looked && !inputs.has(id));
      if (id === looked) made.setAttribute("aria-selected", "true");
      else made.removeAttribute("aria-selected");
    }
    scrubber.value = done;
    scrubber.setAttribute("aria-valuetext", `${done} of ${page.steps.length} numbers computed`);
    counter.textContent = `${done} of ${page.steps.length}`;
    for (const [button, off] of [[start, done === 0], [back, done === 0], [step, done === page.steps.length], [grid, done === page.steps.length]])
      button.setAttribute("aria-disabled", off);                    // not `disabled`: that would throw the focus away
    if (done === page.steps.length && timer) stop();
    tell(now);
  }

  function follow(id, path) {                                     // gradients that are not zero, all the way back to the loss
    for (const term of page.cells[id].terms ?? [])
      if (term.value !== "0")
        for (const from of term.inputs)
          if (from.startsWith("d") && !path.has(from)) { path.add(from); follow(from, path); }
  }

  function tell(now) {
    if (!now) {
      name.textContent = `${page.name}: ${page.about}.`;
      formula.textContent = "Press Step to compute the first number, or look at any cell: click it, or walk there with Tab and the arrow keys.";
      arithmetic.textContent = note.textContent = "";
    } else {
      name.textContent = now.array ? `${now.name}   in Python: ${now.array}` : now.name;
      formula.textContent = now.formula ?? `${now.name} is given. Double-click it, or press Enter, to change it.`;
      arithmetic.textContent = now.formula ? `${now.name} = ${now.arithmetic}` : `${now.name} = ${now.value}`;
      note.textContent = now.note ?? "";
    }
    const terms = now && looked.startsWith("d") ? now.terms : [];
    pathsBox.hidden = !terms.length;
    paths.replaceChildren(...terms.map((term) => {
      const names = term.inputs.map((id) => page.cells[id].name).join(" and ");
      const product = term.text === term.value ? term.text : `${term.text} = ${term.value}`;
      return element("li", { class: term.value === "0" ? "zero" : "" }, `through ${names}: ${product}`);
    }));
  }

  // ------------------------------------------------------------------------------------------------ keyboard and editing
  function key(event, made, g) {
    if (event.target !== made) return;                            // an editor is open in the cell
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (moves[event.key]) {
      event.preventDefault();
      walk(made, ...moves[event.key]);
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
      const text = field.value, moved = document.activeElement === field;
      field.onblur = null;
      made.textContent = short(about.value);
      if (moved) made.focus();
      if (keep && text !== about.value) {
        refused.textContent = "";
        made.textContent = text;                                    // until the kernel has answered
        made.classList.add("pending");
        model.send({ do: "edit", cell: id, text });
      }
    };
    made.disarm = () => { field.onblur = null; };
    const field = element("input", { type: "text", inputmode: "decimal", "aria-label": `new value of ${about.name}`, value: typed ?? about.value,
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

  const rebuild = () => { refused.textContent = ""; build(); };
  const hear = (message) => {
    if (!message.refused) return;
    refused.textContent = `Not taken: ${message.refused}`;
    label.value = page.label;
    for (const made of cells.values()) made.classList.remove("pending");
    paint();
  };
  model.on("change:page", rebuild);
  model.on("msg:custom", hear);
  build();
  return () => {
    stop();
    model.off("change:page", rebuild);
    model.off("msg:custom", hear);
  };
}

export default { render };
