import assert from "node:assert/strict";
import test from "node:test";

import { brightest, chosenLevel, entered, framedIn, isAt, kernelsOf, levelsOf, mapsOf, moved, onward, sameAnswer, scaleInWords, strongest, wayOf, wayTo, weightsShown,
  zoomedAt } from "../../lenet_lab/widgets/look_state.js";

const PAGE = { levels: [{ name: "image", shape: [1, 3, 4] }, { name: "conv1", shape: [2, 2, 3], weights: [2, 1, 2], kind: "conv", options: { stride: 1, pad: 0 } },
  { name: "ip1", shape: [3], weights: [12, 3], kind: "inner_product", options: {} }] };
const NUMBERS = Float32Array.from({ length: 2 * (12 + 12 + 3) }, (_, n) => n);

test("the numbers of a page are cut into levels, in order, with a scale each", () => {
  const [image, conv1, ip1] = levelsOf(PAGE, NUMBERS);
  assert.deepEqual([image.out[0], image.dout[0], conv1.out[0], conv1.dout[0], ip1.out[0], ip1.dout[2]], [0, 12, 24, 36, 48, 53]);
  assert.equal(conv1.scale.out.top, 35);
  assert.ok(image.scale.out.ink && image.scale.out.whole && !conv1.scale.out.ink);
});

test("a place on a picture is a unit, and back", () => {
  const [image, conv1, ip1] = levelsOf(PAGE, NUMBERS), maps = mapsOf(conv1, "out");
  assert.deepEqual(maps.place(maps.unit(1, 0, 2)), [1, 0, 2]);
  assert.equal(maps.value(1, 0, 2), 24 + 6 + 2);
  const vector = mapsOf(ip1, "out", null, 2);
  assert.deepEqual([vector.h, vector.w, vector.value(0, 1, 0), vector.value(0, 1, 1), vector.unit(0, 1, 1)], [2, 2, 50, undefined, null]);
  const kernels = kernelsOf(conv1, image, Float32Array.from({ length: 8 }, (_, n) => n), [0, 1, 1]);
  assert.equal(kernels.value(1, 1, 0), 6);
  assert.deepEqual(kernels.unit(1, 1, 0), { index: [1, 1, 1], weight: [0, 1, 0] });
  assert.equal(weightsShown(conv1, null), "2 kernels");
});

test("the weights of a vector stand in rows as long as there is room for", () => {
  const [image, , ip1] = levelsOf(PAGE, NUMBERS), vector = { ...image, shape: [12] }, values = Float32Array.from({ length: 36 }, (_, n) => n);
  const narrow = kernelsOf(ip1, vector, values, null, 1, 5), wide = kernelsOf(ip1, vector, values, null, 1);
  assert.deepEqual([narrow.h, narrow.w, narrow.value(0, 2, 1), narrow.value(0, 2, 2), wide.h, wide.w], [3, 5, 34, undefined, 1, 12]);
  assert.deepEqual(narrow.place(narrow.unit(0, 2, 1)), [0, 2, 1]);
});

test("the strongest unit of what is framed, and of a layer", () => {
  const [, conv1] = levelsOf(PAGE, NUMBERS);
  assert.deepEqual(strongest(conv1, { channels: [0, 1], rows: [0, 1], columns: [0, 2] }), [1, 0, 1]);
  assert.deepEqual(brightest(conv1), [1, 1, 2]);
  assert.deepEqual(brightest(conv1, 0), [0, 1, 2]);
});

test("what is framed is said in words, and only in its own level", () => {
  const facts = { fields: [{ name: "image", channels: [0, 0], rows: [1, 2], columns: [3, 3] }], feeds: { name: "ip1", channels: [0, 0], rows: [0, 0], columns: [0, 2] },
    winner: [0, 1, 3] };
  assert.equal(framedIn(PAGE.levels[0], facts, null).words, "; framed: rows 1 to 2, columns 3");
  assert.equal(framedIn(PAGE.levels[2], facts, null).words, "; framed with dashes: rows 0, columns 0 to 2");
  assert.deepEqual(framedIn(PAGE.levels[1], facts, [0, 0, 1]), { regions: [], winner: null, words: "; the unit: 0, 0, 1" });
  assert.deepEqual(framedIn(PAGE.levels[0], facts, null).winner, [0, 1, 3]);
});

test("the window of a unit begins where stride and padding put it", () => {
  const below = { shape: [3, 8, 8] }, patch = [[[0, 0, 0]]];
  const conv = { kind: "conv", options: { stride: 2, pad: 1 } };
  assert.deepEqual(wayOf(conv, below, { index: [5, 0, 3], patch: [[[0], [0], [0]], [[0], [0], [0]], [[0], [0], [0]]], sums: [1, -4, null] }),
    { map: 1, part: 1, length: 3, row: -1, column: 5 });
  assert.deepEqual(wayOf({ kind: "max_pool", options: { k: 2, stride: null } }, below, { index: [2, 1, 3], patch: [[[0, 1], [2, 3]]] }),
    { map: 2, part: 0, length: 2, row: 2, column: 6 });
  assert.equal(wayOf({ kind: "relu", options: {} }, below, { index: [0, 0, 0], patch: null }), null);
  assert.ok(wayOf(conv, below, { index: [0, 0, 0], patch, sums: [0] }));
});

test("a window that moves goes row by row to the end of its map", () => {
  const level = { shape: [2, 2, 3] }, seen = [];
  for (let at = [1, 0, 1]; at; at = onward(level, at)) seen.push(at.join(""));
  assert.deepEqual(seen, ["101", "102", "110", "111", "112"]);
});

test("the scale in words, and answers that say the same", () => {
  assert.equal(scaleInWords("out", "2 maps", { top: 0.5, lost: 0 }, 0.1).words,
    "activations, 2 maps, one scale: blue −0.5, white 0, red 0.5; the small numbers times 0.1");
  const one = { name: "a", value: "1", gradient: "0", comes: ["b"], goes: "", back: "", sum: "1", terms: [], weightWords: "" };
  assert.ok(sameAnswer(one, { ...one, comes: ["b"], said: "other" }) && !sameAnswer(one, { ...one, sum: "2" }) && !sameAnswer(undefined, one));
});

const STATE = Object.freeze({ chosen: 1, what: "out", zoom: null, held: false, cursor: { level: 1, index: [0, 1, 2], weight: null } });

test("a state whose cursor stays where it is is the state itself", () => {
  assert.equal(moved(STATE, 1, { index: [0, 1, 2], weight: null }), STATE);
  assert.deepEqual(moved(STATE, 0, { index: [0, 1, 2], weight: null }), { ...STATE, cursor: { level: 0, index: [0, 1, 2], weight: null } });
  assert.deepEqual(moved(STATE, 1, { index: [0, 1, 2], weight: [0, 0, 1] }).cursor, { level: 1, index: [0, 1, 2], weight: [0, 0, 1] });
});

test("another level shows all its maps; a map alone has the cursor on it", () => {
  const alone = zoomedAt(STATE, { index: [1, 0, 0], weight: null });
  assert.deepEqual(alone, { ...STATE, zoom: 1, cursor: { level: 1, index: [1, 0, 0], weight: null } });
  assert.deepEqual(chosenLevel(alone, 2), { ...alone, chosen: 2, zoom: null });
});

test("the cursor enters a level at what is framed in it, else at its largest number, and stays where it is in its own", () => {
  const levels = levelsOf(PAGE, NUMBERS), field = { name: "image", channels: [0, 0], rows: [0, 1], columns: [1, 3] };
  const told = { fields: [field], feeds: { name: "ip1", channels: [0, 0], rows: [0, 0], columns: [1, 1] } };
  assert.deepEqual(entered(STATE, levels, told, 0), { ...STATE, chosen: 0, cursor: { level: 0, index: [0, 0, 2], weight: null } });
  assert.deepEqual(entered(STATE, levels, told, 2).cursor, { level: 2, index: [1], weight: null });
  assert.deepEqual(entered(STATE, levels, null, 2).cursor, { level: 2, index: [2], weight: null });
  assert.deepEqual(entered(STATE, levels, told, 1), STATE);
});

test("where weights are shown the cursor has one of them: the first, or that which it had in this level", () => {
  const levels = levelsOf(PAGE, NUMBERS), weighty = { ...STATE, what: "dW" };
  assert.deepEqual([0, 1, 2].map((n) => entered(weighty, levels, null, n).cursor.weight), [null, [0, 0, 0], [0]]);
  const at = moved(weighty, 1, { index: [1, 0, 0], weight: [0, 1, 1] });
  assert.deepEqual(entered(at, levels, null, 1).cursor, at.cursor);
  assert.deepEqual(entered(at, levels, null, 2).cursor.weight, [0]);
  assert.equal(entered({ ...at, what: "out" }, levels, null, 1).cursor.weight, null);
});

test("a unit is where the cursor is, and a window comes to it or not", () => {
  const levels = levelsOf(PAGE, NUMBERS), unit = { layer: "conv1", index: [0, 1, 2], weight: null, fields: [{}], patch: [[[1, 2], [3, 4]]], sums: [30] };
  assert.ok(isAt(levels, unit, STATE.cursor) && !isAt(levels, unit, { ...STATE.cursor, level: 2 }) && !isAt(levels, { ...unit, index: [1, 1, 2] }, STATE.cursor));
  assert.deepEqual(wayTo(levels, unit), { map: 0, part: 0, length: 2, row: 1, column: 2 });
  assert.equal(wayTo(levels, { layer: "image", index: [0, 0, 0], fields: [], patch: null }), null);
});
