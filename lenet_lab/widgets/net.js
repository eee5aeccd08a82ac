// Forward and backward of a network for one image, as `lenet_core` computes them: until Python's answer has come, and for pages without a kernel.
// Nothing here needs a browser.
// A layer is { name, kind, W, b, shape, stride, pad, k }; numbers are in flat arrays, in the order of NumPy's.

const size = (shape) => shape.reduce((product, length) => product * length, 1);

// sums[n] += the numbers of `rows`, rows of the length of `sums`, times their weights, `weights` from `first` on. Four rows at a time: `sums` is
// read and written less often.
function addRows(sums, weights, rows, first = 0, last = weights.length) {
  const length = sums.length, count = last - first;
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = weights[first + row], b = weights[first + row + 1], c = weights[first + row + 2], d = weights[first + row + 3];
    let from = row * length;
    for (let n = 0; n < length; n++, from++)
      sums[n] += a * rows[from] + b * rows[from + length] + c * rows[from + 2 * length] + d * rows[from + 3 * length];
  }
  for (; row < count; row++) for (let n = 0, from = row * length; n < length; n++, from++) sums[n] += weights[first + row] * rows[from];
}

// For what is needed only until the next call: a quarter of a megabyte for a LeNet, at every move of a pen.
let scratch = new Float64Array(0);
function zeros(length) {
  if (scratch.length < length) scratch = new Float64Array(length);
  return scratch.subarray(0, length).fill(0);
}

function conv({ W, b, shape: [F, C, k], stride = 1, pad = 0 }, x, [, H, width]) {
  const h = Math.floor((H + 2 * pad - k) / stride) + 1, w = Math.floor((width + 2 * pad - k) / stride) + 1, P = h * w, Q = C * k * k;
  // Every place of a window, 0 to Q - 1, with the windows of every row of the output. `act` hears, row by row, of those within the border: how
  // many there are, where they begin among all pairs, and where their inputs begin, which are `stride` apart.
  const each = (act) => {
    for (let q = 0; q < Q; q++) {
      const c = Math.floor(q / (k * k)), u = Math.floor(q / k) % k, v = q % k;
      const first = Math.max(0, Math.ceil((pad - v) / stride)), last = Math.min(w - 1, Math.floor((width - 1 + pad - v) / stride));
      for (let i = 0; i < h; i++) {
        const row = i * stride + u - pad;
        if (row >= 0 && row < H) act(last - first + 1, q * P + i * w + first, (c * H + row) * width + first * stride + v - pad);
      }
    }
  };
  const windowsIn = (windows) => {
    each((count, at, from) => { for (let n = 0; n < count; n++) windows[at + n] = x[from + n * stride]; });
    return windows;
  };
  const windows = windowsIn(zeros(Q * P)), out = new Float64Array(F * P);
  for (let f = 0; f < F; f++) addRows(out.subarray(f * P, (f + 1) * P).fill(b[f]), W, windows, f * Q, (f + 1) * Q);
  return { out, shape: [F, h, w], back(dout, ofWeights) {
    const dx = new Float64Array(x.length), dwindows = new Float64Array(Q * P), column = new Float64Array(F);
    for (let q = 0; q < Q; q++) {
      for (let f = 0; f < F; f++) column[f] = W[f * Q + q];
      addRows(dwindows.subarray(q * P, (q + 1) * P), column, dout);
    }
    each((count, at, to) => { for (let n = 0; n < count; n++) dx[to + n * stride] += dwindows[at + n]; });
    if (!ofWeights) return { dx };
    const windows = windowsIn(new Float64Array(Q * P));
    const dW = Float64Array.from({ length: F * Q }, (_, n) => {
      let sum = 0;
      for (let p = 0, f = Math.floor(n / Q), q = n % Q; p < P; p++) sum += windows[q * P + p] * dout[f * P + p];
      return sum;
    });
    return { dx, dW, db: Float64Array.from({ length: F }, (_, f) => dout.subarray(f * P, (f + 1) * P).reduce((sum, d) => sum + d, 0)) };
  } };
}

function maxPool({ k, stride = k }, x, [C, H, width]) {
  const h = Math.floor((H - k) / stride) + 1, w = Math.floor((width - k) / stride) + 1;
  const out = new Float64Array(C * h * w), winner = new Int32Array(C * h * w);
  for (let c = 0, to = 0; c < C; c++)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < w; j++, to++) {
        out[to] = -Infinity;
        for (let u = 0; u < k; u++)
          for (let v = 0; v < k; v++) {
            const from = (c * H + i * stride + u) * width + j * stride + v;
            if (x[from] > out[to]) { out[to] = x[from]; winner[to] = from; }       // a tie goes to the first in reading order
          }
      }
  return { out, shape: [C, h, w], back(dout) {
    const dx = new Float64Array(x.length);
    dout.forEach((d, to) => { dx[winner[to]] += d; });
    return { dx };
  } };
}

function relu(_, x, shape) {
  return { out: x.map((value) => Math.max(0, value)), shape, back: (dout) => ({ dx: dout.map((d, n) => (x[n] > 0 ? d : 0)) }) };
}

function innerProduct({ W, b, shape: [D, M] }, x) {
  const out = Float64Array.from(b);
  addRows(out, x, W);
  return { out, shape: [M], back(dout, ofWeights) {
    const dx = new Float64Array(D), dW = new Float64Array(W.length);
    for (let d = 0; d < D; d++) for (let m = 0; m < M; m++) dx[d] += W[d * M + m] * dout[m];
    if (!ofWeights) return { dx };
    for (let d = 0; d < D; d++) for (let m = 0; m < M; m++) dW[d * M + m] = x[d] * dout[m];
    return { dx, dW, db: Float64Array.from(dout) };
  } };
}

const KINDS = { conv, max_pool: maxPool, relu, inner_product: innerProduct };

export function softmax(scores) {
  const top = Math.max(...scores), powers = scores.map((score) => Math.exp(score - top)), sum = powers.reduce((all, one) => all + one, 0);
  return powers.map((power) => power / sum);
}

// { layers: [{ name, out, shape, back }], scores, p } of an image of the shape `input`.
export function forward({ input, layers }, image) {
  let x = Float64Array.from(image), shape = input;
  if (x.length !== size(input)) throw new Error(`The network takes ${size(input)} numbers; this image has ${x.length}.`);
  const seen = layers.map((layer) => {
    const made = KINDS[layer.kind](layer, x, shape);
    [x, shape] = [made.out, made.shape];
    return { name: layer.name, ...made };
  });
  return { layers: seen, scores: x, p: softmax(x) };
}

// The gradient of the loss, -log p of `label`: { dx: of the image, layers: [{ name, dout, dx, dW, db }] }; dW and db only `ofWeights`.
export function backward({ layers, p }, label, ofWeights = true) {
  let dout = p.map((share, k) => share - (k === label ? 1 : 0));
  const made = layers.toReversed().map((layer) => {
    const gradients = { name: layer.name, dout, ...layer.back(dout, ofWeights) };
    dout = gradients.dx;
    return gradients;
  });
  return { dx: dout, layers: made.reverse() };
}
