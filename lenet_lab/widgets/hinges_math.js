// The function of Hinges, b + sum of c ReLU(x - t), its segments and its words. Nothing here needs a browser.

const round = (value) => Math.round(value * 1e4) / 1e4 + 0;

export const shown = (value) => String(round(value)).replace("-", "−");
const signed = (value, first) => (value < 0 ? (first ? "−" : " − ") : first ? "" : " + ");
const relu = (t) => (t === 0 ? "ReLU(x)" : `ReLU(x ${t < 0 ? "+" : "−"} ${shown(Math.abs(t))})`);

export const valueAt = (b, hinges, x) => hinges.reduce((sum, [t, c]) => sum + c * Math.max(0, x - t), b);

// In order from left to right; hinges at one place make one kink. A segment is { from, to, slope, height, terms }: slope·x + height.
export function segments(b, hinges) {
  const made = [{ from: -Infinity, slope: 0, height: b, terms: [] }];
  for (const [t, c] of [...hinges].sort((one, other) => one[0] - other[0])) {
    const last = made.at(-1);
    const next = { from: t, slope: last.slope + c, height: last.height - c * t, terms: [...last.terms, c] };
    if (t === last.from) made[made.length - 1] = next;
    else made.push(next);
  }
  return made.map((segment, n) => ({ ...segment, to: made[n + 1]?.from ?? Infinity }));
}

export function line(slope, height) {                              // "−2x + 6"
  if (slope === 0) return shown(height);
  const x = `${slope < 0 ? "−" : ""}${Math.abs(slope) === 1 ? "" : shown(Math.abs(slope))}x`;
  return height === 0 ? x : `${x}${signed(height)}${shown(Math.abs(height))}`;
}

export function formula(b, hinges) {
  return `f(x) = ${b || !hinges.length ? shown(b) : ""}` + hinges.map(([t, c], n) =>
    `${signed(c, n === 0 && !b)}${Math.abs(c) === 1 ? "" : `${shown(Math.abs(c))} `}${relu(t)}`).join("");
}

export function work(b, hinges, x) {                               // "f(4) = −0.5 + 1·4 − 2·2 = …"
  const terms = hinges.map(([t, c], n) => `${signed(c, n === 0 && !b)}${shown(Math.abs(c))}·${shown(Math.max(0, x - t))}`).join("");
  return `f(${shown(x)}) = ${b || !hinges.length ? shown(b) : ""}${terms}${hinges.length ? ` = ${shown(valueAt(b, hinges, x))}` : ""}`;
}

export const sumOfTerms = ({ terms, slope }) => (terms.length < 2 ? shown(slope)
  : `${terms.map((c, n) => `${signed(c, n === 0)}${shown(Math.abs(c))}`).join("")} = ${shown(slope)}`);

export const slopesInWords = (parts) => `Slopes from left to right: ${parts.map((part) => shown(part.slope)).join(", ")}.`;

// The smallest of a few limits that all values keep to, for the axis: it stays the same under small changes.
export const topOf = (values) => [5, 10, 20, 50, 100, 500].find((limit) => values.every((value) => Math.abs(value) <= limit)) ?? 1000;

// Where the kink of hinge n is dragged to: x is its place; the height follows by the coefficient of the hinge before it, or by b.
export function dragged({ b, hinges }, n, x, y, { low, high }) {
  const half = (value, least, most) => Math.max(least, Math.min(most, Math.round(value * 2) / 2)) + 0;
  const moved = hinges.map((pair, k) => (k === n ? [half(x, Math.ceil(low), Math.floor(high)), pair[1]] : [...pair]));
  const at = moved[n][0];
  const before = moved.reduce((best, [t], k) => (k !== n && t < at && (best < 0 || t >= moved[best][0]) ? k : best), -1);
  const missing = y - valueAt(b, moved, at);
  if (before < 0) return { b: half(b + missing, -5, 5), hinges: moved };
  const [t, c] = moved[before];
  moved[before] = [t, half(c + missing / (at - t), -8, 8)];
  return { b, hinges: moved };
}
