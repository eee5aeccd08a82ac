import assert from "node:assert/strict";
import test from "node:test";

import { bytes, Exchange, floats, Hand, strongest } from "../../lenet_lab/widgets/draw_state.js";

test("the keyboard's pen: Space held while it moves draws just so long, Space tapped stays down", () => {
  const hand = new Hand();
  hand.press();
  hand.stroke = {};
  assert.deepEqual([hand.down, hand.release(), hand.down], [true, false, true], "tapped");
  hand.press();
  assert.deepEqual([hand.down, hand.stroke, hand.release()], [false, null, false], "the second tap lifts it, its release nothing more");
  hand.press();
  hand.stroke = {};
  hand.move([1, 0], 1);
  assert.deepEqual([hand.release(), hand.down, hand.stroke], [true, false, null], "held");
});

test("the keyboard's pen stays in the field", () => {
  const hand = new Hand();
  assert.deepEqual([hand.x, hand.y], [13, 13]);
  hand.move([1, -1], 3);
  assert.deepEqual([hand.x, hand.y], [16, 10]);
  for (let n = 0; n < 20; n++) hand.move([1, -1], 3);
  assert.deepEqual([hand.x, hand.y], [27, 0]);
  for (let n = 0; n < 20; n++) hand.move([-1, 1], 3);
  assert.deepEqual([hand.x, hand.y], [0, 27]);
});

test("a pointer's stroke is not the keyboard's: lifting the pen does not end it", () => {
  const hand = new Hand(), stroke = {};
  assert.equal(hand.pointing, false);
  hand.stroke = stroke;
  assert.equal(hand.pointing, true);
  hand.lift();
  assert.equal(hand.stroke, stroke);
  hand.stroke = null;
  hand.press();
  hand.stroke = stroke;
  assert.equal(hand.pointing, false);
  hand.lift();
  assert.equal(hand.stroke, null);
});

test("one drawing is under way at a time, and of those meanwhile only the newest goes out", () => {
  const exchange = new Exchange("here", "", null);
  assert.deepEqual([exchange.next, exchange.take(), exchange.busy], ["here:1", "here:1", true]);
  assert.deepEqual([exchange.take(), exchange.take(), exchange.next], [null, null, "here:2"]);
  assert.equal(exchange.arrive("here:1"), "newest");
  assert.deepEqual([exchange.finish(), exchange.busy], [true, false]);
  assert.equal(exchange.take(), "here:2");
  assert.equal(exchange.arrive("here:2"), "newest");
  assert.deepEqual([exchange.finish(), exchange.busy], [false, false], "nothing waits any more");
});

test("whose drawing an answer is of", () => {
  const exchange = new Exchange("here", "before:5", "before:4");
  assert.equal(exchange.arrive("before:4"), null, "it is shown already");
  assert.equal(exchange.arrive("before:5"), "own");
  assert.equal(exchange.arrive("before:6"), "other", "the view before this one went on elsewhere");
  assert.equal(exchange.arrive("there:1"), "other");
  assert.equal(exchange.arrive("from Python, 1"), "other");
  for (const name of ["here:1", "here:2"]) {
    assert.equal(exchange.take(), name);
    exchange.finish();
  }
  assert.deepEqual([exchange.arrive("here:1"), exchange.arrive("here:2"), exchange.arrive("here:2")], ["own", "newest", null]);
  assert.equal(new Exchange("here", "", null).arrive("from Python, 1"), "other", "a first view has none before it");
});

test("the pixels that do most have room for it", () => {
  assert.equal(strongest(new Float32Array([5, 2, -3, -9]), [1, 0.5, 1, 0], 2),
    "Does most: more ink at row 1, column 2 (+2); less ink at row 2, column 1 (−3).");
  assert.equal(strongest(new Float32Array(4), [0, 0, 0, 0], 2), "No pixel makes a difference.");
});

test("numbers are read from the middle of a buffer, at any place in it", () => {
  const whole = new Uint8Array(9);
  whole.set(new Uint8Array(Float32Array.from([1.5, -2]).buffer), 1);
  const view = new DataView(whole.buffer, 1, 8);
  assert.deepEqual(floats(view), Float32Array.from([1.5, -2]));
  assert.equal(bytes(view).byteLength, 8);
});
