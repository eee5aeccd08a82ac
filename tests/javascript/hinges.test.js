import assert from "node:assert/strict";
import test from "node:test";

import { dragged, formula, line, segments, slopesInWords, sumOfTerms, topOf, valueAt, work } from "../../lenet_lab/widgets/hinges_math.js";

const HINGES = [[0, 1], [2, -3], [4, 5], [6, -6]], RANGE = { low: -1, high: 9 };

test("the segments are the function", () => {
  const parts = segments(0.5, HINGES);
  assert.deepEqual(parts.map((part) => part.slope), [0, 1, -2, 3, -3]);
  for (const x of [-0.5, 1, 3, 5.25, 8]) {
    const part = parts.find((one) => one.from <= x && x < one.to);
    assert.equal(part.slope * x + part.height, valueAt(0.5, HINGES, x));
  }
  assert.equal(segments(0, [[2, 1], [2, 3]]).length, 2);
});

test("the function in words", () => {
  assert.equal(formula(0, HINGES), "f(x) = ReLU(x) − 3 ReLU(x − 2) + 5 ReLU(x − 4) − 6 ReLU(x − 6)");
  assert.equal(formula(-0.5, [[-1, -1]]), "f(x) = −0.5 − ReLU(x + 1)");
  assert.equal(formula(0, []), "f(x) = 0");
  assert.equal(work(0, HINGES, 5), "f(5) = 1·5 − 3·3 + 5·1 − 6·0 = 1");
  assert.equal(slopesInWords(segments(0, HINGES.slice(0, 2))), "Slopes from left to right: 0, 1, −2.");
  assert.deepEqual([line(-2, 6), line(0, 3), line(1, 0), line(-1, -1)], ["−2x + 6", "3", "x", "−x − 1"]);
  assert.deepEqual(segments(0, HINGES).map(sumOfTerms), ["0", "1", "1 − 3 = −2", "1 − 3 + 5 = 3", "1 − 3 + 5 − 6 = −3"]);
});

test("a dragged point comes to where it is dragged, in halves", () => {
  const moved = dragged({ b: 0, hinges: HINGES }, 1, 2.6, 5, RANGE);
  assert.deepEqual(moved.hinges[1], [2.5, -3]);
  assert.equal(valueAt(moved.b, moved.hinges, 2.5), 5);
  assert.deepEqual(HINGES[1], [2, -3]);
  const first = dragged({ b: 0, hinges: HINGES }, 0, 1, 2.2, RANGE);
  assert.deepEqual([first.b, first.hinges[0]], [2, [1, 1]]);
  const far = dragged({ b: 0, hinges: HINGES }, 3, 99, 99, RANGE);
  assert.deepEqual([far.hinges[3][0], far.hinges[2][1]], [9, 8]);
  assert.deepEqual(dragged({ b: 0, hinges: [[1, 1], [1, 2]] }, 1, 1, -9, RANGE), { b: -5, hinges: [[1, 1], [1, 2]] });
});

test("the axis holds all values", () => {
  assert.deepEqual([topOf([1, -5]), topOf([6]), topOf([-999])], [5, 10, 1000]);
});
