// The state of LookInside, and what follows from it: the levels with their numbers, how they are laid out as maps, what is framed, and in
// which words. Nothing here needs a browser.
// The state is { chosen, what, zoom, held, cursor }: the level that is shown large; what of it (a key of WHAT); the map or filter that is shown
// alone with its numbers, or null; whether the pointer passes without moving the cursor; and the cursor { level, index, weight }.
// A level is the image or a layer: { name, shape, out, dout, scale, weights, kind, options }.

import { scaleOf } from "./colours.js";
import { number } from "./numbers.js";

export const WHAT = { out: "activations", dout: "gradient of the activations", W: "weights", dW: "gradient of the weights" };

const countOf = (shape) => shape.reduce((product, length) => product * length, 1);
export const floatsOf = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
export const entryAt = (level, index) => index.reduce((at, i, axis) => at * level.shape[axis] + i, 0);
export const alike = (a, b) => String(a.index) === String(b.index) && String(a.weight ?? "") === String(b.weight ?? "");
const scaled = (values) => ({ ...scaleOf(values), whole: values.every(Number.isInteger) });

// The levels of a page, with their numbers cut out of one array.
export function levelsOf(page, all) {
  let at = 0;
  const read = (length) => all.subarray(at, (at += length));
  return page.levels.map((level, n) => {
    const values = { out: read(countOf(level.shape)), dout: read(countOf(level.shape)) };
    const scale = { out: scaled(values.out), dout: scaled(values.dout) };
    if (!n && scale.out.low >= 0) scale.out.ink = true;
    return { ...level, ...values, scale };
  });
}

export const weightsOf = ([W, dW, b]) => ({ W, dW, b, scale: { W: scaled(W), dW: scaled(dW) } });

// What `facts` of look_facts.js takes: the levels as one pass through a network.
export const passOf = (page, levels, weights) => ({ label: page.label, p: page.classes.map(({ share }) => share),
  levels: levels.map(({ name, shape, out, dout, kind, options, weights: own }) =>
    ({ ...options, name, kind, out, dout, outShape: shape, shape: own, ...weights.get(name) })) });

const rangeOf = (values, from, length, text) => {
  const { low, high, lost } = scaleOf(values.subarray(from, from + length));
  return lost === length ? "nan" : low === high ? text(low) : `${text(low)}…${text(high)}`;
};

// A picture for a sheet (sheet.js): the maps of a level, or the map `only` with numbers; a vector with `wrap` numbers in a row.
export function mapsOf(level, key, only = null, wrap = 50) {
  const values = level[key], numbers = only != null;
  if (level.shape.length === 1) {
    const length = level.shape[0], w = Math.min(length, wrap), h = Math.ceil(length / w), at = (i, j) => i * w + j;
    return { tiles: 1, h, w, numbers, whole: true, value: (t, i, j) => (at(i, j) < length ? values[at(i, j)] : undefined),
      unit: (t, i, j) => (at(i, j) < length ? { index: [at(i, j)], weight: null } : null),
      place: ({ index: [m] }) => [0, Math.floor(m / w), m % w], label: null };
  }
  const [C, h, w] = level.shape, map = (t) => only ?? t;
  return { tiles: numbers ? 1 : C, h, w, numbers, value: (t, i, j) => values[(map(t) * h + i) * w + j],
    unit: (t, i, j) => ({ index: [map(t), i, j], weight: null }),
    place: ({ index: [c, i, j] }) => (numbers && c !== only ? null : [numbers ? 0 : c, i, j]),
    label: numbers ? null : (t, text) => [String(t), rangeOf(values, t * h * w, h * w, text)] };
}

// The same of its kernels, or of those of the unit `only` with numbers. `below` is the level below, `index` a unit of this level or null.
// The weights of a vector have `wrap` numbers in a row.
export function kernelsOf(level, below, values, index, only = null, wrap = 20) {
  const numbers = only != null;
  if (level.weights.length === 2) {
    const [D, M] = level.weights, [C, h, w] = below.shape.length === 3 ? below.shape : [1, Math.ceil(D / Math.min(D, wrap)), Math.min(D, wrap)];
    const d = (t, i, j) => (t * h + i) * w + j;
    if (numbers)
      return { weighty: true, tiles: C, h, w, numbers, value: (t, i, j) => (d(t, i, j) < D ? values[d(t, i, j) * M + only] : undefined),
        unit: (t, i, j) => (d(t, i, j) < D ? { index: [only], weight: [d(t, i, j)] } : null),
        place: ({ weight: [at] }) => [Math.floor(at / (h * w)), Math.floor((at % (h * w)) / w), at % w],
        label: C > 1 ? (t) => [`from ${t}`, ""] : null };
    return { weighty: true, tiles: 1, h: M, w: D, free: true, value: (t, i, j) => values[j * M + i],
      unit: (t, i, j) => ({ index: [i], weight: [j] }), place: ({ index: [m], weight: [at] }) => [0, m, at], label: null };
  }
  const [F, C, k] = level.weights, at = (f, c, i, j) => values[((f * C + c) * k + i) * k + j];
  const spot = (f) => [f, ...(index ?? brightest(level, f)).slice(1)];
  if (numbers)
    return { weighty: true, tiles: C, h: k, w: k, numbers, value: (t, i, j) => at(only, t, i, j),
      unit: (t, i, j) => ({ index: spot(only), weight: [t, i, j] }), place: ({ weight }) => weight,
      label: C > 1 ? (t, text) => [`from ${t}`, rangeOf(values, (only * C + t) * k * k, k * k, text)] : null };
  const matrix = C > 1, f = (t) => t % F, c = (t) => Math.floor(t / F);
  return { weighty: true, tiles: F * C, h: k, w: k, across: matrix ? F : undefined, value: (t, i, j) => at(f(t), c(t), i, j),
    unit: (t, i, j) => ({ index: spot(f(t)), weight: [c(t), i, j] }),
    place: ({ index: [first], weight }) => [weight[0] * F + first, weight[1], weight[2]],
    label: matrix ? null : (t, text) => [String(t), rangeOf(values, t * k * k, k * k, text)] };
}

export function strongest(level, { channels, rows, columns }) {   // in the middle of what is framed, the map with the largest number there
  const middle = ([first, last]) => Math.floor((first + last) / 2);
  if (level.shape.length === 1) return columns[0] === columns[1] ? [columns[0]] : brightest(level);
  const all = Array.from({ length: channels[1] - channels[0] + 1 }, (_, n) => [channels[0] + n, middle(rows), middle(columns)]);
  return all.reduce((best, index) => (Math.abs(level.out[entryAt(level, index)]) > Math.abs(level.out[entryAt(level, best)]) ? index : best));
}

export function brightest(level, map = null) {                    // the index of the largest activation of a layer, or of one map
  const length = map == null ? level.out.length : level.shape[1] * level.shape[2], from = map == null ? 0 : map * length;
  let best = from;
  for (let at = from; at < from + length; at++) if (Math.abs(level.out[at]) > Math.abs(level.out[best])) best = at;
  const [, height, width] = level.shape;
  return level.shape.length === 1 ? [best] : [Math.floor(best / (height * width)), Math.floor(best / width) % height, best % width];
}

export const ofWeights = (what) => what === "W" || what === "dW";
export const levelOf = (levels, layer) => levels.findIndex((level) => level.name === layer);
export const isAt = (levels, unit, cursor) => levelOf(levels, unit.layer) === cursor.level && alike(unit, cursor);

// The state after an act. `moved` returns the state itself if the cursor stays where it is.
export const chosenLevel = (state, n) => ({ ...state, chosen: n, zoom: null });
export const moved = (state, level, unit) =>
  (state.cursor.level === level && alike(state.cursor, unit) ? state : { ...state, cursor: { level, ...unit } });
export const zoomedAt = (state, unit) => ({ ...state, zoom: unit.index[0], cursor: { level: state.chosen, ...unit } });

// The cursor goes to level n, which is shown large: to what is framed in it by the facts of the last unit, else to its largest number.
export function entered(state, levels, facts, n) {
  const level = levels[n], { cursor, what } = state, stays = cursor.level === n;
  const framed = facts?.fields.find((one) => one.name === level.name) ?? (facts?.feeds?.name === level.name ? facts.feeds : null);
  const index = stays ? cursor.index : framed ? strongest(level, framed) : brightest(level);
  const first = !ofWeights(what) || !level.weights ? null : level.weights.length === 2 ? [0] : [0, 0, 0];
  return { ...state, chosen: n, cursor: { level: n, index, weight: (first && stays && cursor.weight) || first } };
}

// What of a level belongs to a unit: [{ style, channels, rows, columns }] to be framed, and in words. `index` is the unit, if it is in this level.
export function framedIn(level, facts, index) {
  const field = facts?.fields.find((one) => one.name === level.name), feeds = facts?.feeds?.name === level.name ? facts.feeds : null;
  const span = ([first, last]) => (first === last ? `${first}` : `${first} to ${last}`);
  const regions = [field && { style: "field", ...field }, feeds && { style: "feeds", ...feeds }].filter(Boolean);
  const words = regions.map(({ style, rows, columns }) =>
    `; framed${style === "feeds" ? " with dashes" : ""}: rows ${span(rows)}, columns ${span(columns)}`);
  const winner = facts?.winner && facts.fields[0].name === level.name ? facts.winner : null;
  return { regions, winner, words: words.join("") + (index ? `; the unit: ${index.join(", ")}` : "") };
}

export function mapsShown({ shape: [C, ...side] }, zoom) {
  if (!side.length) return `${C} numbers, row by row`;
  return zoom != null ? `map ${zoom}` : C > 1 ? `${C} maps` : "1 map";
}

export function weightsShown({ weights: [first, second, ...kernel] }, zoom) {
  const inputs = first.toLocaleString("en");
  if (!kernel.length)
    return zoom != null ? `the ${inputs} weights of number ${zoom}` : `a row for each of ${second} numbers, a column for each of ${inputs} inputs`;
  if (zoom != null) return `filter ${zoom}`;
  return second > 1 ? `a column for each of ${first} filters, a row for each of ${second} input maps` : `${first} kernels`;
}

export function scaleInWords(what, shown, scale, unit) {
  const [low, high] = scale.ink ? ["0", number(scale.top)] : [number(-scale.top), number(scale.top)];
  const colours = scale.ink ? `white 0, black ${high}` : `blue ${low}, white 0, red ${high}`;
  const units = unit === 1 ? "" : `; the small numbers times ${number(unit, 1)}`;
  const lost = scale.lost ? `; grey: ${scale.lost} are not finite numbers` : "";
  return { low, high, words: `${WHAT[what]}, ${shown}, one scale: ${colours}${units}${lost}` };
}

// Whether two answers about a unit say the same.
const SAID = ["name", "value", "gradient", "comes", "goes", "back", "sum", "terms", "weightWords"];
export const sameAnswer = (one, other) => one && SAID.every((key) => String(one[key]) === String(other[key]));

// The way of a window to a unit, for a layer with windows: the map below that gives most, and the place of the window in it, which may
// begin before the border.
export function wayOf(level, below, unit) {
  if (!unit.patch || below.shape.length !== 3) return null;
  const { stride, pad = 0, k } = level.options, length = unit.patch[0].length, step = stride ?? (level.kind === "max_pool" ? k : 1);
  const strength = (unit.sums ?? []).map((sum) => Math.abs(sum ?? 0)), most = strength.indexOf(Math.max(...strength));
  const map = level.kind === "max_pool" ? unit.index[0] : Math.max(0, most), part = level.kind === "max_pool" ? 0 : map;
  return { map, part, length, row: unit.index[1] * step - pad, column: unit.index[2] * step - pad };
}

// The same for what is known of a unit; null for one that no window comes to.
export function wayTo(levels, unit) {
  const n = levelOf(levels, unit.layer);
  return unit.fields.length ? wayOf(levels[n], levels[n - 1], unit) : null;
}

// The next place of a window that moves over a map, row by row; null at its end.
export function onward({ shape: [, height, width] }, [map, row, column]) {
  if (column + 1 < width) return [map, row, column + 1];
  return row + 1 < height ? [map, row + 1, 0] : null;
}
