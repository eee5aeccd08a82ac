// The page of DrawDigit: a sheet for mouse, touch, pen and keyboard (draw_sheet.js), beside it the answer, and below, from left to right, what
// every layer makes of the drawing (draw_answer.js). All this fits on the screen of a laptop. The strokes live here, in a `Drawing`; draw_reader.js has them read.

import { makeAnswer } from "./draw_answer.js";
import { makeReader } from "./draw_reader.js";
import { makeSheet, SIDE } from "./draw_sheet.js";
import { announcer, element, widget } from "./parts.js";
import { Drawing, strokesFrom, written } from "./strokes.js";
import { openView, pageState } from "./views.js";

function render({ model, el }) {
  const state = pageState(model, { done: [], drawing: "", shown: null, thickness: 22, opened: false, net: null });
  // `drawing` is the name of what was done; `net` the network, if the page has it: { name of its weights, input, layers }.
  const view = Math.random().toString(36).slice(2);                // which page a drawing came from
  const drawing = new Drawing(state.done), heard = announcer(900); // nobody can listen as fast as one draws
  const remember = () => model.remember?.("strokes", written(drawing.strokes()));   // for the address, on a page that has its state there

  const answer = makeAnswer({ view, model, state });
  const sheet = makeSheet({ view, state, drawing, drawn: () => reader.ask(), rested: remember, idle: () => reader.weights(),
    tell: (words) => { heard.now(words); heard.say(answer.said.textContent); } });
  const reader = makeReader({ view, model, state, drawing, sheet, remember, send: (...message) => host.send(...message),
    show: (page) => { answer.put(page); heard.say(page.said); },
    busy: (now) => root.setAttribute("aria-busy", String(now)),
    adopt: (image) => { drawing.adopt(image); sheet.redraw(); } });

  const part = (title, kind, ...children) => element("div", { class: kind, role: "group", "aria-label": title },
    element("div", { class: "part" }, title), ...children);
  const root = widget("draw", "Draw a digit and see what the network makes of it", answer.said, ...reader.words, heard.host,
    element("div", { class: "first" }, part("Draw a digit", "drawing", sheet.paper), part("Its answer", "answer", answer.bars),
      element("div", {}, sheet.tools, answer.push)),
    ...answer.pictures);
  const host = openView({ model, el }, root, "What you draw stays. It is read here if the page has the network's weights; Python does not learn of it.");
  host.on("change:page", reader.take);
  host.on("change:centred change:towards", answer.choose);
  host.on("msg:custom", reader.hear);

  reader.take();
  root.setAttribute("aria-busy", "false");
  reader.weights();
  if (!drawing.untouched && model.get("page").drawing !== state.drawing) reader.ask();   // the view before this one had no answer yet
  const linked = strokesFrom(model.remembered?.("strokes") ?? "", SIDE);    // a link to a drawing
  if (linked.length && drawing.untouched) {
    drawing.done.push(...linked);
    sheet.redraw();
    reader.ask();
  }
  return host.end(() => {
    reader.stop();
    heard.stop();
  });
}

export default { render };
