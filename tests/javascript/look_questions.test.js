import assert from "node:assert/strict";
import test from "node:test";

import { questions } from "../../lenet_lab/widgets/look_questions.js";
import { levelsOf } from "../../lenet_lab/widgets/look_state.js";

const PAGE = { image: 7, label: 0, classes: [{ share: 0.5 }, { share: 0.5 }], levels: [{ name: "image", shape: [3], weights: null },
  { name: "ip1", shape: [2], weights: [3, 2], kind: "inner_product", options: {} }] };

function conversation(t, page = PAGE) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const look = { page, levels: levelsOf(page, new Float32Array(10).fill(1)), told: null, state: { cursor: { level: 1, index: [0], weight: null } } };
  const sent = [], taken = [], said = [], heard = { weights: 0 };
  const python = questions((message) => sent.push(message), { look, late: (words) => said.push(words), arrived: () => { heard.weights++; },
    take: (unit) => { look.told = unit; taken.push(unit); } });
  const answer = (more, buffers) => python.hear({ view: sent[0].view, image: 7, ...more }, buffers);
  const go = (index) => { look.state = { cursor: { level: 1, index, weight: null } }; python.ask(); };
  const units = () => sent.filter((one) => one.do === "unit").map((one) => one.index);
  return { look, python, sent, taken, said, heard, answer, go, units };
}

const unit = (index, value = "1") => ({ layer: "ip1", index, weight: null, name: `ip1 (${index})`, value });
const weights = () => [6, 6, 2].map((length) => new DataView(new Float32Array(length).fill(2).buffer));

test("one question at a time: while an answer is awaited, only the newest place is kept", (t) => {
  const { go, units, answer, taken } = conversation(t);
  go([0]);
  go([1]);
  go([0]);
  assert.deepEqual(units(), [[0]]);
  answer({ unit: unit([1]) });
  assert.deepEqual([units(), taken.map((one) => one.index)], [[[0], [0]], [[1]]]);
  answer({ unit: unit([0]) });
  assert.deepEqual([units().length, taken.length], [2, 2]);
});

test("an answer is taken if it is of this image, of this view, and says something new", (t) => {
  const { go, answer, taken } = conversation(t);
  go([0]);
  answer({ unit: unit([0]), view: "another" });
  answer({ unit: unit([0]), image: 8 });
  assert.equal(taken.length, 0);
  answer({ unit: unit([0]) });
  answer({ unit: unit([0]) });
  assert.equal(taken.length, 1);
  answer({ unit: unit([0], "2") });
  assert.equal(taken.length, 2);
});

test("weights are fetched once an image; with them the page answers at once", (t) => {
  const { go, python, sent, answer, taken, heard } = conversation(t), fetched = () => sent.filter((one) => one.do === "weights").length;
  go([0]);
  go([1]);
  assert.deepEqual([fetched(), taken.length], [1, 0]);
  answer({ weights: "ip1", image: 8 }, weights());
  assert.deepEqual([python.weights.size, heard.weights], [0, 0]);
  answer({ weights: "ip1" }, weights());
  assert.deepEqual([python.weights.get("ip1").W[0], heard.weights], [2, 1]);
  go([1]);
  assert.deepEqual([fetched(), taken.length, taken[0].name], [1, 1, "ip1 (1)"]);
  python.forget();
  go([0]);
  assert.deepEqual([fetched(), taken.length], [2, 1]);
});

test("weights of a large layer are fetched only when they are wanted", (t) => {
  const large = { ...PAGE, levels: [PAGE.levels[0], { ...PAGE.levels[1], weights: [25_001, 2] }] }, { go, look, python, sent } = conversation(t, large);
  go([0]);
  assert.deepEqual(sent.map((one) => one.do), ["unit"]);
  look.levels.forEach(python.fetch);
  look.levels.forEach(python.fetch);
  assert.deepEqual(sent.map((one) => one.do), ["unit", "weights"]);
});

test("after a second without an answer the page says the number and that Python is busy", (t) => {
  const { go, said, answer, python } = conversation(t);
  go([1]);
  t.mock.timers.tick(999);
  assert.deepEqual(said, [""]);
  t.mock.timers.tick(1);
  assert.match(said.at(-1), /^ip1 \(1\) = 1\. Python is busy: /);
  answer({ unit: unit([1]) });
  assert.equal(said.at(-1), "");
  go([0]);
  python.stop();
  t.mock.timers.tick(5000);
  assert.equal(said.at(-1), "");
});
