// How far one has come in the step-through, what is looked at, and what is said of it: without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endOfGrid, inGrid, sameGrids, sameNumbers, Walk, wayBack } from "../../lenet_lab/widgets/step_state.js";

// y = w x, J = y + y; one image x, one weight w.
const page = () => ({
  name: "a product", about: "3x3", label: 0, classes: 2, steps: ["y:0", "J:0", "dy:0", "dw:0"], grids: [{ key: "y", maps: [] }],
  cells: {
    "x:0": { name: "x", value: "2" }, "w:0": { name: "w", value: "-0.5" },
    "y:0": { name: "y", value: "-1", formula: "y = w * x", arithmetic: "-0.5 * 2 = -1", array: "y[0]", terms: [{ inputs: ["x:0", "w:0"] }] },
    "J:0": { name: "J", value: "-2", formula: "J = y + y", arithmetic: "-1 - 1 = -2", terms: [{ inputs: ["y:0"] }] },
    "dy:0": { name: "dJ/dy", value: "2", formula: "2", arithmetic: "2", terms: [] },
    "dw:0": { name: "dJ/dw", value: "4", formula: "x dJ/dy", arithmetic: "2 * 2 = 4", note: "once",
      terms: [{ text: "2 * 2", value: "4", inputs: ["x:0", "dy:0"] }, { text: "0", value: "0", inputs: ["w:0"] }] },
  },
});

function at(done, looked = null) {
  const walk = new Walk({ done, looked });
  walk.take(page());
  return walk;
}
const marks = (walk, mark) => walk.cells().filter(([, one]) => one.marks[mark]).map(([id]) => id);

test("numbers in a grid are short", () => {
  assert.deepEqual(["-0.0949", "1.1e-17", "12", "-1/3", "0.9526", "0.00012", "-12.3456"].map(inGrid),
    ["−0.095", "≈0", "12", "−1/3", "0.9526", "≈0", "−12.346"]);
});

test("the way back passes over contributions that are zero, and a grid ends where the next begins", () => {
  const cells = { "dF:0": { terms: [{ value: "2", inputs: ["x:0", "dC:0"] }, { value: "0", inputs: ["dC:1"] }] }, "dC:0": { terms: [{ value: "1", inputs: ["dP:0"] }] }, "dP:0": {} };
  assert.deepEqual([...wayBack(cells, "dF:0")], ["dC:0", "dP:0"]);
  assert.deepEqual([endOfGrid(["C:0", "C:1", "P:0"], 0), endOfGrid(["C:0", "C:1", "P:0"], 1), endOfGrid(["C:0"], 1)], [2, 2, 1]);
});

test("a step shows one number more and looks at it; neither end is passed", () => {
  const walk = at(0);
  assert.deepEqual([walk.looked, walk.finished, marks(walk, "unseen").length], [null, false, 4]);
  walk.go(2);
  assert.deepEqual([walk.done, walk.looked, marks(walk, "unseen"), marks(walk, "input")], [2, "J:0", ["dy:0", "dw:0"], ["y:0"]]);
  walk.go(9);
  assert.deepEqual([walk.done, walk.finished], [4, true]);
  walk.go(-1);
  assert.deepEqual([walk.done, walk.looked], [0, null]);
});

test("a number that is looked at is shown with what goes into it, also before its step", () => {
  const walk = at(0, "dw:0");
  assert.deepEqual([marks(walk, "now"), marks(walk, "input"), marks(walk, "path"), marks(walk, "unseen")],
    [["dw:0"], ["x:0", "w:0", "dy:0"], [], ["y:0", "J:0"]]);
  assert.deepEqual(Object.fromEntries(walk.cells())["y:0"], { text: "·", words: "y, not computed yet", marks: { unseen: true, now: false, input: false, path: false } });
  assert.equal(Object.fromEntries(walk.cells())["w:0"].words, "w = −0.5");
});

test("what is said of a number: its name in Python, its sum, and each contribution to a gradient", () => {
  assert.match(at(0).told().formula, /^Press Step/);
  assert.equal(at(0, "y:0").told().name, "y   in Python: y[0]");
  assert.deepEqual([at(0, "x:0").told().arithmetic, at(0, "y:0").told().paths], ["x = 2", []]);
  const { arithmetic, note, paths } = at(4, "dw:0").told();
  assert.deepEqual([arithmetic, note], ["dJ/dw = 2 · 2 = 4", "once"]);
  assert.deepEqual(paths.map(({ zero }) => zero), [false, true]);
  assert.equal(paths[0].words, "through x and dJ/dy: 2 · 2 = 4");
});

test("a new page keeps the place where it can", () => {
  const walk = at(4, "dw:0"), shorter = page();
  shorter.steps = shorter.steps.slice(0, 2);
  delete shorter.cells["dw:0"];
  walk.take(shorter);
  assert.deepEqual([walk.done, walk.looked], [2, null]);
});

test("pages with the same grids keep their cells; the same numbers change nothing", () => {
  const [one, other] = [page(), page()];
  other.cells["x:0"].value = "3";
  assert.deepEqual([sameGrids(one, other), sameNumbers(one, page()), sameNumbers(one, other)], [true, true, false]);
  assert.equal(sameGrids(one, { ...other, classes: 3 }), false);
});
