// Who reads the drawing of DrawDigit: the page at once, if it has the weights of the network, and Python when the pen rests. Python (or, on a
// page without a kernel, a script) gets the sheet as grey levels and answers with the trait `page`.

import { SENT } from "./draw_sheet.js";
import { bytes, Exchange, floats } from "./draw_state.js";
import { element, LATE } from "./parts.js";
import { networkFrom, pageOf } from "./reading.js";

const REST = 120;                                                   // milliseconds

// `send` takes messages to Python, `show` an answer, `busy` whether one is awaited, `adopt` a drawing from elsewhere, and `remember` puts the
// strokes into the address. Returns what is to be called: `ask` when the drawing has changed, `weights` when nobody draws, `take` when the
// model has an answer, `hear` of other messages, `stop` at the end; and two lines of words.
export function makeReader({ view, model, state, drawing, sheet, send, show, busy, adopt, remember }) {
  const exchange = new Exchange(view, state.drawing, state.shown);
  const late = element("div", { class: "late of-kernel" }), failed = element("div", { class: "refused", role: "alert" });
  let waiting = null, resting = null, asked = null, empty = true;

  const keep = (name) => Object.assign(state, { done: [...drawing.done], drawing: name });          // for the next view

  function put(page) {
    empty = false;
    failed.textContent = "";
    show(page);
  }

  function ask() {
    keep(exchange.next);
    busy(true);
    if (!state.net) { post(); return; }
    put(pageOf(state.net, state.drawing, sheet.grey(), SENT, model.get("centred"), model.get("towards")));
    clearTimeout(resting);
    resting = setTimeout(post, REST);
  }

  function post() {
    clearTimeout(resting);
    resting = null;
    const name = exchange.take();
    if (!name) return;
    waiting = setTimeout(() => {
      late.textContent = `The kernel is busy; ${state.net ? "until it is free, the page reads with the weights that it has" : "the answer comes when it is free"}. `
        + "If it was restarted, run the cell again.";
    }, LATE);
    send({ drawing: name }, [sheet.grey().buffer]);
    if (!sheet.midStroke) remember();
  }

  function answered() {
    clearTimeout(waiting);
    late.textContent = "";
    if (exchange.finish()) post();
    else if (!resting) busy(false);
  }

  function weights() {                                             // only when nobody draws: they are large
    const { weights: name } = model.get("page");
    if (name == null || exchange.busy || sheet.midStroke || name === state.net?.name || name === asked) return;
    asked = name;
    send({ do: "weights" });
  }

  function forgetWeights() {
    state.net = asked = null;
  }

  function take() {                                                // Python's answer
    const page = model.get("page"), whose = exchange.arrive(page.drawing);
    if (state.net && page.weights !== state.net.name) forgetWeights();
    state.shown = page.drawing;
    if (whose === "newest") { answered(); weights(); }
    else if (whose === "other" && !(drawing.untouched && page.blank)) {
      adopt(new Uint8Array(bytes(page.ink)));
      keep(page.drawing);
      if (exchange.busy) exchange.take();                           // the answer under way is of an older drawing
    }
    if (empty || !(exchange.busy || resting) || !state.net) put(page);     // else the page has answered a newer drawing
  }

  function hear(message, buffers) {
    if (message.weights != null) state.net = { ...networkFrom(message.input, message.layers, floats(buffers[0])), name: message.weights };
    if (!message.failed) return;
    forgetWeights();
    failed.textContent = `The network could not read this. ${message.failed}`;
    if (exchange.busy) answered();
  }

  function stop() {
    clearTimeout(waiting);
    clearTimeout(resting);
  }
  return { words: [late, failed], ask, weights, take, hear, stop };
}
