import assert from "node:assert/strict";
import test from "node:test";

import { statusOf } from "../../lenet_lab/widgets/time_travel.js";

test("what is said of a step, before and after its error rate is known", () => {
  const about = { step: 5, total: 30, loss: 1.23456, label: 7, p: Float32Array.from([0.25, 0.7, 0.05]), sample: 300 };
  assert.equal(statusOf(about), "After 5 steps the batch's loss was 1.235. The test image, a 7, is read as 1 (70.0 %).");
  assert.equal(statusOf({ ...about, step: 30, error: 0.125 }),
    "After 30 steps the last batch's loss was 1.235. The test image, a 7, is read as 1 (70.0 %). 12.5 % of 300 test images are misread.");
});
