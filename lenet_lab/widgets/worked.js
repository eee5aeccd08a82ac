// One forward and backward pass of the toy network with the arithmetic of every number, as `lenet_lab.toy.worked` computes it: for pages
// without a kernel. Grids are named as there (x, F, W1, b; C, P, v, z, s, y, J; dy ... dx), an entry is "C:0,1,2". Nothing here needs a browser.

import { add, allExact, compare, exp, factor, fraction, ln, minus, over, parsed, show, times, ZERO } from "./fractions.js";

const ARRAYS = { x: "x", F: 'net["conv1"].params["W"]', W1: 'net["ip1"].params["W"]', b: 'net["ip1"].params["b"]', C: 'net["conv1"].out',
  P: 'net["pool1"].out', v: 'net["ip1"].x.reshape(1, -1)', z: 'net["ip1"].out', s: 'net["relu1"].out', y: "ops.softmax(scores)", J: "J",
  dx: 'net["conv1"].dx', dF: 'net["conv1"].grads["W"]', dW1: 'net["ip1"].grads["W"]', db: 'net["ip1"].grads["b"]', dC: 'net["conv1"].dout',
  dP: 'net["pool1"].dout', dv: 'net["ip1"].dx.reshape(1, -1)', dz: 'net["ip1"].dout', ds: 'net["relu1"].dout', dy: "" };
const WITHOUT_IMAGE = ["F", "W1", "b", "dF", "dW1", "db"], GIVEN = ["x", "F", "W1", "b"];
const NUMBER = /^[-+]?(\d{1,3}(\.\d{0,4})?|\.\d{1,4})(\/\d{1,3})?$/, WIDEST = fraction(80);
const IN_WORDS = "write a whole number, a decimal such as -0.5, or a fraction such as 1/2, below 1,000";

const id = (key, index) => `${key}:${index.join(",")}`;
const indexOf = (text) => text.split(":")[1].split(",").filter(Boolean).map(Number);

function* indices(shape) {
  const count = shape.reduce((product, length) => product * length, 1);
  for (let n = 0; n < count; n++) {
    let rest = n;
    yield shape.toReversed().map((length) => { const at = rest % length; rest = Math.floor(rest / length); return at; }).reverse();
  }
}

// The pass of a page that Python made: its given numbers, and its options from the sentence that describes it.
export function passOf(page) {
  const [, stride, pad, pool, poolStride] = page.about.match(/\(stride (\d+), padding (\d+)\), max pooling (\d+)x\d+ \(stride (\d+)\)/).map(Number);
  const shapes = {}, values = new Map();
  for (const grid of page.grids.filter(({ key }) => GIVEN.includes(key))) {
    const ids = grid.maps.flatMap((map) => map.rows.flat());
    shapes[grid.key] = indexOf(ids[0]).map((_, axis) => 1 + Math.max(...ids.map((one) => indexOf(one)[axis])));
    for (const one of ids) values.set(one, parsed(page.cells[one].value));
  }
  return { stride, pad, pool, poolStride, shapes, values, label: page.label };
}

// All cells of a pass, and the order in which they are computed: { cells, steps }.
export function computed({ stride, pad, pool, poolStride, shapes: given, values: numbers, label }) {
  const values = new Map(numbers), cells = {}, steps = [], shapes = { ...given };
  const [channels, H, W] = shapes.x, [filters, , k] = shapes.F, classes = shapes.b[0];
  const value = (key, index) => values.get(id(key, index));

  function name(key, index) {
    if (key.startsWith("d")) return `dJ/d${name(key.slice(1), index)}`;
    const ones = index.map((i) => i + 1);
    if (key === "J") return "J";
    if (key === "F") return channels === 1 ? `F${ones[0]}(${ones[2]},${ones[3]})` : `F${ones[0]}(${ones[2]},${ones[3]},${ones[1]})`;
    if (key === "x" && channels === 1) return `x(${ones[1]},${ones[2]})`;
    if (["x", "C", "P"].includes(key)) return `${key}(${ones[1]},${ones[2]},${ones[0]})`;
    return `${key}(${ones.join(",")})`;
  }

  function array(key, index) {
    if (key === "J" || !ARRAYS[key]) return ARRAYS[key];
    const axes = key === "W1" || key === "dW1" ? index.toReversed() : index;
    return `${ARRAYS[key]}[${[...(WITHOUT_IMAGE.includes(key) ? [] : [0]), ...axes].join(", ")}]`;
  }

  const term = (text, of, ...inputs) => ({ text, value: of, inputs });
  const copy = (key, index) => term(show(value(key, index)), value(key, index), [key, index]);
  const product = (...refs) => {
    const all = refs.map(([key, index]) => value(key, index));
    return term(all.map(factor).join("*"), all.reduce(times), ...refs);
  };

  // Fills a grid. `work(index)` gives formula and terms, perhaps a note, and value and arithmetic where the value is not the sum of the terms.
  function compute(key, shape, work) {
    shapes[key] = shape;
    for (const index of indices(shape)) {
      const made = work(index), result = made.value ?? made.terms.reduce((sum, one) => add(sum, one.value), ZERO);
      const shown = made.arithmetic || made.terms.map((one) => one.text).join(" + ") || "0";
      const exact = (result.n === 0n && !made.value) || allExact([result, ...made.terms.flatMap((one) => one.inputs.map((ref) => value(...ref)))]);
      const at = id(key, index);
      values.set(at, result);
      cells[at] = { name: name(key, index), array: array(key, index), value: show(result), formula: made.formula,
        arithmetic: shown === show(result) ? shown : `${shown} ${exact ? "=" : "≈"} ${show(result)}`, note: made.note ?? "",
        terms: made.terms.map((one) => ({ text: one.text, value: show(one.value), inputs: one.inputs.map((ref) => id(...ref)) })) };
      steps.push(at);
    }
  }

  // --------------------------------------------------------------------------------------------------------- forward
  const patch = ([, i, j]) => [...indices([channels, k, k])].map((tap) => {
    const row = i * stride + tap[1] - pad, column = j * stride + tap[2] - pad;
    return [tap, row >= 0 && row < H && column >= 0 && column < W ? [tap[0], row, column] : null];
  });
  const pooled = ([f, i, j]) => [...indices([pool, pool])].map(([u, v]) => [f, i * poolStride + u, j * poolStride + v]);
  const winners = (place) => {
    const all = pooled(place), top = all.map((one) => value("C", one)).reduce((best, one) => (compare(one, best) > 0 ? one : best));
    return all.filter((one) => compare(value("C", one), top) === 0);
  };
  const same = (a, b) => String(a) === String(b);
  const places = (size, window, step, border = 0) => Math.floor((size + 2 * border - window) / step) + 1;

  for (const key of GIVEN)
    for (const index of indices(shapes[key])) cells[id(key, index)] = { name: name(key, index), array: array(key, index), value: show(value(key, index)) };

  const [OH, OW] = [places(H, k, stride, pad), places(W, k, stride, pad)], P = [filters, places(OH, pool, poolStride), places(OW, pool, poolStride)];
  const D = P[0] * P[1] * P[2], all = (n, make) => Array.from({ length: n }, (_, m) => make(m));
  const placeOf = (d) => [Math.floor(d / (P[1] * P[2])), Math.floor(d / P[2]) % P[1], d % P[2]];
  compute("C", [filters, OH, OW], (index) => {
    const [f, i, j] = index, window = patch(index), outside = window.some(([, pixel]) => !pixel);
    return { formula: `${name("C", index)} = sum of F${f + 1} * the window of x at (${i + 1},${j + 1})`,
      terms: window.map(([tap, pixel]) => (pixel ? product(["F", [f, ...tap]], ["x", pixel])
        : term(`${factor(value("F", [f, ...tap]))}*0`, ZERO, ["F", [f, ...tap]]))),
      note: outside ? "The window reaches over the border, where the padding is 0." : "" };
  });
  compute("P", P, (index) => {
    const window = pooled(index), first = winners(index), names = first.map((one) => name("C", one));
    return { formula: `${name("P", index)} = max of the window of C at ${name("C", window[0]).slice(1)}`, terms: window.map((one) => copy("C", one)),
      value: value("C", first[0]), arithmetic: `max(${window.map((one) => show(value("C", one))).join(", ")})`,
      note: first.length > 1 ? `A tie: ${names.join(" and ")} are equal.` : `The winner is ${names[0]}.` };
  });
  compute("v", [D], ([d]) => ({ formula: `${name("v", [d])} = ${name("P", placeOf(d))}: row by row, channel after channel`, terms: [copy("P", placeOf(d))] }));
  compute("z", [classes], ([m]) => ({
    formula: `z(${m + 1}) = W1(${m + 1},1)*v(1) + ... + W1(${m + 1},${D})*v(${D}) + b(${m + 1})`,
    terms: [...all(D, (d) => product(["W1", [m, d]], ["v", [d]])), term(factor(value("b", [m])), value("b", [m]), ["b", [m]])] }));
  compute("s", [classes], (index) => {
    const z = value("z", index), m = index[0] + 1;
    return { formula: `s(${m}) = max(0, z(${m}))`, terms: [copy("z", index)], value: compare(z, ZERO) > 0 ? z : ZERO, arithmetic: `max(0, ${show(z)})`,
      note: compare(z, ZERO) < 0 ? "Negative, so it is cut to 0." : "" };
  });
  const scores = all(classes, (m) => value("s", [m])), top = scores.reduce((best, one) => (compare(one, best) > 0 ? one : best));
  const spread = minus(top, scores.reduce((least, one) => (compare(one, least) < 0 ? one : least)));
  if (compare(spread, WIDEST) > 0)
    throw new Error(`Two scores would be ${show(spread)} apart, so that a probability is too small to write down; `
      + "choose numbers with which they differ by at most 80.");
  const powers = scores.map((score) => exp(minus(score, top))), sum = powers.reduce(add), written = scores.map((score) => `e^${factor(score)}`);
  compute("y", [classes], ([m]) => ({ formula: `y(${m + 1}) = e^s(${m + 1}) / (e^s(1) + ... + e^s(${classes}))`,
    terms: scores.map((score, n) => term(written[n], score, ["s", [n]])), value: over(powers[m], sum),
    arithmetic: `${written[m]} / (${written.join(" + ")})` }));
  const y = value("y", [label]), own = label + 1;
  compute("J", [], () => ({ formula: `J = -ln y(${own}), since the label ${label} is class number ${own}`, terms: [copy("y", [label])],
    value: minus(ZERO, ln(y)), arithmetic: `-ln(${show(y)})` }));

  // -------------------------------------------------------------------------------------------------------- backward
  compute("dy", [classes], (index) => {
    const m = index[0] + 1;
    if (index[0] !== label) return { formula: `dJ/dy(${m}) = 0`, terms: [], note: `J = -ln y(${own}) does not contain y(${m}).` };
    return { formula: `dJ/dy(${m}) = -1 / y(${m})`, terms: [copy("y", index)], value: over(fraction(-1), y), arithmetic: `-1 / ${show(y)}` };
  });
  compute("ds", [classes], (index) => {
    const m = index[0] + 1, target = index[0] === label ? 1 : 0, here = value("y", index), result = minus(here, fraction(target));
    const through = `${factor(value("dy", [label]))}*${factor(y)}*(${target} - ${show(here)})`;
    const inputs = [["dy", [label]], ["y", [label]], ...(target ? [] : [["y", index]])];
    return { formula: `dJ/ds(${m}) = dJ/dy(${own}) * y(${own}) * (${target} - y(${m})) = y(${m}) - ${target}`, terms: [term(through, result, ...inputs)],
      value: result, arithmetic: `${through} = ${show(here)} - ${target}`,
      note: `The target is 1 for the label's class, number ${own}, and 0 for the others.` };
  });
  compute("dz", [classes], (index) => {
    const m = index[0] + 1, z = value("z", index), ds = value("ds", index), open = compare(z, ZERO) > 0;
    return { formula: `dJ/dz(${m}) = dJ/ds(${m}) where z(${m}) > 0, else 0`, terms: [term(`${factor(ds)}*${open ? 1 : 0}`, open ? ds : ZERO, ["ds", index], ["z", index])],
      note: `z(${m}) = ${show(z)} is ${open ? "positive: the gradient passes" : "not positive: the ReLU is shut"}.` };
  });
  compute("dW1", shapes.W1, ([m, d]) => ({ formula: `dJ/dW1(${m + 1},${d + 1}) = dJ/dz(${m + 1}) * v(${d + 1})`, terms: [product(["dz", [m]], ["v", [d]])] }));
  compute("db", shapes.b, (index) => ({ formula: `dJ/db(${index[0] + 1}) = dJ/dz(${index[0] + 1})`, terms: [copy("dz", index)] }));
  compute("dv", [D], ([d]) => ({ formula: `dJ/dv(${d + 1}) = sum over all outputs m of W1(m,${d + 1}) * dJ/dz(m)`,
    terms: all(classes, (m) => product(["W1", [m, d]], ["dz", [m]])) }));
  compute("dP", P, (index) => {
    const d = (index[0] * P[1] + index[1]) * P[2] + index[2];
    return { formula: `${name("dP", index)} = dJ/dv(${d + 1}), back in its place`, terms: [copy("dv", [d])] };
  });
  compute("dC", shapes.C, (index) => {
    const terms = [], notes = [], windows = [...indices(P)];
    for (const place of windows) {
      const found = winners(place);
      if (place[0] !== index[0] || !found.some((one) => same(one, index))) continue;
      const first = same(found[0], index);
      if (found.length > 1) notes.push(`A tie in ${name("P", place)}: ${first ? "the first, this one, takes all" : `${name("C", found[0])}, the first, takes all`}.`);
      if (first) terms.push(term(factor(value("dP", place)), value("dP", place), ["dP", place]));
    }
    if (!notes.length && !terms.length)
      notes.push(windows.some((place) => pooled(place).some((one) => same(one, index))) ? "It wins no pooling window, so it changes nothing."
        : "No pooling window sees it.");
    return { formula: `${name("dC", index)} = sum of dJ/dP over the pooling windows that it wins`, terms, note: notes.join(" ") };
  });
  compute("dF", shapes.F, (index) => {
    const [f, ...tap] = index;
    const terms = [...indices([OH, OW])].flatMap(([i, j]) => {
      const [, pixel] = patch([f, i, j]).find(([one]) => same(one, tap));
      return pixel ? [product(["x", pixel], ["dC", [f, i, j]])] : [];
    });
    return { formula: `${name("dF", index)} = sum over all positions of the pixel under it * dJ/dC there`, terms };
  });
  compute("dx", shapes.x, (index) => {
    const terms = [...indices(shapes.C)].flatMap((place) => patch(place).filter(([, pixel]) => pixel && same(pixel, index))
      .map(([tap]) => product(["F", [place[0], ...tap]], ["dC", place])));
    return { formula: `${name("dx", index)} = sum over all windows that see it of the weight on it * dJ/dC there`, terms,
      note: terms.length ? "" : "No window sees this pixel." };
  });
  return { cells, steps };
}

// The page after a message of the step-through: an edit, another label. Throws an Error with a sentence for the student.
export function pageAfter(page, message) {
  const pass = passOf(page);
  if (message.do === "label") pass.label = Number(message.label);
  else {
    const { name, value } = page.cells[message.cell], text = message.text.trim().replace("−", "-");
    if (!NUMBER.test(text) || /\/0+$/.test(text)) throw new Error(`${name}: “${text.slice(0, 20)}” is not a number I can use; ${IN_WORDS}. It stays ${value}.`);
    pass.values.set(message.cell, parsed(text));
  }
  return { ...page, ...computed(pass), label: pass.label, about: page.about.replace(/; .*$/, `; the label is class ${pass.label + 1} of ${page.classes}`) };
}
