import assert from "node:assert/strict";
import test from "node:test";

import { pageState } from "../../lenet_lab/widgets/views.js";

function modelOf(attributes) {
  return { get: (name) => attributes[name], set(name, value) { attributes[name] = value; } };
}

test("what one view keeps, the next one finds; another model has its own", () => {
  const attributes = {}, model = modelOf(attributes), first = pageState(model, { at: 5, list: null });
  first.at = 7;
  assert.deepEqual(pageState(model, { at: 5, more: 1 }), { at: 7, list: null, more: 1 });
  assert.deepEqual(pageState(modelOf({}), { at: 5 }), { at: 5 });
});

test("nothing of it goes to Python: what the model has to send is empty", () => {
  const attributes = {};
  pageState(modelOf(attributes), { drawn: [1, 2] });
  assert.deepEqual(structuredClone(attributes), { page_state: {} });
});

test("a state that was stored in a file is begun anew", () => {
  const model = modelOf({ page_state: {} });
  assert.deepEqual(pageState(model, { at: 5 }), { at: 5 });
});
