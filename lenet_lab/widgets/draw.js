// The page of DrawDigit: a sheet for mouse, touch, pen and keyboard, and beside it what the network makes of the drawing.
// The strokes live here; the kernel gets the sheet as grey levels and answers with the trait `page`. One request is under way
// at a time: when its answer comes, the newest drawing goes out, and those in between never do.

const SIDE = 280, SENT = 140, FIELD = 28;                          // pixels a side: the sheet, what is sent of it, MNIST's
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1] };
const INK = [31, 31, 31], POSITIVE = [200, 85, 61], NEGATIVE = [31, 78, 121];

const bytes = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
const floats = (view) => new Float32Array(bytes(view));
const signed = (text) => text.replace("-", "−");
const plus = (value) => (value > 0 ? "+" : "") + number(value);
const raised = (power) => String(power).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);

function number(value) {
  const [digits, power] = value.toExponential(2).split("e");
  return signed(value === 0 || Math.abs(value) >= 1e-3 ? String(+value.toPrecision(3)) : `${digits}·10${raised(power)}`);
}

const percent = (p) => `${(100 * p).toFixed(1)} %`;
const limits = (values) => values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);

// ------------------------------------------------------------------------------------------------------------- pictures

// `count` maps of rows x columns numbers as one canvas, `across` in a row. Point at a number, or walk to it with the arrow keys,
// and `tell` hears of it. Colours run from white at 0 to INK or POSITIVE at `top`, and to NEGATIVE at -top.
function picture({ name, count, rows, columns, scale, across, more, tell, decorate }) {
  const gap = count > 1 ? 2 : 0, pitch = [columns * scale + gap, rows * scale + gap];
  const canvas = element("canvas", { class: "picture", tabindex: 0, role: "application", "aria-roledescription": "picture of numbers",
    width: Math.min(count, across) * pitch[0] - gap, height: Math.ceil(count / across) * pitch[1] - gap,
    onpointermove: (event) => look(below(event)), onpointerleave: () => look(null), onblur: () => look(null),
    onfocus: () => canvas.matches(":focus-visible") && look(last), onkeydown: key });
  const context = canvas.getContext("2d"), raw = element("canvas", { width: columns, height: rows }), rawContext = raw.getContext("2d");
  const pixels = rawContext.createImageData(columns, rows);
  let values = new Float32Array(count * rows * columns), top = 1, at = null, last = [0, 0, 0];

  function below(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) * canvas.width / box.width, y = (event.clientY - box.top) * canvas.height / box.height;
    const map = Math.floor(y / pitch[1]) * across + Math.floor(x / pitch[0]);
    const row = Math.floor((y % pitch[1]) / scale), column = Math.floor((x % pitch[0]) / scale);
    return x >= 0 && y >= 0 && map < count && row < rows && column < columns && x < canvas.width ? [map, row, column] : null;
  }

  function key(event) {
    const move = KEYS[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [map, row, column] = last, lines = Math.ceil(count / across);
    const x = Math.max(0, Math.min(across * columns - 1, (map % across) * columns + column + move[0]));
    const y = Math.max(0, Math.min(lines * rows - 1, Math.floor(map / across) * rows + row + move[1]));
    const to = Math.floor(y / rows) * across + Math.floor(x / columns);
    look(to < count ? [to, y % rows, x % columns] : last);
  }

  function look(place) {
    if (String(place) === String(at)) return;
    at = place;
    if (at) last = at;
    draw();
    say();
  }

  function say() {
    if (!at) return tell("");
    const [map, row, column] = at, value = values[(map * rows + row) * columns + column];
    tell(`${name}${count > 1 ? `, map ${map + 1}` : ""}, row ${row + 1}, column ${column + 1}: ${number(value)}. ${more()}`);
  }

  function draw() {
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = false;
    for (let map = 0; map < count; map++) {
      for (let i = 0; i < rows * columns; i++) {
        const value = values[map * rows * columns + i], share = Math.min(1, Math.abs(value) / top);
        const full = value < 0 ? NEGATIVE : decorate?.ink ? INK : POSITIVE;
        for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = 255 + share * (full[c] - 255);
        pixels.data[4 * i + 3] = 255;
      }
      rawContext.putImageData(pixels, 0, 0);
      context.drawImage(raw, (map % across) * pitch[0], Math.floor(map / across) * pitch[1], columns * scale, rows * scale);
    }
    decorate?.over?.(context, scale, values, top);
    if (!at) return;
    const [map, row, column] = at;
    const x = (map % across) * pitch[0] + column * scale, y = Math.floor(map / across) * pitch[1] + row * scale;
    for (const [colour, wider] of [["#fff", 2], ["#111", 1]]) {
      context.strokeStyle = colour;
      context.strokeRect(x - wider + 0.5, y - wider + 0.5, scale + 2 * wider - 1, scale + 2 * wider - 1);
    }
  }

  function paint(newest, label, scaleTop) {
    values = newest;
    top = scaleTop || 1;
    canvas.setAttribute("aria-label", label);
    draw();
    if (at) say();
  }
  return { canvas, paint };
}

// The outline of the ink, to find one's way in the gradient, and signs on its strongest pixels, so that not colour alone tells them.
function outlineAndSigns(image) {
  return { over(context, scale, values, top) {
    const ink = (row, column) => row >= 0 && column >= 0 && row < FIELD && column < FIELD && image()[row * FIELD + column] > 0.4;
    context.strokeStyle = "#888";
    context.beginPath();
    for (let row = 0; row <= FIELD; row++)
      for (let column = 0; column <= FIELD; column++) {
        if (ink(row, column) !== ink(row - 1, column)) { context.moveTo(column * scale, row * scale); context.lineTo((column + 1) * scale, row * scale); }
        if (ink(row, column) !== ink(row, column - 1)) { context.moveTo(column * scale, row * scale); context.lineTo(column * scale, (row + 1) * scale); }
      }
    context.stroke();
    context.fillStyle = "#fff";
    for (let i = 0; i < values.length; i++) {
      if (!(Math.abs(values[i]) >= 0.6 * top)) continue;
      const x = (i % FIELD) * scale, y = Math.floor(i / FIELD) * scale, middle = (scale - 1) / 2;
      context.fillRect(x + 1, y + middle, scale - 2, 1);
      if (values[i] > 0) context.fillRect(x + middle, y + 1, 1, scale - 2);
    }
  } };
}

// ----------------------------------------------------------------------------------------------------------------- page

function render({ model, el }) {
  const view = Math.random().toString(36).slice(2);                // which page a drawing came from
  let done = [], stroke = null;                                    // all that was done: strokes, wipes, drawings from elsewhere
  let sent = 0, busy = false, dirty = false, shown = null, waiting = null, hearing = null;
  const pen = { x: FIELD / 2 - 1, y: FIELD / 2 - 1, down: false, moved: false, lifting: false, seen: false };

  // ------------------------------------------------------------------------------------------------- what never changes
  const button = (text, title, act) => element("button", { type: "button", title, onclick: act }, text);
  const undo = button("Undo", "take the last stroke back", takeBack);
  const clear = button("Clear", "an empty sheet", () => { if (strokes().length) act({ wipe: true }); });
  const thickness = element("input", { type: "range", min: 8, max: 40, step: 2, value: 22, "aria-label": "thickness of the pen" });
  const sheet = element("canvas", { class: "sheet", width: SIDE, height: SIDE, tabindex: 0, role: "application",
    "aria-roledescription": "sheet to draw on", "aria-label": "Sheet to draw a digit on", "aria-describedby": `keys-${view}`,
    onpointerdown: begin, onpointermove: go, onpointerup: end, onpointercancel: end, onlostpointercapture: end,
    onkeydown: press, onkeyup: release, onfocus: () => { pen.seen = sheet.matches(":focus-visible"); showPen(); },
    onblur: () => { lift(); pen.seen = false; showPen(); } });
  const ink = sheet.getContext("2d", { willReadFrequently: true });
  const small = element("canvas", { width: SENT, height: SENT }), smallInk = small.getContext("2d", { willReadFrequently: true });
  const cursor = element("div", { class: "cursor", "aria-hidden": "true" });
  const keys = element("details", { class: "keys" }, element("summary", {}, "Drawing with the keyboard"),
    element("div", { id: `keys-${view}` }, "With the sheet in focus, the arrow keys move the pen; Home, Page Up, End and Page Down move it diagonally; with Shift, in "
      + "larger steps. Hold Space to draw while moving, or tap it to put the pen down and tap it again to lift it. Ctrl+Z takes a stroke back."));

  const readout = element("div", { class: "readout", "aria-live": "polite" });
  const hint = "Point at any picture, or walk in it with the arrow keys, to read its numbers.";
  const tell = (text) => { readout.textContent = text || hint; };
  tell("");
  let imageNow = new Float32Array(FIELD * FIELD);
  const single = { count: 1, rows: FIELD, columns: FIELD, scale: 7, across: 1, tell };
  const seen = picture({ ...single, name: "What the network sees", more: () => "0 is paper, 1 is ink.", decorate: { ink: true } });
  const gradient = picture({ ...single, name: "Gradient", decorate: outlineAndSigns(() => imageNow),
    more: () => `How fast log p(${model.get("page").towards}) rises with the ink of this pixel.` });
  const centred = element("input", { type: "checkbox", onchange: () => { model.set("centred", centred.checked); model.save_changes(); } });
  const towards = element("select", { "aria-label": "class that the gradient is for",
    onchange: () => { model.set("towards", towards.value === "" ? null : +towards.value); model.save_changes(); } });
  const range = element("div", { class: "range" }), pushes = element("div", { class: "pushes" });
  const said = element("div", { class: "said" }), late = element("div", { class: "late" });
  const failed = element("div", { class: "failed", role: "alert" });
  const heard = element("div", { class: "heard", role: "status", "aria-live": "polite" });
  const bars = element("tbody"), layers = element("div", { class: "layers" });
  let rows = [], maps = [];

  const part = (title, kind, ...children) => element("section", { class: kind, "aria-label": title }, element("h4", {}, title), ...children);
  const root = element("div", { class: "lenet-draw", role: "group", "aria-label": "Draw a digit and see what the network makes of it" },
    element("div", { class: "head" }, said, late), failed, heard,
    element("div", { class: "row" },
      part("Draw a digit", "drawing",
        element("div", { class: "paper" }, sheet, cursor),
        element("div", { class: "controls" }, undo, clear, element("label", {}, "thin ", thickness, " thick")), keys),
      part("What the network sees", "seen", seen.canvas,
        element("label", { class: "check" }, centred, " scaled and centred"),
        element("div", { class: "why" }, "MNIST's digits fit 20×20 pixels and have their centre of mass in the middle. "
          + "A network that learned from them has never seen one that is larger, smaller or elsewhere.")),
      part("Its answer", "answer", element("table", {}, bars)),
      element("section", { class: "push", "aria-label": "What would change the answer" },
        element("h4", {}, element("label", {}, "What would make it a ", towards)), gradient.canvas, range,
        element("div", { class: "why" }, element("span", { class: "swatch positive" }, "+"), " red: more ink here makes it surer, ",
          element("span", { class: "swatch negative" }, "−"), " blue: less does, white: no difference. Grey line: the drawing."), pushes)),
    readout, layers);
  el.append(root);

  // ------------------------------------------------------------------------------------------------------------ strokes
  function strokes() {                                             // what is on the sheet now
    const last = done.findLastIndex((one) => one.wipe || one.image);
    return last >= 0 && done[last].image ? done.slice(last) : done.slice(last + 1);
  }

  function segment({ width, points }, from) {
    ink.lineWidth = width;
    ink.lineCap = ink.lineJoin = "round";
    ink.strokeStyle = "#000";
    ink.beginPath();
    ink.moveTo(...points[from]);
    for (const point of points.slice(from)) ink.lineTo(...point);  // a stroke of one point is a dot
    ink.stroke();
  }

  function redraw() {
    ink.clearRect(0, 0, SIDE, SIDE);
    for (const one of strokes()) {
      if (one.points) segment(one, 0);
      else {
        const pixels = smallInk.createImageData(SENT, SENT);
        one.image.forEach((grey, i) => { pixels.data[4 * i + 3] = grey; });
        smallInk.putImageData(pixels, 0, 0);
        ink.imageSmoothingEnabled = false;
        ink.drawImage(small, 0, 0, SIDE, SIDE);
      }
    }
    buttons();
  }

  function buttons() {
    undo.setAttribute("aria-disabled", !done.length);              // not `disabled`: that would throw the focus away
    clear.setAttribute("aria-disabled", !strokes().length);
  }

  function act(what) {
    done.push(what);
    redraw();
    send();
  }

  function takeBack() {
    if (!done.length || stroke) return;
    done.pop();
    redraw();
    send();
  }

  function grow(...points) {                                       // the stroke that is being drawn
    const from = Math.max(0, stroke.points.length - 1);
    stroke.points.push(...points);
    segment(stroke, from);
    send();
  }

  function start(point) {
    stroke = { width: +thickness.value, points: [] };
    done.push(stroke);
    grow(point);
    buttons();
  }

  // ------------------------------------------------------------------------------------------------ mouse, touch and pen
  function place(event) {
    const box = sheet.getBoundingClientRect();
    return [(event.clientX - box.left) * SIDE / box.width, (event.clientY - box.top) * SIDE / box.height];
  }

  function begin(event) {
    if (!event.isPrimary || event.button !== 0) return;
    lift();
    pen.seen = false;
    showPen();
    sheet.setPointerCapture(event.pointerId);
    start(place(event));
  }

  function go(event) {
    if (!stroke || pen.down || !event.isPrimary) return;
    const all = event.getCoalescedEvents?.() ?? [];
    grow(...(all.length ? all : [event]).map(place));
  }

  function end(event) {
    if (event.isPrimary && !pen.down) stroke = null;
  }

  // ----------------------------------------------------------------------------------------------------------- keyboard
  const spot = () => [(pen.x + 0.5) * SIDE / FIELD, (pen.y + 0.5) * SIDE / FIELD];

  function showPen() {
    cursor.hidden = !pen.seen;
    cursor.classList.toggle("down", pen.down);
    const [x, y] = spot(), size = +thickness.value;
    Object.assign(cursor.style, { left: `${x - size / 2}px`, top: `${y - size / 2}px`, width: `${size}px`, height: `${size}px` });
  }

  function lift() {
    if (pen.down) stroke = null;
    pen.down = false;
  }

  function tellPen() {
    pen.seen = true;
    announce(`Pen ${pen.down ? "down" : "up"}, row ${pen.y + 1}, column ${pen.x + 1} of ${FIELD}`);
    showPen();
  }

  function press(event) {
    const move = KEYS[event.key];
    if (event.key === " ") {
      event.preventDefault();
      if (event.repeat) return;
      if (stroke && !pen.down) return;                              // the mouse is drawing
      pen.moved = false;
      pen.lifting = pen.down;
      if (pen.down) lift();
      else { pen.down = true; start(spot()); }
      tellPen();
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      takeBack();
    } else if (move && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      const far = event.shiftKey ? 3 : 1, inside = (v) => Math.max(0, Math.min(FIELD - 1, v));
      pen.x = inside(pen.x + far * move[0]);
      pen.y = inside(pen.y + far * move[1]);
      pen.moved = true;
      if (pen.down) grow(spot());
      tellPen();
    }
  }

  function release(event) {                                        // Space held while moving draws just so long; Space tapped stays down
    if (event.key !== " " || pen.lifting || !pen.down || !pen.moved) return;
    lift();
    tellPen();
  }

  // ------------------------------------------------------------------------------------------------------ to the kernel
  function send() {
    if (busy) { dirty = true; return; }
    busy = true;
    dirty = false;
    smallInk.clearRect(0, 0, SENT, SENT);
    smallInk.imageSmoothingEnabled = true;
    smallInk.drawImage(sheet, 0, 0, SENT, SENT);
    const grey = new Uint8Array(SENT * SENT), pixels = smallInk.getImageData(0, 0, SENT, SENT).data;
    for (let i = 0; i < grey.length; i++) grey[i] = pixels[4 * i + 3];   // black ink on nothing: how opaque it is
    root.setAttribute("aria-busy", "true");
    waiting = setTimeout(() => { late.textContent = "The kernel is busy; the answer comes when it is free. If it was restarted, run the cell again."; }, 1500);
    model.send({ drawing: `${view}:${++sent}` }, undefined, [grey.buffer]);
  }

  function answered() {
    clearTimeout(waiting);
    late.textContent = "";
    busy = false;
    if (dirty) send();
    else root.setAttribute("aria-busy", "false");
  }

  // ----------------------------------------------------------------------------------------------------------- painting
  function announce(text) {
    clearTimeout(hearing);
    heard.textContent = text;
    hearing = setTimeout(() => { heard.textContent = said.textContent; }, 900);
  }

  function build(page, p) {
    rows = Array.from(p, (_, k) => {
      const parts = { share: element("td", { class: "share" }), bar: element("div", { class: "bar" }), mark: element("td", { class: "mark" }) };
      parts.row = element("tr", {}, element("th", { scope: "row" }, String(k)), element("td", { class: "track", "aria-hidden": "true" }, parts.bar), parts.share, parts.mark);
      return parts;
    });
    bars.replaceChildren(...rows.map((parts) => parts.row));
    towards.replaceChildren(element("option", { value: "" }), ...rows.map((_, k) => element("option", { value: k }, String(k))));
    maps = page.layers.map(({ name, shape: [count, height, width], about }) => {
      const scale = Math.max(2, Math.min(5, Math.floor(36 / width)));
      const fitting = Math.floor(500 / (width * scale + 2)), across = Math.ceil(count / Math.ceil(count / fitting));
      const made = picture({ name, count, rows: height, columns: width, scale, across, more: () => about, tell });
      const caption = element("figcaption");
      layers.append(element("figure", {}, caption, made.canvas));
      return { ...made, caption, size: `${count} ${count > 1 ? "maps" : "map"} of ${height}×${width}` };
    });
    layers.append(element("div", { class: "why" }, "In the maps red is positive, blue negative, white 0, each layer on a scale of its own."));
  }

  function paint() {
    const page = model.get("page"), p = floats(page.p);
    if (!rows.length) build(page, p);
    if (page.drawing !== shown) {
      shown = page.drawing;
      if (shown === `${view}:${sent}`) answered();
      else if (!shown.startsWith(view) && (done.length || !page.blank)) adopt(new Uint8Array(bytes(page.ink)));
    }
    failed.textContent = "";
    said.textContent = page.said;
    clearTimeout(hearing);
    hearing = setTimeout(() => { heard.textContent = page.said; }, 900);   // nobody can listen as fast as one draws

    const best = p.indexOf(Math.max(...p));
    rows.forEach(({ row, share, bar, mark }, k) => {
      share.textContent = percent(p[k]);
      bar.style.width = `${100 * p[k]}%`;
      row.classList.toggle("best", k === best);
      mark.textContent = k === best ? "answer" : "";
    });

    imageNow = floats(page.image);
    const inked = imageNow.filter((v) => v > 0.4).length;
    seen.paint(imageNow, `What the network sees, 28 by 28 pixels, ${inked} of them dark`, 1);
    const g = floats(page.gradient), [low, high] = limits(g);
    pushes.textContent = strongest(g);
    gradient.paint(g, `Gradient of log p(${page.towards}) for every pixel. ${pushes.textContent}`, Math.max(-low, high));
    range.textContent = `Gradient: ${number(low)} to ${plus(high)}`;
    page.layers.forEach(({ name, maps: data }, n) => {
      const values = floats(data), [least, most] = limits(values);
      const words = `${maps[n].size}, ${number(least)} to ${number(most)}`;
      maps[n].caption.replaceChildren(element("b", {}, name), ` ${words}`);
      maps[n].paint(values, `${name}: ${words}`, Math.max(-least, most));
    });
    choices();
    towards.options[0].textContent = `surer ${best}`;
  }

  function strongest(g) {                                          // where there is room for more ink, or ink to take away
    const [more, less] = [(i) => (imageNow[i] < 1 ? g[i] : 0), (i) => (imageNow[i] > 0 ? -g[i] : 0)].map((gain) =>
      g.reduce((best, _, i) => (gain(i) > gain(best) ? i : best), 0));
    const at = (i, what) => `${what} ink at row ${Math.floor(i / FIELD) + 1}, column ${i % FIELD + 1} (${plus(g[i])})`;
    const found = [g[more] > 0 && imageNow[more] < 1 && at(more, "more"), g[less] < 0 && imageNow[less] > 0 && at(less, "less")].filter(Boolean);
    return found.length ? `Does most: ${found.join("; ")}.` : "No pixel makes a difference.";
  }

  function choices() {
    centred.checked = model.get("centred");
    towards.value = model.get("towards") ?? "";
  }

  function adopt(image) {                                          // a drawing from Python, or from another page of this widget
    if (done.at(-1)?.image) done.pop();
    done.push({ image });
    redraw();
    if (busy) dirty = true;
  }

  const hear = (message) => {
    if (!message.failed) return;
    failed.textContent = `The network could not read this. ${message.failed}`;
    if (busy) answered();
  };
  model.on("change:page", paint);
  model.on("change:centred change:towards", choices);
  model.on("msg:custom", hear);
  paint();
  buttons();
  showPen();
  root.setAttribute("aria-busy", "false");
  return () => {
    clearTimeout(waiting);
    clearTimeout(hearing);
    model.off("change:page", paint);
    model.off("change:centred change:towards", choices);
    model.off("msg:custom", hear);
  };
}

export default { render };
