"""The solved exercises, in the order of the notebooks: the one place where they are kept.

A cell of a notebook that carries the name of a block in its metadata (`lenet.exercise`) is replaced by that block when a
solved notebook is made (`lenet_lab.solutions`); the tests run every notebook both ways.
"""

# %% toy_01
check.toy(1, (3, 3))

# %% toy_02
check.toy(2, (2, 2))

# %% toy_03
check.toy(3, 3)

# %% toy_04
check.toy(4, 3)

# %% toy_05
check.toy(5, 4)

# %% toy_06
check.toy(6, 7)

# %% toy_07
check.toy(7, 39)

# %% toy_08
check.toy(8, 0.9526)

# %% toy_09
check.toy(9, 0.0486)

# %% toy_10
check.toy(10, -1.0498)

# %% toy_11
check.toy(11, 0.3794)

# %% toy_12
check.toy(12, -0.0949)

# %% relu_forward
def relu_forward(x):
    out = np.maximum(x, 0)
    return out, x

# %% inner_product_forward
def inner_product_forward(x, W, b):
    out = x.reshape(len(x), -1) @ W + b
    return out, (x, W)

# %% max_pool_forward
def max_pool_forward(x, k, stride=None):
    stride = k if stride is None else stride
    OH, OW = ops.output_size(x.shape[2], k, stride), ops.output_size(x.shape[3], k, stride)
    entries = [x[:, :, i:i + stride * OH:stride, j:j + stride * OW:stride] for i in range(k) for j in range(k)]
    out = np.max(entries, axis=0)
    return out, (x, out, k, stride)

# %% im2col
def im2col(x, k, stride=1, pad=0):
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    N, C, H, W = x.shape
    places = [(i, j) for i in range(0, H - k + 1, stride) for j in range(0, W - k + 1, stride)]
    cols = np.hstack([x[:, :, i:i + k, j:j + k].reshape(N, -1).T for i, j in places])
    return cols

# %% conv_forward
def conv_forward(x, W, b, stride=1, pad=0):
    N, _, height, width = x.shape
    F, _, k, _ = W.shape
    OH, OW = ops.output_size(height, k, stride, pad), ops.output_size(width, k, stride, pad)
    cols = im2col(x, k, stride, pad)
    cols = np.vstack([cols, np.ones((1, cols.shape[1]), cols.dtype)])
    out = np.column_stack([W.reshape(F, -1), b]) @ cols
    return out.reshape(F, OH, OW, N).transpose(3, 0, 1, 2), (cols, x.shape, W, stride, pad)

# %% softmax
def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p
