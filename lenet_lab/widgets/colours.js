// Colours of numbers on a map, and the ink that can be read on them. Nothing here needs a browser.

export const POSITIVE = [200, 85, 61], NEGATIVE = [31, 78, 121], INK = [31, 31, 31], NO_NUMBER = [138, 138, 138];
const STEPS = 255;

// From white at 0 to POSITIVE (or INK, for an image) at `top`, and to NEGATIVE at -top.
export function colour(value, top, ink = false) {
  if (!Number.isFinite(value)) return NO_NUMBER;
  const share = Math.round(Math.min(1, Math.abs(value) / (top || 1)) * STEPS) / STEPS;
  const end = value < 0 ? NEGATIVE : ink ? INK : POSITIVE;
  return end.map((full) => 255 + (full - 255) * share);
}

const tableOf = (end) => Uint8ClampedArray.from({ length: 3 * (STEPS + 1) }, (_, n) => 255 + (end[n % 3] - 255) * Math.floor(n / 3) / STEPS);
const TABLES = { positive: tableOf(POSITIVE), negative: tableOf(NEGATIVE), ink: tableOf(INK) };

// The same colour, as the pixel that begins at `at` in the data of an image: nothing is made for it, since a drawing has 15,000 of them.
export function paintPixel(data, at, value, top, ink = false) {
  data[at + 3] = 255;
  if (!Number.isFinite(value)) { [data[at], data[at + 1], data[at + 2]] = NO_NUMBER; return; }
  const table = value < 0 ? TABLES.negative : ink ? TABLES.ink : TABLES.positive, from = 3 * Math.round(Math.min(1, Math.abs(value) / (top || 1)) * STEPS);
  data[at] = table[from];
  data[at + 1] = table[from + 1];
  data[at + 2] = table[from + 2];
}

// The same colour as one number, for an array of 32 bits over the data of an image.
const packed = (colours) => {
  const bytes = new Uint8Array(4 * colours.length / 3), numbers = new Uint32Array(bytes.buffer);
  for (let n = 0; n < numbers.length; n++) bytes.set([colours[3 * n], colours[3 * n + 1], colours[3 * n + 2], 255], 4 * n);
  return numbers;
};
const PACKED = { positive: packed(TABLES.positive), negative: packed(TABLES.negative), ink: packed(TABLES.ink), none: packed(NO_NUMBER)[0] };
export function packedColour(value, top, ink = false) {
  if (!Number.isFinite(value)) return PACKED.none;
  return (value < 0 ? PACKED.negative : ink ? PACKED.ink : PACKED.positive)[Math.round(Math.min(1, Math.abs(value) / (top || 1)) * STEPS)];
}

// The luminance of WCAG 2.1, from 0 (black) to 1 (white), of a colour [r, g, b].
export function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

// Black or white, whichever can be read better on a colour: the contrast is at least 4.58.
export const inkOn = (rgb) => (luminance(rgb) > 0.179 ? "#000" : "#fff");

// The range of all finite numbers, for one scale of colours.
export function scaleOf(values) {
  let low = Infinity, high = -Infinity, lost = 0;
  for (const v of values) {
    if (!Number.isFinite(v)) lost++;
    else { if (v < low) low = v; if (v > high) high = v; }
  }
  if (low > high) low = high = 0;
  return { low, high, lost, top: Math.max(-low, high) || 1, ink: false };
}
