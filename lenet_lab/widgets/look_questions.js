// What LookInside asks of Python: about the unit under the cursor, one question at a time (while an answer is awaited, only the newest place of
// the cursor is kept), and the weights of a layer. Where the page has them it says at once what it knows itself (look_facts.js).
// Nothing here needs a browser.

import { facts } from "./look_facts.js";
import { entryAt, floatsOf, isAt, passOf, sameAnswer, weightsOf } from "./look_state.js";
import { number } from "./numbers.js";

const FEW = 50_000;                                                 // weights of a layer that are fetched unasked, so that the page can answer
const PATIENCE = 1000;                                              // milliseconds until the page says that Python is busy

// `look` has { page, levels, state, told } as they are now. `take` is given what is known of a unit, `arrived` is called when weights have
// come, and `late` is told a sentence when an answer does not come, and "" when there is nothing to say any more.
export function questions(send, { look, take, arrived, late }) {
  const view = Math.random().toString(36).slice(2);
  const weights = new Map(), wanted = new Set();                    // of this image: layer -> its weights; layers whose weights are on their way
  let asked = false, again = false, waiting = null;

  function quiet() {
    clearTimeout(waiting);
    late("");
  }

  function fetch(level) {
    if (!level.weights || weights.has(level.name) || wanted.has(level.name)) return;
    wanted.add(level.name);
    send({ do: "weights", view, layer: level.name });
  }

  function ask() {
    const { page, levels, state: { cursor } } = look, level = levels[cursor.level], { name } = level, { index, weight } = cursor;
    const count = level.weights?.reduce((product, length) => product * length, 1) ?? 0;
    quiet();
    if (!count || weights.has(name)) take(facts(passOf(page, levels, weights), name, index, weight));
    else {
      if (count <= FEW) fetch(level);
      waiting = setTimeout(() => late(`${name} (${index.join(", ")}) = ${number(level.out[entryAt(level, index)], 4)}. ` +
        "Python is busy: frames and sums follow when the running cell is done. If the kernel was restarted, run this cell again."), PATIENCE);
    }
    if (asked) { again = true; return; }
    asked = true;
    send({ do: "unit", view, layer: name, index, weight });
  }

  function hear(message, buffers) {
    if (message.view !== view) return;
    const { page, levels, state: { cursor }, told } = look, current = message.image === page.image;
    if (message.weights) {
      if (!current) return;
      weights.set(message.weights, weightsOf(buffers.map(floatsOf)));
      arrived();
      return;
    }
    asked = false;
    quiet();
    if (current && !(isAt(levels, message.unit, cursor) && sameAnswer(told, message.unit))) take(message.unit);
    if (again) { again = false; ask(); }
  }

  function forget() {                                               // another image: other gradients, and perhaps other weights
    weights.clear();
    wanted.clear();
  }

  return { weights, fetch, ask, hear, forget, stop: () => clearTimeout(waiting) };
}
