import assert from "node:assert/strict";
import test from "node:test";

import { titleOf } from "../../lenet_lab/widgets/mistakes.js";

test("the title of a cell says how many images there are and how many are shown", () => {
  const page = { counts: [[5000, 30], [0, 7]], mistakes: 30, images: 5037, name: "digits", cells: { "0,0": [1, 2], "0,1": [3], "1,1": [4, 5, 6, 7, 8, 9, 10], all: [3] } };
  assert.equal(titleOf(page, { true: 0, answer: 0 }), "A 0 read as 0: 5,000 of 5,037 digits; the 2 surest");
  assert.equal(titleOf(page, { true: 1, answer: 1 }), "A 1 read as 1: 7 of 5,037 digits");
  assert.equal(titleOf(page, { true: 1, answer: 0 }), "A 1 read as 0: 0 of 5,037 digits");
  assert.equal(titleOf(page, { true: null, answer: null }), "All mistakes: 30 of 5,037 digits; the 1 surest");
});
