import assert from "node:assert/strict";
import test from "node:test";

import { near } from "../../lenet_lab/widgets/regions.js";

test("the settings one step of a slider away, within its limits", () => {
  const limits = { width: [1, 16], depth: [1, 3] };
  assert.deepEqual(near({ data: "rings", width: 8, depth: 1 }, limits),
    [{ data: "rings", width: 7, depth: 1 }, { data: "rings", width: 9, depth: 1 }, { data: "rings", width: 8, depth: 2 }]);
});
