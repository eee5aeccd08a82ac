// What `lenet_lab.inside.drawing` computes: a drawing as MNIST's images were made, and the network's answer. The page shows it until Python's
// answer has come; a page without a kernel has only this. Nothing here needs a browser.

import { backward, forward } from "./net.js";
import { percent } from "./numbers.js";

export const FIELD = 28;                                            // pixels a side of MNIST's images
const BOX = 20, CENTRE = 14;                                        // pixels a side; where the centre of mass of MNIST's digits is

function roundHalfEven(value) {                                     // as Python rounds
  const down = Math.floor(value), rest = value - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}

function cropped({ pixels, rows, columns }) {
  let [top, bottom, left, right] = [rows, 0, columns, 0];
  for (let i = 0, n = 0; i < rows; i++)
    for (let j = 0; j < columns; j++, n++) {
      if (!(pixels[n] > 0)) continue;
      if (i < top) top = i;
      bottom = i + 1;
      if (j < left) left = j;
      if (j >= right) right = j + 1;
    }
  const made = { rows: bottom - top, columns: right - left, pixels: new Float64Array((bottom - top) * (right - left)) };
  for (let i = 0; i < made.rows; i++)
    for (let j = 0; j < made.columns; j++) made.pixels[i * made.columns + j] = pixels[(top + i) * columns + left + j];
  return made;
}

// Made square with paper to the right or below, as side x side: the mean of the area that each pixel covers.
export function resized({ pixels, rows, columns }, side) {
  const length = Math.max(rows, columns), half = new Float64Array(side * columns), made = new Float64Array(side * side);
  const shares = Array.from({ length: side }, (_, n) => {
    const low = n * length / side, high = (n + 1) * length / side;
    return Array.from({ length: Math.min(length, Math.ceil(high)) - Math.floor(low) }, (_, m) => {
      const old = Math.floor(low) + m;
      return [old, Math.max(0, Math.min(high, old + 1) - Math.max(low, old)) * side / length];
    });
  });
  shares.forEach((parts, i) => parts.forEach(([old, share]) => {
    if (old < rows) for (let j = 0; j < columns; j++) half[i * columns + j] += share * pixels[old * columns + j];
  }));
  for (let i = 0; i < side; i++)
    shares.forEach((parts, j) => parts.forEach(([old, share]) => { if (old < columns) made[i * side + j] += share * half[i * columns + old]; }));
  return { rows: side, columns: side, pixels: made.map((ink) => Math.fround(Math.max(0, Math.min(1, ink)))) };
}

// A drawing { pixels, rows, columns }, from 0 (paper) to 1 (ink), as an image of 28x28 pixels.
export function asMnist(drawing, centred = true) {
  if (!centred) return resized(drawing, FIELD).pixels;
  const image = new Float64Array(FIELD * FIELD);
  if (!drawing.pixels.some((ink) => ink > 0)) return image;
  const box = cropped(resized(cropped(drawing), BOX));              // cropped again: `resized` added paper to make it square
  const mass = box.pixels.reduce((sum, ink) => sum + ink, 0);
  const place = (length, at) => Math.min(Math.max(0, CENTRE - roundHalfEven(box.pixels.reduce((sum, ink, n) => sum + ink * at(n), 0) / mass)), FIELD - length);
  const top = place(box.rows, (n) => Math.floor(n / box.columns)), left = place(box.columns, (n) => n % box.columns);
  box.pixels.forEach((ink, n) => { image[(top + Math.floor(n / box.columns)) * FIELD + left + n % box.columns] = ink; });
  return image;
}

// Strokes as a drawing of side x side pixels, on a sheet of `sheet` pixels a side; for places without a canvas.
export function inked(strokes, sheet, side) {
  const pixels = new Float64Array(side * side), unit = side / sheet;
  for (const { width, points } of strokes) {
    const ends = points.length > 1 ? points.slice(1).map((to, n) => [points[n], to]) : [[points[0], points[0]]];
    for (const [[x1, y1], [x2, y2]] of ends)
      for (let n = 0; n < pixels.length; n++) {
        const x = (n % side + 0.5) / unit, y = (Math.floor(n / side) + 0.5) / unit, long = (x2 - x1) ** 2 + (y2 - y1) ** 2;
        const along = long ? Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / long)) : 0;
        const far = Math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1));
        pixels[n] = Math.max(pixels[n], Math.max(0, Math.min(1, (width / 2 - far) * unit + 0.5)));
      }
  }
  return { pixels, rows: side, columns: side };
}

export function sentence(p, blank) {
  if (!p.every(Number.isFinite)) return "The probabilities are not numbers: the network's weights have diverged.";
  const [first, second] = Array.from(p, (_, k) => k).sort((one, other) => p[other] - p[one] || one - other);
  const guess = (k) => `${k === 8 ? "an" : "a"} ${k} (${percent(p[k])})`;
  return `${blank ? "Nothing is drawn; the network reads blank paper as" : "The network reads"} ${guess(first)}; its second guess is ${guess(second)}.`;
}

// What DrawDigit's page shows of a drawing `grey`, `side` x `side` grey levels from 0 to 255, in the form in which Python says it: p, the class
// of the gradient, the maps of all layers that have maps, and the gradient of log p, which is computed when it is asked for.
export function pageOf(net, drawing, grey, side, centred = true, wanted = null) {
  const pixels = new Float64Array(grey);
  for (let n = 0; n < pixels.length; n++) pixels[n] /= 255;
  const image = asMnist({ pixels, rows: side, columns: side }, centred);
  const seen = forward(net, image), towards = wanted ?? seen.p.indexOf(Math.max(...seen.p)), blank = !grey.some(Boolean);
  let gradient = null;
  return { drawing, ink: grey, blank, said: sentence(seen.p, blank), towards, p: new Float32Array(seen.p), image: new Float32Array(image),
    get gradient() { return gradient ??= Float32Array.from(backward(seen, towards, false).dx, (d) => -d); },
    layers: seen.layers.map(({ name, shape, out }, n) => ({ name, shape, about: net.layers[n].about, maps: out })).filter(({ shape }) => shape.length === 3)
      .map((one) => ({ ...one, maps: new Float32Array(one.maps) })) };
}

// A network as `draw.py` sends it: its layers, and all their numbers one after the other. As float64 they need no conversion in the products.
export function networkFrom(input, layers, numbers) {
  let at = 0;
  const wide = new Float64Array(numbers), read = (length) => wide.subarray(at, (at += length));
  const countOf = (shape) => shape.reduce((product, length) => product * length, 1);
  return { input, layers: layers.map((layer) => {
    if (!layer.shape) return layer;
    const { shape, kind } = layer, W = read(countOf(shape));
    return { ...layer, W, b: read(kind === "conv" ? shape[0] : shape[1]) };
  }) };
}
