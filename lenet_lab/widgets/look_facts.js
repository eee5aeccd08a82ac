// What `lenet_lab.widgets.look_inside` says of one number of a network, for pages without a kernel: where it comes from, its sum, where it
// goes, what comes back. The sentences are those of Python; tests/test_net_javascript.py compares them. Nothing here needs a browser.

import { backward, forward } from "./net.js";
import { percent } from "./numbers.js";

const MOST = 10;                                                 // contributions to an inner product that are listed

export function general(value, digits = 4) {                        // as Python's format "g"
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  if (value === 0) return "0";
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  if (+power < -4 || +power >= digits) {
    const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${short}e${+power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const fixed = value.toFixed(Math.max(0, digits - 1 - power));
  return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
}

const maps = (shape) => (shape.length === 3 ? shape : [1, 1, shape[0]]);
const flat = (shape, index) => index.reduce((at, i, axis) => at * shape[axis] + i, 0);
const place = (shape, at) => shape.toReversed().map((length) => { const i = at % length; at = Math.floor(at / length); return i; }).reverse();
const range = ([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => first + n);
const cut = ([first, last], length) => [Math.max(0, first), Math.min(length - 1, last)];
const span = (word, [first, last]) => (first === last ? `${word} ${first}` : `${word}s ${first} to ${last}`);
const signed = (value) => (value >= 0 ? general(value, 3) : `(${general(value, 3)})`);
const productOf = (x, w) => `${general(x, 3)}*${signed(w)}`;
const finite = (value) => (Number.isFinite(value) ? value : null);
const windowOf = ({ kind, shape, k, stride, pad = 0 }) => (kind === "conv" ? [shape[2], stride ?? 1, pad] : kind === "max_pool" ? [k, stride ?? k, 0] : [1, 1, 0]);
export const nameOf = (layer, index) => `${layer} (${index.join(", ")})`;

// One forward and one backward pass of an image: what the facts are taken from.
export function lookAt(net, image, label) {
  const seen = forward(net, image), wanted = label ?? seen.p.indexOf(Math.max(...seen.p)), back = backward(seen, wanted);
  const layers = net.layers.map((layer, n) => ({ ...layer, out: seen.layers[n].out, outShape: seen.layers[n].shape, ...back.layers[n] }));
  const levels = [{ name: "image", outShape: net.input, out: Float64Array.from(image), dout: back.dx }, ...layers];
  return { p: seen.p, scores: seen.scores, label: wanted, loss: -Math.log(seen.p[wanted]), levels };
}

export function facts(look, name, index, weight = null) {
  const { levels, p, label } = look, n = levels.findIndex((level) => level.name === name), level = levels[n], above = levels[n + 1];
  const below = levels[n - 1], at = flat(level.outShape, index), value = level.out[at], gradient = level.dout[at];
  const [channel, row, column] = index.length === 3 ? index : [0, 0, ...index];

  function fieldsOf() {
    const fields = [];
    let channels = [channel, channel], rows = [row, row], columns = [column, column], size = 1, step = 1;
    for (let m = n; m > 0; m--) {
      const [depth, height, width] = maps(levels[m - 1].outShape);
      if (levels[m].kind === "inner_product") [channels, rows, columns, size, step] = [[0, depth - 1], [0, height - 1], [0, width - 1], null, null];
      else {
        const [k, stride, pad] = windowOf(levels[m]), through = ([first, last]) => [first * stride - pad, last * stride - pad + k - 1];
        [rows, columns] = [through(rows), through(columns)];
        if (levels[m].kind === "conv") channels = [0, depth - 1];
        if (size) [size, step] = [(size - 1) * stride + k, step * stride];
      }
      fields.push({ name: levels[m - 1].name, channels, rows: cut(rows, height), columns: cut(columns, width), size, step });
    }
    return fields;
  }

  const fields = fieldsOf();
  const everything = ({ channels, rows, columns, name: of }) => {
    const lengths = maps(levels.find((one) => one.name === of).outShape);
    return [channels, rows, columns].every(([first, last], axis) => first === 0 && last === lengths[axis] - 1);
  };

  function inWords(m) {
    const field = fields[m], layer = levels[n - m], shape = levels[n - m - 1].outShape;
    const where = `${span("row", field.rows)}, ${span("column", field.columns)}`;
    if (shape.length === 1) return `${field.name}: number ${field.columns[0]}`;
    if (!field.size) return `${field.name}: ${where}`;
    const before = m ? fields[m - 1].size : 1, size = `${field.size}x${field.size}`, [k, stride] = windowOf(layer);
    const formula = layer.kind === "relu" ? "" : ` [(${before} - 1)*${stride} + ${k}]`;
    const seen = [field.rows, field.columns].map(([first, last]) => last - first + 1);
    const border = seen.every((length) => length === field.size) ? "" : ` (cut off at the border: ${seen.join("x")})`;
    if (field.name === "image") return `image: ${size} pixels${border}, ${where}; each step of the unit moves it by ${field.step}${formula}`;
    const channels = field.channels[0] === field.channels[1] ? `map ${field.channels[0]}, ` : `all ${shape[0]} maps, `;
    return `${field.name}: ${channels}${size}${border}, ${where}${formula}`;
  }

  function comes() {
    const whole = fields.findIndex((field, m) => !field.size && fields.slice(m).every(everything));
    if (whole < 0) return fields.map((_, m) => inWords(m));
    return [...range([0, whole - 1]).map(inWords), `${fields.slice(whole).map((field) => field.name).join(", ")}: everything`];
  }

  function patchOf() {                                              // the window under a unit of a layer with maps, 0 beyond the border
    const [k, stride, pad] = windowOf(level), [depth, height, width] = below.outShape;
    const channels = level.kind === "conv" ? range([0, depth - 1]) : [channel];
    return channels.map((c) => range([0, k - 1]).map((u) => range([0, k - 1]).map((v) => {
      const i = row * stride + u - pad, j = column * stride + v - pad;
      return i >= 0 && i < height && j >= 0 && j < width ? below.out[(c * height + i) * width + j] : 0;
    })));
  }

  const listed = (parts) => parts.map((part) => part.map((line) => line.map((v) => finite(Number(v.toPrecision(5))))));
  const kinds = {
    conv() {
      const patch = patchOf(), [, C, k] = level.shape, b = general(level.b[index[0]], 3);
      const kernel = range([0, C - 1]).map((c) => range([0, k - 1]).map((u) => range([0, k - 1]).map((v) => level.W[((index[0] * C + c) * k + u) * k + v])));
      const sums = patch.map((part, c) => part.flat().reduce((sum, x, m) => sum + x * kernel[c].flat()[m], 0));
      const text = C === 1 ? `sum of x*w + b = ${patch.flat(2).map((x, m) => productOf(x, kernel.flat(2)[m])).join(" + ")}`
        : `sum of x*w + b, channel by channel = ${sums.map(signed).join(" + ")}`;
      return { patch: listed(patch), kernel: listed(kernel), sums: sums.map(finite), sum: `${text} + ${b} = ${general(value)}` };
    },
    max_pool() {
      const patch = patchOf(), all = patch.flat(2), best = all.indexOf(Math.max(...all)), [k, stride] = windowOf(level);
      const winner = [channel, row * stride + Math.floor(best / k), column * stride + best % k];
      const tie = all.filter((one) => one === value).length > 1 ? "; a tie, and the first in reading order wins" : "";
      return { patch: listed(patch), winner,
        sum: `max(${all.map((one) => general(one, 3)).join(", ")}) = ${general(value)}, from ${nameOf(below.name, winner)}${tie}` };
    },
    relu() {
      const x = below.out[at];
      return { sum: `max(0, ${general(x)}) = ${general(value)}${x > 0 ? "" : ": the gradient stops here"}` };
    },
    inner_product() {
      const [D, M] = level.shape, products = Array.from({ length: D }, (_, d) => below.out[d] * level.W[d * M + index[0]]);
      const order = products.map((_, d) => d).sort((one, other) => Math.abs(products[other]) - Math.abs(products[one]) || one - other).slice(0, MOST);
      const terms = order.map((d) => `${nameOf(below.name, place(below.outShape, d))}: ${productOf(below.out[d], level.W[d * M + index[0]])} = ${general(products[d], 3)}`);
      const total = products.reduce((sum, one) => sum + one, 0), rest = order.reduce((sum, d) => sum - products[d], total);
      if (D > order.length) terms.push(`the other ${(D - order.length).toLocaleString("en")}: ${general(rest, 3)}`);
      return { terms, sum: `sum of ${D.toLocaleString("en")} products x*w ${general(total)} + b ${general(level.b[index[0]], 3)} = ${general(value)}; the largest:` };
    },
  };

  function feedsOf() {                                              // [rows, columns] of the units above that use this one
    if (above.outShape.length === 1) return [[0, 0], above.kind === "inner_product" ? [0, above.outShape[0] - 1] : [index.at(-1), index.at(-1)]];
    const [k, stride, pad] = windowOf(above);
    return index.slice(1).map((one, axis) => [Math.max(0, Math.ceil((one + pad - k + 1) / stride)),
      Math.min(above.outShape[axis + 1] - 1, Math.floor((one + pad) / stride))]);
  }

  function goes() {
    if (!above) return { goes: `softmax, as the score of class ${index[0]}: its probability is ${p[index[0]].toFixed(4)}`, feeds: null };
    const [rows, columns] = feedsOf();
    if (rows[0] > rows[1] || columns[0] > columns[1]) return { goes: `nothing: no window of ${above.name} holds it`, feeds: null };
    if (above.outShape.length === 1) {
      const words = above.kind === "inner_product" ? `${above.name}: all ${(columns[1] + 1).toLocaleString("en")} numbers` : nameOf(above.name, [columns[0]]);
      return { goes: words, feeds: { name: above.name, channels: [0, 0], rows, columns } };
    }
    const channels = above.W ? [0, above.outShape[0] - 1] : [index[0], index[0]];
    let words = `${above.name}: ${above.W ? `all ${channels[1] + 1} maps` : `map ${channels[0]}`}, ${span("row", rows)}, ${span("column", columns)}`;
    if (above.kind === "max_pool") {
      const windows = range(rows).flatMap((i) => range(columns).map((j) => [i, j]));
      const won = windows.filter(([i, j]) => String(facts(look, above.name, [channels[0], i, j]).winner) === String(index)).length;
      words += windows.length > 1 ? `; it is the maximum in ${won} of ${windows.length} windows` : `; it is ${won ? "" : "not "}the maximum there`;
    }
    return { goes: words, feeds: { name: above.name, channels, rows, columns } };
  }

  function back() {
    if (gradient === 0) {
      const reason = above?.kind === "max_pool" ? "it is the maximum of no window that has a gradient"
        : above?.kind === "relu" && value <= 0 ? "ReLU lets nothing back to a number below 0" : "a small change here does not change the loss";
      return `0: ${reason}`;
    }
    if (!above) return `${general(gradient)}: its probability${index[0] === label ? " - 1, since it is the label" : ""}`;
    return `${general(gradient)}: if this number grew by 0.01, the loss would change by about ${general(gradient * 0.01, 2)}`;
  }

  function ofWeight() {
    const vector = level.kind === "inner_product", where = vector ? [...weight, index[0]] : [index[0], ...weight];
    const shape = vector ? level.shape : [level.shape[0], level.shape[1], level.shape[2], level.shape[2]], m = flat(shape, where);
    const x = vector ? below.out[weight[0]] : patchOf()[weight[0]][weight[1]][weight[2]];
    const places = vector ? "" : `, a sum over ${(level.outShape[1] * level.outShape[2]).toLocaleString("en")} places`;
    return `weight W[${where.join(", ")}] = ${general(level.W[m])}, its gradient ${general(level.dW[m])}${places}; for this unit it is multiplied by x = ${general(x)}`;
  }

  const own = n ? kinds[level.kind]() : { sum: `The pixel is ${general(value)}.` }, comesFrom = comes(), full = nameOf(name, index);
  const entry = [0, ...index].join(", ");
  return { layer: name, index, weight, name: full, entry: n ? `net["${name}"].out[${entry}]` : `x[${entry}]`, value: general(value),
    gradient: general(gradient), fields: fields.map(({ name: of, channels, rows, columns }) => ({ name: of, channels, rows, columns })), winner: null,
    comes: comesFrom, patch: null, kernel: null, terms: [], weightWords: weight ? ofWeight() : "", ...own, ...goes(), back: back(),
    said: `${full} = ${general(value)}, gradient ${general(gradient)}. ${fields.length ? comesFrom.at(-1).replace(/ \[[^\]]*\]/g, "") : ""}` };
}

// Everything that the page shows of an image before a unit is asked for, but for its place among the images.
export function overview(look, described) {
  const answer = look.p.indexOf(Math.max(...look.p));
  return { label: look.label, verdict: `label ${look.label}, answer ${answer} (${percent(look.p[answer])}), loss ${general(look.loss)}`,
    classes: Array.from(look.scores, (score, k) => ({ score: general(score, 3), share: look.p[k] })),
    levels: look.levels.map(({ name, outShape, kind, shape, k, stride, pad }, n) => ({ name, ...described[n], shape: outShape, kind, options: { k, stride, pad },
      weights: kind === "conv" ? [shape[0], shape[1], shape[2], shape[2]] : kind === "inner_product" ? shape : null })) };
}
