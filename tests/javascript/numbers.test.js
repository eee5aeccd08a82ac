import assert from "node:assert/strict";
import test from "node:test";

import { colour, contrast, inkOn, NEGATIVE, paintPixel, POSITIVE, scaleOf } from "../../lenet_lab/widgets/colours.js";
import { number, percent, plus, typeset } from "../../lenet_lab/widgets/numbers.js";

test("one minus sign, one product sign, one form of small numbers", () => {
  const written = {
    "-0.5*(-2) + 3*-1": "−0.5·(−2) + 3·−1", "J = -ln(0.95)": "J = −ln(0.95)", "5x5 pixels": "5×5 pixels", "1.2e-07": "1.2·10⁻⁷", "3e+08": "3·10⁸",
    "scikit-learn's digits, 8x8 enlarged": "scikit-learn's digits, 8×8 enlarged", "probability - 1": "probability − 1", "dJ/dz - x": "dJ/dz − x",
    "-inf": "−inf", "a label": "a label" };
  for (const [plain, set] of Object.entries(written)) assert.equal(typeset(plain), set);
});

test("numbers and shares", () => {
  assert.deepEqual([0, -0, 1234.5, -0.00012345, 1e-7, -2.5e8, NaN, -Infinity].map((value) => number(value)),
    ["0", "0", "1230", "−0.000123", "1·10⁻⁷", "−2.5·10⁸", "nan", "−inf"]);
  assert.equal(number(0.123456, 4), "0.1235");
  assert.deepEqual([plus(1), plus(-1), plus(0)], ["+1", "−1", "0"]);
  assert.deepEqual([percent(0.9787, 2), percent(1), percent(NaN)], ["97.87 %", "100.0 %", "no number"]);
});

test("colours run from white to red and blue, and ink can be read on all of them", () => {
  assert.deepEqual([colour(0, 1), colour(2, 1), colour(-1, 1)], [[255, 255, 255], POSITIVE, NEGATIVE]);
  assert.deepEqual(colour(NaN, 1), [138, 138, 138]);
  const inks = { "#000": [0, 0, 0], "#fff": [255, 255, 255] };
  for (let step = -100; step <= 100; step++)
    for (const image of [false, true]) {
      const on = colour(step / 100, 1, image);
      assert.ok(contrast(on, inks[inkOn(on)]) >= 4.5, `${on}: ${contrast(on, inks[inkOn(on)])}`);
    }
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
});

test("the range of numbers leaves out what is not finite", () => {
  assert.deepEqual(scaleOf([1, -3, NaN, Infinity]), { low: -3, high: 1, lost: 2, top: 3, ink: false });
  assert.deepEqual(scaleOf([NaN]), { low: 0, high: 0, lost: 1, top: 1, ink: false });
});

test("a pixel has the colour that is asked for by itself", () => {
  for (const ink of [false, true])
    for (const value of [0, 0.3, -0.3, 1, -1, 7, NaN, Infinity]) {
      const data = new Uint8ClampedArray(8);
      paintPixel(data, 4, value, 0.9, ink);
      assert.deepEqual([...data], [0, 0, 0, 0, ...new Uint8ClampedArray(colour(value, 0.9, ink)), 255]);
    }
});
