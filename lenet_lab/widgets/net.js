// Forward and backward of a network for one image, as `lenet_core` computes them; for pages without a kernel. Nothing here needs a browser.
// A layer is { name, kind, W, b, shape, stride, pad, k }; numbers are in flat arrays, in the order of NumPy's.

const size = (shape) => shape.reduce((product, length) => product * length, 1);

function conv({ W, b, shape: [F, C, k], stride = 1, pad = 0 }, x, [, H, width]) {
  const h = Math.floor((H + 2 * pad - k) / stride) + 1, w = Math.floor((width + 2 * pad - k) / stride) + 1, out = new Float64Array(F * h * w);
  const [top, wide] = [H + pad, width + pad];
  // Calls back with every weight and the run of inputs and outputs that belong together in a row: their first places, and how many.
  const each = (act) => {
    for (let f = 0; f < F; f++)
      for (let c = 0; c < C; c++)
        for (let u = 0; u < k; u++)
          for (let v = 0; v < k; v++) {
            const weight = ((f * C + c) * k + u) * k + v, first = Math.max(0, Math.ceil((pad - v) / stride)), last = Math.min(w, Math.ceil((wide - v) / stride));
            for (let i = Math.max(0, Math.ceil((pad - u) / stride)); i < h && i * stride + u < top; i++)
              act(weight, (c * H + i * stride + u - pad) * width + first * stride + v - pad, (f * h + i) * w + first, last - first);
          }
  };
  for (let f = 0; f < F; f++) out.fill(b[f], f * h * w, (f + 1) * h * w);
  each((weight, from, to, count) => { for (let n = 0, one = W[weight]; n < count; n++) out[to + n] += one * x[from + n * stride]; });
  return { out, shape: [F, h, w], back(dout, ofWeights) {
    const dx = new Float64Array(x.length), dW = new Float64Array(W.length);
    each((weight, from, to, count) => { for (let n = 0, one = W[weight]; n < count; n++) dx[from + n * stride] += one * dout[to + n]; });
    if (!ofWeights) return { dx };
    each((weight, from, to, count) => { for (let n = 0; n < count; n++) dW[weight] += x[from + n * stride] * dout[to + n]; });
    return { dx, dW, db: Float64Array.from({ length: F }, (_, f) => dout.subarray(f * h * w, (f + 1) * h * w).reduce((sum, d) => sum + d, 0)) };
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
  for (let d = 0; d < D; d++) if (x[d] !== 0) for (let m = 0; m < M; m++) out[m] += x[d] * W[d * M + m];
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
