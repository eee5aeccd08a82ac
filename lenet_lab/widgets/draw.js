// The page of DrawDigit: a sheet for mouse, touch, pen and keyboard, beside it the answer, and below, from left to right, what every layer
// makes of the drawing. The strokes live here; the kernel (or, on a page without one, a script) gets the sheet as grey levels and answers
// with the trait `page`. One request is under way at a time: when its answer comes, the newest drawing goes out, those in between never do.
// Where the page has the weights of the network it shows its own reading (reading.js) until Python's has come, and asks Python when the pen rests.

import { scaleOf } from "./colours.js";
import { number, plus } from "./numbers.js";
import { announcer, barList, button, element, usable, widget } from "./parts.js";
import { KEYS, outlineAndSigns, picture } from "./picture.js";
import { FIELD, networkFrom, pageOf } from "./reading.js";
import { Drawing, strokesFrom, written } from "./strokes.js";
import { openView, pageState } from "./views.js";

const SIDE = 280, SENT = 140;                                       // pixels a side: the sheet, and what is sent of it
const REST = 120;                                                   // milliseconds
const HINT = "Point at any picture, tap it, or walk in it with the arrow keys, to read its numbers.";

const bytes = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
const floats = (view) => new Float32Array(bytes(view));

// The two pixels where more ink, or less, would do most for the class of the gradient, in words.
export function strongest(gradient, image, side) {
  const [more, less] = [(i) => (image[i] < 1 ? gradient[i] : 0), (i) => (image[i] > 0 ? -gradient[i] : 0)].map((gain) =>
    gradient.reduce((best, _, i) => (gain(i) > gain(best) ? i : best), 0));
  const at = (i, what) => `${what} ink at row ${Math.floor(i / side) + 1}, column ${i % side + 1} (${plus(gradient[i])})`;
  const found = [gradient[more] > 0 && image[more] < 1 && at(more, "more"), gradient[less] < 0 && image[less] > 0 && at(less, "less")].filter(Boolean);
  return found.length ? `Does most: ${found.join("; ")}.` : "No pixel makes a difference.";
}

function render({ model, el }) {
  const state = pageState(model, { done: [], drawing: "", shown: null, thickness: 22, opened: false, net: null });
  // `drawing` is the name of what was done; `net` the network, if the page has it: { name of its weights, input, layers }.
  const view = Math.random().toString(36).slice(2);                // which page a drawing came from
  const inherited = state.drawing, drawing = new Drawing(state.done), heard = announcer(900); // nobody can listen as fast as one draws
  let stroke = null, sent = 0, busy = false, dirty = false, { shown } = state, waiting = null, resting = null, maps = [], page = null, asked = null;
  let imageNow = new Float32Array(FIELD * FIELD);
  const pen = { x: FIELD / 2 - 1, y: FIELD / 2 - 1, down: false, moved: false, lifting: false, seen: false };

  // ------------------------------------------------------------------------------------------------- what never changes
  const undo = button("Undo", "take the last stroke back", takeBack);
  const clear = button("Clear", "an empty sheet", () => { drawing.wipe(); redraw(); send(); });
  const thickness = element("input", { type: "range", min: 8, max: 40, step: 2, value: state.thickness, "aria-label": "thickness of the pen",
    onchange: () => { state.thickness = +thickness.value; } });
  const sheet = element("canvas", { class: "sheet tile", width: SIDE, height: SIDE, tabindex: 0, role: "application",
    "aria-roledescription": "sheet to draw on", "aria-label": "Sheet to draw a digit on", "aria-describedby": `keys-${view}`,
    onpointerenter: fetchWeights, onpointerdown: begin, onpointermove: go, onpointerup: end, onpointercancel: end, onlostpointercapture: end,
    onkeydown: press, onkeyup: release, onfocus: () => { pen.seen = sheet.matches(":focus-visible"); showPen(); fetchWeights(); },
    onblur: () => { lift(); pen.seen = false; showPen(); } });
  const ink = sheet.getContext("2d", { willReadFrequently: true });
  const small = element("canvas", { width: SENT, height: SENT }), smallInk = small.getContext("2d", { willReadFrequently: true });
  const cursor = element("div", { class: "cursor", "aria-hidden": "true" });
  const keys = element("details", { class: "keys" }, element("summary", {}, "Drawing with the keyboard"),
    element("div", { id: `keys-${view}` }, "With the sheet in focus, the arrow keys move the pen; Home, Page Up, End and Page Down move it diagonally; with Shift, in "
      + "larger steps. Hold Space to draw while moving, or tap it to put the pen down and tap it again to lift it. Ctrl+Z takes a stroke back."));

  const readout = element("div", { class: "readout", "aria-live": "polite" });
  const tell = (text) => { readout.textContent = text || HINT; };
  const single = { count: 1, rows: FIELD, columns: FIELD, across: 1, tell };
  const seen = picture({ ...single, scale: 5, name: "What the network sees", more: () => "0 is paper, 1 is ink.", decorate: { ink: true } });
  const gradient = picture({ ...single, scale: 7, name: "Gradient", decorate: outlineAndSigns(() => imageNow, FIELD),
    more: () => `How fast log p(${page.towards}) rises with the ink of this pixel.` });
  const setting = (name, value) => { model.set(name, value); model.save_changes(); };
  const centred = element("input", { type: "checkbox", onchange: () => setting("centred", centred.checked) });
  const towards = element("select", { "aria-label": "class that the gradient is for",
    onchange: () => setting("towards", towards.value === "" ? null : +towards.value) });
  const range = element("div"), pushes = element("div", { class: "pushes" });
  const pushed = element("div", { id: `push-${view}`, hidden: !state.opened }, element("label", {}, "towards a ", towards), gradient.canvas, range,
    element("div", { class: "note" }, element("span", { class: "swatch" }, "+"), " red: more ink here makes it surer, ",
      element("span", { class: "swatch negative" }, "−"), " blue: less does, white: no difference. Grey line: the drawing."), pushes);
  const why = button("What would change it?", "the gradient of the answer, pixel by pixel", () => {
    state.opened = pushed.hidden;
    pushed.hidden = !state.opened;
    paintGradient();
    why.setAttribute("aria-expanded", String(state.opened));
  }, { "aria-expanded": String(state.opened), "aria-controls": `push-${view}` });
  const said = element("div", { class: "said" }), late = element("div", { class: "late of-kernel" });
  const failed = element("div", { class: "refused", role: "alert" });
  const bars = barList("probabilities"), layers = element("div", { class: "layers" });
  const part = (title, kind, ...children) => element("div", { class: kind, role: "group", "aria-label": title },
    element("div", { class: "part" }, title), ...children);
  const root = widget("draw", "Draw a digit and see what the network makes of it", said, late, failed, heard.host,
    element("div", { class: "first" },
      part("Draw a digit", "drawing", element("div", { class: "paper" }, sheet, cursor),
        element("div", { class: "tools" }, undo, clear, element("label", {}, "thin ", thickness, " thick")), keys),
      part("Its answer", "answer", bars.host),
      element("div", { class: "push", role: "group", "aria-label": "What would change the answer" }, why, pushed)),
    readout, layers);
  const host = openView({ model, el }, root, "What you draw stays. It is read here if the page has the network's weights; Python does not learn of it.");

  // ------------------------------------------------------------------------------------------------------------ strokes
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
    for (const one of drawing.strokes()) {
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
    usable(undo, !drawing.untouched);
    usable(clear, !drawing.empty);
  }

  function takeBack() {
    if (drawing.untouched || stroke) return;
    drawing.undo();
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
    stroke = drawing.begin(+thickness.value);
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
    if (!event.isPrimary || pen.down || !stroke) return;
    stroke = null;
    remember();
    fetchWeights();
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
    heard.now(`Pen ${pen.down ? "down" : "up"}, row ${pen.y + 1}, column ${pen.x + 1} of ${FIELD}`);
    heard.say(said.textContent);
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
      if (pen.down) { lift(); remember(); }
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
    remember();
    tellPen();
  }

  // ------------------------------------------------------------------------------------------------------ to the kernel
  function send() {
    keep(`${view}:${sent + 1}`);
    root.setAttribute("aria-busy", "true");
    if (!state.net) { post(); return; }
    show(pageOf(state.net, state.drawing, greyLevels(), SENT, model.get("centred"), model.get("towards")));
    clearTimeout(resting);
    resting = setTimeout(post, REST);
  }

  function greyLevels() {
    smallInk.clearRect(0, 0, SENT, SENT);
    smallInk.imageSmoothingEnabled = true;
    smallInk.drawImage(sheet, 0, 0, SENT, SENT);
    const grey = new Uint8Array(SENT * SENT), pixels = smallInk.getImageData(0, 0, SENT, SENT).data;
    for (let i = 0; i < grey.length; i++) grey[i] = pixels[4 * i + 3];   // black ink on nothing: how opaque it is
    return grey;
  }

  function post() {
    clearTimeout(resting);
    resting = null;
    dirty = busy;
    if (busy) return;
    busy = true;
    waiting = setTimeout(() => {
      late.textContent = `The kernel is busy; ${state.net ? "until it is free, the page reads with the weights that it has" : "the answer comes when it is free"}. `
        + "If it was restarted, run the cell again.";
    }, 1500);
    host.send({ drawing: `${view}:${++sent}` }, [greyLevels().buffer]);
    if (!stroke) remember();
  }

  function keep(name) {                                            // for the next view
    Object.assign(state, { done: [...drawing.done], drawing: name });
  }

  function remember() {                                            // for the address, on a page that has its state there
    model.remember?.("strokes", written(drawing.strokes()));
  }

  function answered() {
    clearTimeout(waiting);
    late.textContent = "";
    busy = false;
    if (dirty) post();
    else if (!resting) root.setAttribute("aria-busy", "false");
  }

  function fetchWeights() {                                        // when nobody draws: they are large
    const { weights } = model.get("page");
    if (weights == null || busy || stroke || weights === state.net?.name || weights === asked) return;
    asked = weights;
    host.send({ do: "weights" });
  }

  function forgetWeights() {
    state.net = asked = null;
  }

  // ----------------------------------------------------------------------------------------------------------- painting
  function build() {
    const p = floats(page.p);
    towards.replaceChildren(element("option", { value: "" }), ...Array.from(p, (_, k) => element("option", { value: k }, String(k))));
    layers.append(element("figure", { class: "seen" }, element("figcaption", {}, element("b", {}, "what the network sees")), seen.canvas,
      element("label", { title: "MNIST's digits fit 20×20 pixels and have their centre of mass in the middle. "
        + "A network that learned from them has never seen one that is larger, smaller or elsewhere." }, centred, " scaled and centred")));
    maps = page.layers.map(({ name, shape: [count, height, width], about }) => {
      const scale = Math.max(2, Math.min(5, Math.floor(28 / width))), across = Math.min(count, Math.max(5, Math.ceil(count / 5)));
      const made = picture({ name, count, rows: height, columns: width, scale, across, more: () => about, tell });
      const caption = element("figcaption");
      layers.append(element("span", { class: "arrow", "aria-hidden": "true" }, "→"), element("figure", {}, caption, made.canvas));
      return { ...made, caption, size: `${count} ${count > 1 ? "maps" : "map"} of ${height}×${width}` };
    });
    layers.after(element("div", { class: "note" }, "In the maps red is positive, blue negative, white 0, each layer on a scale of its own."));
  }

  function paint() {                                               // Python's answer
    const newest = model.get("page");
    if (state.net && newest.weights !== state.net.name) forgetWeights();
    if (newest.drawing !== shown) {
      shown = state.shown = newest.drawing;
      if (shown === `${view}:${sent}`) { answered(); fetchWeights(); }
      else if (!mine(shown) && (!drawing.untouched || !newest.blank)) adopt(new Uint8Array(bytes(newest.ink)));
    }
    if (!page || !(busy || resting) || !state.net) show(newest);    // else the page has answered a newer drawing
  }

  function show(newest) {
    page = newest;
    if (!layers.firstChild) build();
    const p = floats(page.p);
    failed.textContent = "";
    said.textContent = page.said;
    heard.say(page.said);
    bars.put(p);
    imageNow = floats(page.image);
    seen.paint(imageNow, `What the network sees, 28 by 28 pixels, ${imageNow.filter((v) => v > 0.4).length} of them dark`, 1);
    paintGradient();
    page.layers.forEach(({ name, maps: data }, n) => {
      const values = floats(data), scale = scaleOf(values);
      const words = `${maps[n].size}, ${number(scale.low)} to ${number(scale.high)}`;
      maps[n].caption.replaceChildren(element("b", {}, name), ` ${words}`);
      maps[n].paint(values, `${name}: ${words}`, scale.top);
    });
    choices();
    const best = p.indexOf(Math.max(...p));
    towards.options[0].textContent = `surer ${best}`;
  }

  function paintGradient() {
    if (pushed.hidden) return;
    const g = floats(page.gradient), { low, high, top } = scaleOf(g);
    pushes.textContent = strongest(g, imageNow, FIELD);
    gradient.paint(g, `Gradient of log p(${page.towards}) for every pixel. ${pushes.textContent}`, top);
    range.textContent = `Gradient: ${number(low)} to ${plus(high)}`;
  }

  function choices() {
    centred.checked = model.get("centred");
    towards.value = model.get("towards") ?? "";
  }

  function mine(name) {                                            // drawn here, or on the view before this one
    const [from, number] = name.split(":"), [before, last] = inherited.split(":");
    return from === view || (from === before && +number <= +last);
  }

  function adopt(image) {                                          // a drawing from Python, or from another page of this widget
    drawing.adopt(image);
    keep(shown);
    redraw();
    if (busy) dirty = true;
  }

  const hear = (message, buffers) => {
    if (message.weights != null) state.net = { ...networkFrom(message.input, message.layers, floats(buffers[0])), name: message.weights };
    if (!message.failed) return;
    forgetWeights();
    failed.textContent = `The network could not read this. ${message.failed}`;
    if (busy) answered();
  };
  host.on("change:page", paint);
  host.on("change:centred change:towards", choices);
  host.on("msg:custom", hear);
  tell("");
  paint();
  redraw();
  showPen();
  root.setAttribute("aria-busy", "false");
  fetchWeights();
  if (!drawing.untouched && model.get("page").drawing !== state.drawing) send();          // the view before this one had no answer yet
  const linked = strokesFrom(model.remembered?.("strokes") ?? "", SIDE);    // a link to a drawing
  if (linked.length && drawing.untouched) {
    drawing.done.push(...linked);
    redraw();
    send();
  }
  return host.end(() => {
    clearTimeout(waiting);
    clearTimeout(resting);
    heard.stop();
  });
}

export default { render };
