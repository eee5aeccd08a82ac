"""The solutions of the exercises, in the order of the notebooks. No other file has a copy of them.

A line `# %% NAME` begins the block of an exercise. When a solved notebook is made (`lenet_lab.check.solutions`), the block replaces
the cell that has this name in its metadata (`lenet.exercise`). The tests run every notebook solved and unsolved.
"""

# %% toy_01
check.toy(1, (3, 3))


# %% toy_02
check.toy(2, (2, 2))


# %% toy_05
check.toy(5, 4)


# %% toy_06
check.toy(6, 7)


# %% toy_03
check.toy(3, 3)


# %% toy_07
check.toy(7, 39)


# %% toy_04
check.toy(4, 3)


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


# %% derive_dense_dx
check.derivation("dense_dx", lambda W, x, g: W.T @ g)


# %% derive_dense_dW
check.derivation("dense_dW", lambda W, x, g: np.outer(g, x))


# %% derive_dense_db
check.derivation("dense_db", lambda W, x, g: g)


# %% derive_columns_dX
check.derivation("columns_dX", lambda W, X, G: W.T @ G)


# %% derive_columns_dW
check.derivation("columns_dW", lambda W, X, G: G @ X.T)


# %% derive_columns_db
check.derivation("columns_db", lambda W, X, G: G.sum(axis=1))


# %% derive_rows_dX
check.derivation("rows_dX", lambda W, X, G: G @ W.T)


# %% derive_rows_dW
check.derivation("rows_dW", lambda W, X, G: X.T @ G)


# %% derive_rows_db
check.derivation("rows_db", lambda W, X, G: G.sum(axis=0))


# %% inner_product_backward
def inner_product_backward(dout, cache):
    x, W = cache
    dx = (dout @ W.T).reshape(x.shape)
    dW = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dW, db


# %% derive_relu_dx
check.derivation("relu_dx", lambda x, g: g * (x > 0))


# %% relu_backward
def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx


# %% derive_softmax_jacobian
check.derivation("softmax_jacobian", lambda p: np.diag(p) - np.outer(p, p))


# %% derive_softmax_ds
check.derivation("softmax_ds", lambda p, t: p - t)


# %% derive_softmax_rows
check.derivation("softmax_rows", lambda P, T: (P - T) / len(P))


# %% softmax_loss
def softmax_loss(scores, y):
    N, rows = len(y), np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(total[:, 0]) - shifted[rows, y]))
    dscores = np.exp(shifted) / total
    dscores[rows, y] -= 1
    return loss, dscores / N


# %% max_pool_backward
def max_pool_backward(dout, cache):
    x, out, k, stride = cache
    OH, OW = out.shape[2:]
    dx, unpaid = np.zeros(x.shape, dout.dtype), np.ones(out.shape, bool)
    for i in range(k):
        for j in range(k):
            place = (slice(None), slice(None), slice(i, i + stride * OH, stride), slice(j, j + stride * OW, stride))
            wins = unpaid & (x[place] == out)
            dx[place] += wins * dout
            unpaid &= ~wins
    return dx


# %% col2im
def col2im(cols, x_shape, k, stride=1, pad=0):
    N, C, H, W = x_shape
    OH, OW = ops.output_size(H, k, stride, pad), ops.output_size(W, k, stride, pad)
    places = cols.reshape(C, k, k, OH, OW, N).transpose(1, 2, 5, 0, 3, 4)
    x = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
    for i in range(k):
        for j in range(k):
            x[:, :, i:i + stride * OH:stride, j:j + stride * OW:stride] += places[i, j]
    return x[:, :, pad:pad + H, pad:pad + W]


# %% conv_backward
def conv_backward(dout, cache):
    cols, x_shape, W, stride, pad = cache
    F, C, k, _ = W.shape
    d, rows = dout.transpose(1, 2, 3, 0).reshape(F, -1), W.reshape(F, -1)
    dx = col2im(rows.T @ d, x_shape, k, stride, pad)
    dW = (d @ cols[:C * k * k].T).reshape(W.shape)
    db = d.sum(axis=1)
    return dx, dW, db


# %% numeric_gradient
def numeric_gradient(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (2 * h)
    return gradient


# %% bug_02
print(gradcheck.table(bugs.case(2).check(*bugs.naive())))
bugs.accuse(2, layer="relu1", what="gate on the output")


# %% bug_03
print(gradcheck.table(bugs.case(3).check(*bugs.odd())))
bugs.accuse(3, layer="loss", what="1/N missing")


# %% bug_06
print(gradcheck.table(bugs.case(6).check(*bugs.odd())))
bugs.accuse(6, layer="conv2", what="rows and columns exchanged")


# %% bug_14
net, x, y = bugs.naive()
print("fails:", sum(e.verdict == "fail" for e in bugs.case(14).check(net, x, y)))
for layer, difference in bugs.case(14).compare(net, x).items():
    print(f"{layer:6} differs from the loops by {difference:.1e}")
bugs.accuse(14, layer="conv1", what="windows read by columns")


# %% sgd_momentum
def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
    v = mu * v + lr * (dp + decay * p)
    p = p - v
    return p, v


# %% momentum_average
def momentum_average(p, m, dp, lr, mu=0.9):
    m = mu * m + (1 - mu) * dp
    p = p - lr * m
    return p, m


# %% clip_gradients
def clip_gradients(grads, largest):
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    factor = largest / max(norm, largest)
    clipped = [g * factor for g in grads]
    return clipped


# %% hinges_target
b = 2
kinks = [(1, 2), (3, -3), (6, 1.5)]


# %% hinges_tent
tent_b = 0
tent_kinks = [(0, 2), (0.5, -4)]


# %% derive_moved_image
check.derivation("moved_image", lambda image, down, right: np.pad(image, 1)[1 - down:1 - down + len(image), 1 - right:1 - right + image.shape[1]])


# %% derive_error_rate
check.derivation("error_rate", lambda scores, y: (scores.argmax(axis=1) != y).mean())


# %% derive_span
check.derivation("span", lambda n, k, stride: (n - 1) * stride + k)


# %% derive_precision
check.derivation("precision", lambda counts: counts.diagonal() / counts.sum(axis=0))


# %% derive_recall
check.derivation("recall", lambda counts: counts.diagonal() / counts.sum(axis=1))


# %% derive_spread
check.derivation("spread", lambda a, n: a * np.sqrt(n / 3))


# %% derive_fan_in_bound
check.derivation("fan_in_bound", lambda n: np.sqrt(3 / n))


# %% derive_centred
check.derivation("centred", lambda x: x - x.mean(axis=(0, 2, 3), keepdims=True))


# %% derive_answers
check.derivation("answers", lambda n, recall, precision: n * recall / precision)


# %% f23
def f23(d, g):
    m1 = (d[0] - d[2]) * g[0]
    m2 = (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2
    m3 = (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2
    m4 = (d[1] - d[3]) * g[2]
    return m1 + m2 + m3, m2 - m3 - m4

check.f23(f23)

# %% derive_saving
def saving(m, r):
    return (m * r / (m + r - 1)) ** 2

check.derivation("saving", saving)


# %% torch_forward
def torch_forward(x, params):
    for layer in ("conv1", "conv2"):
        x = F.max_pool2d(F.conv2d(x, params[f"{layer}.W"], params[f"{layer}.b"]), 2)
    x = x.flatten(1)
    x = F.relu(F.linear(x, params["ip1.W"].T, params["ip1.b"]))
    scores = F.linear(x, params["ip2.W"].T, params["ip2.b"])
    return scores


# %% torch_relu
class MyReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        out = x.clamp(min=0)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, = ctx.saved_tensors
        dx = dout * (x > 0)
        return dx


# %% torch_train
def torch_train(model, batches, lr):
    losses = []
    optimiser = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for images, labels in batches:
        x, y = torch.tensor(images).float() / 255, torch.tensor(labels).long() - 1
        loss = F.cross_entropy(model(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses
