// The sheet of DrawDigit: the paper with its strokes, and what mouse, touch, pen and keyboard do on it.

import { Hand } from "./draw_state.js";
import { button, element, usable } from "./parts.js";
import { KEYS } from "./picture.js";
import { FIELD } from "./reading.js";

export const SIDE = 280, SENT = 140;                                // pixels a side: the sheet, and what is sent of it

// The paper: it draws strokes and the keyboard's pen, and gives what is on it as grey levels. `listeners` are those of its canvas.
function makePaper(keys, listeners) {
  const canvas = element("canvas", { class: "sheet tile", width: SIDE, height: SIDE, tabindex: 0, role: "application",
    "aria-roledescription": "sheet to draw on", "aria-label": "Sheet to draw a digit on", "aria-describedby": keys, ...listeners });
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const small = element("canvas", { width: SENT, height: SENT }), smallInk = small.getContext("2d", { willReadFrequently: true });
  const cursor = element("div", { class: "cursor", "aria-hidden": "true" });

  function segment({ width, points }, from) {
    ink.lineWidth = width;
    ink.lineCap = ink.lineJoin = "round";
    ink.strokeStyle = "#000";
    ink.beginPath();
    ink.moveTo(...points[from]);
    for (const point of points.slice(from)) ink.lineTo(...point);  // a stroke of one point is a dot
    ink.stroke();
  }

  function image(greys) {                                          // a drawing from elsewhere
    const pixels = smallInk.createImageData(SENT, SENT);
    greys.forEach((grey, i) => { pixels.data[4 * i + 3] = grey; });
    smallInk.putImageData(pixels, 0, 0);
    ink.imageSmoothingEnabled = false;
    ink.drawImage(small, 0, 0, SIDE, SIDE);
  }

  function draw(strokes) {
    ink.clearRect(0, 0, SIDE, SIDE);
    for (const one of strokes) {
      if (one.points) segment(one, 0);
      else image(one.image);
    }
  }

  function grey() {
    smallInk.clearRect(0, 0, SENT, SENT);
    smallInk.imageSmoothingEnabled = true;
    smallInk.drawImage(canvas, 0, 0, SENT, SENT);
    const levels = new Uint8Array(SENT * SENT), pixels = smallInk.getImageData(0, 0, SENT, SENT).data;
    for (let i = 0; i < levels.length; i++) levels[i] = pixels[4 * i + 3];   // black ink on nothing: how opaque it is
    return levels;
  }

  function point([x, y], size, down, seen) {
    cursor.hidden = !seen;
    cursor.classList.toggle("down", down);
    Object.assign(cursor.style, { left: `${x - size / 2}px`, top: `${y - size / 2}px`, width: `${size}px`, height: `${size}px` });
  }
  return { host: element("div", { class: "paper" }, canvas, cursor), canvas, segment, draw, grey, point };
}

// The sheet with its tools, for a `drawing` (strokes.js). `drawn` hears of every change, `rested` of the end of a stroke, `idle` when
// somebody comes to the sheet or leaves off drawing with a pointer, `tell` gets words about the keyboard's pen.
export function makeSheet({ view, state, drawing, drawn, rested, idle, tell }) {
  const hand = new Hand(), keys = `keys-${view}`;
  let seen = false;                                                 // the keyboard's pen is shown
  const paper = makePaper(keys, { onpointerenter: idle, onpointerdown: begin, onpointermove: go, onpointerup: end, onpointercancel: end,
    onlostpointercapture: end, onkeydown: press, onkeyup: release, onfocus: () => { see(paper.canvas.matches(":focus-visible")); idle(); },
    onblur: () => { hand.lift(); see(false); } });
  const undo = button("Undo", "take the last stroke back", takeBack);
  const clear = button("Clear", "an empty sheet", () => { drawing.wipe(); redraw(); drawn(); });
  const thickness = element("input", { type: "range", min: 8, max: 40, step: 2, value: state.thickness, "aria-label": "thickness of the pen",
    onchange: () => { state.thickness = +thickness.value; } });
  const spot = () => [(hand.x + 0.5) * SIDE / FIELD, (hand.y + 0.5) * SIDE / FIELD];

  function see(now) {
    seen = now;
    paper.point(spot(), +thickness.value, hand.down, seen);
  }

  function buttons() {
    usable(undo, !drawing.untouched);
    usable(clear, !drawing.empty);
  }

  function redraw() {
    paper.draw(drawing.strokes());
    buttons();
  }

  function takeBack() {
    if (drawing.untouched || hand.stroke) return;
    drawing.undo();
    redraw();
    drawn();
  }

  function start(point) {
    hand.stroke = drawing.begin(+thickness.value);
    grow(point);
    buttons();
  }

  function grow(...points) {                                       // the stroke that is being drawn
    const { stroke } = hand, from = Math.max(0, stroke.points.length - 1);
    stroke.points.push(...points);
    paper.segment(stroke, from);
    drawn();
  }

  // ------------------------------------------------------------------------------------------------ mouse, touch and pen
  function place(event) {
    const box = paper.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * SIDE / box.width, (event.clientY - box.top) * SIDE / box.height];
  }

  function begin(event) {
    if (!event.isPrimary || event.button !== 0) return;
    hand.lift();
    see(false);
    paper.canvas.setPointerCapture(event.pointerId);
    start(place(event));
  }

  function go(event) {
    if (!hand.pointing || !event.isPrimary) return;
    const all = event.getCoalescedEvents?.() ?? [];
    grow(...(all.length ? all : [event]).map(place));
  }

  function end(event) {
    if (!event.isPrimary || !hand.pointing) return;
    hand.stroke = null;
    rested();
    idle();
  }

  // ----------------------------------------------------------------------------------------------------------- keyboard
  function tellPen() {
    tell(`Pen ${hand.down ? "down" : "up"}, row ${hand.y + 1}, column ${hand.x + 1} of ${FIELD}`);
    see(true);
  }

  function press(event) {
    const move = KEYS[event.key];
    if (event.key === " ") {
      event.preventDefault();
      if (event.repeat || hand.pointing) return;
      hand.press();
      if (hand.down) start(spot());
      else rested();
      tellPen();
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      takeBack();
    } else if (move && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      hand.move(move, event.shiftKey ? 3 : 1);
      if (hand.down) grow(spot());
      tellPen();
    }
  }

  function release(event) {
    if (event.key !== " " || !hand.release()) return;
    rested();
    tellPen();
  }

  redraw();
  see(false);
  const help = element("details", { class: "keys" }, element("summary", {}, "Drawing with the keyboard"),
    element("div", { id: keys }, "With the sheet in focus, the arrow keys move the pen; Home, Page Up, End and Page Down move it diagonally; with Shift, in "
      + "larger steps. Hold Space to draw while moving, or tap it to put the pen down and tap it again to lift it. Ctrl+Z takes a stroke back."));
  return { paper: paper.host, tools: element("div", { class: "tools" }, undo, clear, element("label", {}, "thin ", thickness, " thick"), help), redraw,
    grey: paper.grey, get midStroke() { return hand.stroke !== null; } };
}
