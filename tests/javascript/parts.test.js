import assert from "node:assert/strict";
import test from "node:test";

import { LATE, newestOnly } from "../../lenet_lab/widgets/parts.js";
import { Drawing, strokesFrom, written } from "../../lenet_lab/widgets/strokes.js";

test("one question at a time, and of those meanwhile only the newest", () => {
  const sent = [], asking = newestOnly((question) => sent.push(question));
  for (const question of [1, 2, 3]) asking.ask(question);
  assert.deepEqual(sent, [1]);
  asking.answered();
  assert.deepEqual(sent, [1, 3]);
  asking.answered();
  assert.equal(asking.busy, false);
  asking.ask(0);
  assert.deepEqual(sent, [1, 3, 0]);
});

test("an answer that does not come is named, asked for once more, and stops nobody", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [], said = [], asking = newestOnly((question) => sent.push(question), (words) => said.push(words));
  asking.ask(1);
  t.mock.timers.tick(LATE + 1);
  assert.deepEqual(sent, [1, 1]);
  assert.match(said.at(-1), /^The kernel is busy/);
  asking.ask(2);
  asking.ask(3);
  assert.deepEqual(sent, [1, 1, 2]);
  t.mock.timers.tick(LATE + 1);
  assert.deepEqual(sent, [1, 1, 2, 3]);
  asking.answered();
  assert.equal(said.at(-1), "");
  t.mock.timers.tick(2 * LATE);
  assert.deepEqual(sent, [1, 1, 2, 3]);
});

test("strokes, wipes and drawings from elsewhere", () => {
  const drawing = new Drawing();
  assert.ok(drawing.empty && drawing.untouched);
  drawing.begin(22).points.push([1, 2]);
  drawing.wipe();
  assert.ok(drawing.empty && !drawing.untouched);
  drawing.undo();
  assert.equal(drawing.strokes().length, 1);
  drawing.adopt("first");
  drawing.adopt("second");
  assert.deepEqual(drawing.strokes(), [{ image: "second" }]);
  drawing.begin(10).points.push([3, 4]);
  assert.equal(drawing.strokes().length, 2);
  drawing.undo();
  drawing.undo();
  assert.deepEqual(drawing.strokes(), [{ width: 22, points: [[1, 2]] }]);
});

test("strokes go into an address and come back; what is no stroke does not", () => {
  const strokes = [{ width: 22, points: [[1.4, 2], [30, 40]] }, { image: "no" }, { width: 8, points: [[280, 0]] }];
  assert.equal(written(strokes), "22,1,2,30,40;8,280,0");
  assert.deepEqual(strokesFrom("22,1,2,30,40;8,280,0", 280), [{ width: 22, points: [[1, 2], [30, 40]] }, { width: 8, points: [[280, 0]] }]);
  assert.deepEqual(strokesFrom("", 280), []);
  assert.deepEqual(strokesFrom("1,2;a,b,c;22,1,2,3;900,999,-5", 280), [{ width: 40, points: [[280, 0]] }]);
});

test("a stroke of many points is short in an address, and keeps its ends", () => {
  const points = Array.from({ length: 101 }, (_, n) => [n, 0]);
  const [back] = strokesFrom(written([{ width: 22, points }]), 280);
  assert.ok(back.points.length <= 21);
  assert.deepEqual([back.points[0], back.points.at(-1)], [[0, 0], [100, 0]]);
});
