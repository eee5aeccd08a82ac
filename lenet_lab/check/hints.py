"""Three hints for every exercise: in words, as a formula, almost as code. The worked solutions are in `solutions/exercises.py`."""

HINTS = {
    "relu_forward": (
        "Treat every number by itself: negative ones become 0, the others stay.",
        "out = max(0, x), entry by entry.",
        "out = np.maximum(x, ...), and as cache the x, which the backward pass needs."),
    "relu_backward": (
        "Where the input was positive, the output changes as much as the input; elsewhere it does not change at all.",
        "dx = dout where x > 0, else 0. The cache is x.",
        "return dout * (cache > ...)"),
    "inner_product_forward": (
        "One image is one row. Every output is a weighted sum of the whole row, plus its bias.",
        "out = x W + b, with maps (N, C, H, W) first made into rows (N, C*H*W).",
        "rows = x.reshape(len(x), ...); out = rows @ ... + b; the cache is (x, W)."),
    "inner_product_backward": (
        "A weight connects one input with one output, in every image of the batch: its gradient is a sum over the batch. An input acts on all "
        "outputs.",
        "dx = dout W', dW = x' dout, db = the sum of dout over the batch; x as rows here, and dx reshaped to what x was.",
        "rows = x.reshape(len(x), -1); dW = rows.T @ ...; db = dout.sum(axis=...); dx = (dout @ W.T).reshape(...)"),
    "max_pool_forward": (
        "Move a k x k window over every map, and keep the largest number in it at each position.",
        "out[n, c, oh, ow] = max of x[n, c, oh*s : oh*s + k, ow*s : ow*s + k], with s = stride, or k if none is given; (H - k)//s + 1 windows fit.",
        "for oh in range(OH): for ow in range(OW): out[:, :, oh, ow] = x[:, :, oh*s:oh*s+k, ow*s:ow*s+k].max(axis=(...)). Or for i, j in the "
        "window: out = np.maximum(out, x[:, :, i:i + s*OH:s, j:j + s*OW:s]), from place (0, 0) on. The cache is (x, out, k, s)."),
    "max_pool_backward": (
        "The whole gradient of a window goes to its largest entry, the first one if several are equal. If an entry is the largest of several "
        "windows, add their gradients.",
        "dx = 0; for every window: dx[winner] += dout[window]. The winner is the first maximum in reading order.",
        "window = x[n, c, oh*s:oh*s+k, ow*s:ow*s+k]; i, j = np.unravel_index(window.argmax(), (k, k)); dx[n, c, oh*s + i, ow*s + j] += ..."),
    "im2col": (
        "Write every window as one column: its channels one after the other, each row by row.",
        "cols[c*k*k + i*k + j, (oh*OW + ow)*N + n] = x[n, c, oh*stride + i, ow*stride + j], x padded with zeros before.",
        "for oh, ow: the slice x[:, :, oh*stride:oh*stride + k, ow*stride:ow*stride + k] has N rows after .reshape(N, -1). Its .T is N columns, "
        "and they belong into cols[:, (oh*OW + ow)*N : (oh*OW + ow + 1)*N]."),
    "col2im": (
        "The backward pass of im2col: every number of a column is added to the pixel that it came from.",
        "x[n, c, oh*stride + i, ow*stride + j] += cols[c*k*k + i*k + j, (oh*OW + ow)*N + n], on a padded image; then the border is cut off.",
        "for c, i, j: x[:, c, i:i + stride*OH:stride, j:j + stride*OW:stride] += cols[c*k*k + i*k + j].reshape(OH, OW, N).transpose(...)"),
    "conv_forward": (
        "Every output is the sum over a window and all channels of pixel times weight, plus the filter's bias.",
        "With the windows as columns: out = W (as F rows of C*k*k numbers) times im2col(x), plus b; then (F, OH, OW, N) is brought to (N, F, OH, "
        "OW).",
        "out = (W.reshape(F, -1) @ im2col(x, k, stride, pad) + b[:, None]).reshape(F, OH, OW, N).transpose(...)"),
    "conv_backward": (
        "With the windows as columns the convolution is a product, and you know the gradients of a product; col2im adds the gradients of each pixel.",
        "d as F rows: dW = d cols', db = the sum of each row of d, dx = col2im(W' d).",
        "d = dout.transpose(1, 2, 3, 0).reshape(F, -1); dW = (d @ cols.T).reshape(W.shape); dx = col2im(W.reshape(F, -1).T @ d, ...)"),
    "softmax": (
        "Make all scores positive with the exponential function, then divide by their sum, each image by itself. Large scores need care.",
        "p = e^(s - m) / sum of e^(s - m), with m the largest score of the row.",
        "e = np.exp(scores - scores.max(axis=..., keepdims=True)); return e / e.sum(axis=..., keepdims=True)"),
    "softmax_loss": (
        "The loss of an image is minus the logarithm of the probability of its label; take the mean over the batch. The gradient of the scores is "
        "the probabilities minus the target.",
        "loss = mean of log(sum of e^(s - m)) - (s[label] - m); dscores = (p - t) / N, with t = 1 at the label.",
        "shifted = scores - scores.max(axis=1, keepdims=True); rows = np.arange(N); loss = (np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, "
        "y]).mean()"),
    "numeric_gradient": (
        "Change one entry of x a little up and a little down, take the difference of f, and divide; then the next entry.",
        "gradient[i] = (f(x with x[i] + h) - f(x with x[i] - h)) / 2h.",
        "for index in np.ndindex(x.shape): up, down = x.copy(), x.copy(); up[index] += h; ...; gradient[index] = (f(up) - f(down)) / ..."),
    "sgd_momentum": (
        "The velocity is most of the last step, plus the learning rate times the gradient. Subtract it from the parameters.",
        "v = mu v + lr (dp + decay p); p = p - v. (Homework, equations 9, 10 and 13.)",
        "v = mu * v + lr * (dp + ...); return p - v, v"),
    "momentum_average": (
        "m is a running average of the gradients: mostly the old one, a little of the new.",
        "m = mu m + (1 - mu) dp; p = p - lr m.",
        "m = mu * m + (...) * dp; return p - lr * m, m"),
    "clip_gradients": (
        "Treat all the gradients as one long vector. If it is too long, shorten it without changing its direction.",
        "norm = the root of the sum of all squares; factor = largest / norm if norm > largest, else 1.",
        "norm = np.sqrt(sum((g ** 2).sum() for g in grads)); factor = min(1.0, largest / norm) if norm else 1.0; return [...]"),
}
