"""The formulas that notebooks 06 to 10 ask for, one line each; `step` makes an exercise of a formula."""

import numpy as np

from .engine import Case, Exercise, Misconception


def step(name, cases, arguments, right, *wrongs):
    """One exercise: formulas are functions of the arguments that return one array; `cases(rng)` are its cases."""
    def several(formula):
        return lambda *args: (formula(*args),)
    return Exercise(name, ("formula",), cases, several(right), arguments,
                    [Misconception(wrong, text, several(formula)) for wrong, text, formula in wrongs], views_matter=False)


def moved(image, down, right):
    """The image moved by up to one pixel; what comes in at the border is paper, 0."""
    height, width = image.shape
    return np.pad(image, 1)[1 - down:1 - down + height, 1 - right:1 - right + width]


def _moves(rng):
    return [Case("random", (rng.random((5, 4)), down, right)) for down, right in ((1, 0), (0, -1), (-1, 1), (1, 1), (0, 0))]


def _scores(rng):
    return [Case("random", (rng.standard_normal((many, classes)), rng.integers(0, classes, many))) for many, classes in ((5, 3), (7, 4), (9, 9))]


def _layers(rng):
    drawn = [Case("random", tuple(map(float, rng.integers(2, 9, 3)))) for _ in range(3)]
    return [Case("hand", (5.0, 2.0, 2.0)), *drawn, Case("edge", (1.0, 5.0, 1.0), {}, "one unit")]


def _counts(rng):
    return [Case("hand", (np.array([[8.0, 2], [4, 6]]),)), *(Case("random", (rng.integers(1, 20, (k, k)).astype(float),)) for k in (2, 3, 5))]


def _numbers(*ranges):
    """Four random cases with a number from each range: a whole one if both of its ends are whole."""
    def one(rng, low, high):
        return int(rng.integers(low, high)) if isinstance(low, int) and isinstance(high, int) else float(rng.uniform(low, high))
    return lambda rng: [Case("random", tuple(one(rng, *ends) for ends in ranges)) for _ in range(4)]


def _tiles(rng):
    return [Case("hand", (2.0, 3.0)), Case("random", (4.0, 5.0)), Case("random", (6.0, 3.0)), Case("edge", (1.0, 5.0), {}, "m is 1")]


def _photographs(rng):
    return [Case("random", (rng.random(shape),)) for shape in ((4, 3, 5, 5), (2, 2, 3, 4), (3, 1, 2, 2))]


FORMULAS = {one.name: one for one in (
    step("moved_image", _moves, ("image", "down", "right"), moved,
         ("wrap-around", "What leaves the image on one side comes in on the other. At the border there is paper: zeros.",
          lambda image, down, right: np.roll(image, (down, right), (0, 1))),
         ("sign", "It moves the opposite way. To move down by one, begin one row earlier in the padded image: at 1 - down.",
          lambda image, down, right: moved(image, -down, -right)),
         ("down and right exchanged", "Down and right are exchanged: the first index counts rows.",
          lambda image, down, right: moved(image, right, down)),
         ("size written out", "The image here is not 28 x 28, but 5 x 4: take the size from `image.shape`.",
          lambda image, down, right: np.pad(image, 1)[1 - down:29 - down, 1 - right:29 - right]),
         ("rows for columns", "The number of rows stands for the number of columns too. The image here is 5 x 4: the columns are `image.shape[1]`.",
          lambda image, down, right: np.pad(image, 1)[1 - down:1 - down + len(image), 1 - right:1 - right + len(image)]),
         ("border kept", "The border is still there: cut out as many rows and columns as the image has.",
          lambda image, down, right: np.roll(np.pad(image, 1), (down, right), (0, 1)))),
    step("error_rate", _scores, ("scores", "y"), lambda scores, y: (scores.argmax(axis=1) != y).mean(),
         ("right for wrong", "That is the share of right answers. The error rate is the share of wrong ones.",
          lambda scores, y: (scores.argmax(axis=1) == y).mean()),
         ("number for share", "That is the number of wrong answers. Divide by the number of images.",
          lambda scores, y: (scores.argmax(axis=1) != y).sum()),
         ("smallest score", "The answer is the class with the largest score.", lambda scores, y: (scores.argmin(axis=1) != y).mean())),
    step("span", _layers, ("n", "k", "stride"), lambda n, k, stride: (n - 1) * stride + k,
         ("one step too many", "Between n neighbours lie n - 1 steps.", lambda n, k, stride: n * stride + k),
         ("k and stride exchanged", "Each step is a stride long, and the last window adds k.", lambda n, k, stride: (n - 1) * k + stride),
         ("overlap of a stride", "Two neighbouring windows overlap by k - stride, not by stride.", lambda n, k, stride: n * k - (n - 1) * stride),
         ("stride forgotten", "That is right for the stride 1. Each step is `stride` pixels long.", lambda n, k, stride: n - 1 + k),
         ("upwards for downwards", "That counts windows, going up. Going down, a span becomes longer.",
          lambda n, k, stride: (n - k) // stride + 1)),
    step("precision", _counts, ("counts",), lambda counts: counts.diagonal() / counts.sum(axis=0),
         ("recall for precision", "That is the recall. All answers k are in column k.", lambda counts: counts.diagonal() / counts.sum(axis=1)),
         ("share of all", "That is a share of all images. Divide by the number of times that k was answered.",
          lambda counts: counts.diagonal() / counts.sum()),
         ("accuracy", "That is one number, the accuracy. Every class has a precision of its own.",
          lambda counts: counts.diagonal().sum() / counts.sum())),
    step("recall", _counts, ("counts",), lambda counts: counts.diagonal() / counts.sum(axis=1),
         ("precision for recall", "That is the precision. All images that are k are in row k.",
          lambda counts: counts.diagonal() / counts.sum(axis=0)),
         ("share of all", "That is a share of all images. Divide by the number of images that are k.",
          lambda counts: counts.diagonal() / counts.sum()),
         ("accuracy", "That is one number, the accuracy. Every class has a recall of its own.",
          lambda counts: counts.diagonal().sum() / counts.sum())),
    step("spread", _numbers((0.1, 2), (5, 500)), ("a", "n"), lambda a, n: a * np.sqrt(n / 3),
         ("evenly drawn", "A number drawn evenly between -a and a has the standard deviation a/√3, not a.", lambda a, n: a * np.sqrt(n)),
         ("spreads added", "Independent numbers partly cancel: n of them have √n times the spread, not n times.",
          lambda a, n: a * n / np.sqrt(3)),
         ("one weight", "That is the spread of one weight. There are n of them.", lambda a, n: a / np.sqrt(3)),
         ("mean for sum", "That is the spread of the mean. A unit takes the sum.", lambda a, n: a / np.sqrt(3 * n))),
    step("fan_in_bound", _numbers((5, 500)), ("n",), lambda n: np.sqrt(3 / n),
         ("root forgotten", "n a²/3 must be 1, so a is a square root.", lambda n: 3 / n),
         ("standard deviation for bound", "That is the standard deviation of a weight. The bound a is √3 times as large.", lambda n: np.sqrt(1 / n)),
         ("the rule for ReLU", "That is the rule for layers before a ReLU, which halves the variance. Here the spread itself must stay.",
          lambda n: np.sqrt(6 / n)),
         ("the rule of 1998", "That is the rule of 1998, with which values fade.", lambda n: 2.4 / n),
         ("upside down", "More inputs need smaller weights: n stands below.", lambda n: np.sqrt(n / 3))),
    step("centred", _photographs, ("x",), lambda x: x - x.mean(axis=(0, 2, 3), keepdims=True),
         ("one mean for all channels", "One mean is subtracted from all channels. Each channel has its own.", lambda x: x - x.mean()),
         ("a mean for each image", "Each image loses a mean of its own. The mean of a channel is over all images.",
          lambda x: x - x.mean(axis=(2, 3), keepdims=True)),
         ("a mean for each place", "Each place loses a mean of its own. The mean of a channel is over all its places, too.",
          lambda x: x - x.mean(axis=0, keepdims=True)),
         ("divided by the spread", "It is divided by the standard deviation, too. Only the mean is to be subtracted.",
          lambda x: (x - x.mean(axis=(0, 2, 3), keepdims=True)) / x.std(axis=(0, 2, 3), keepdims=True)),
         ("sign", "The sign is turned round: subtract the mean from the pixels.", lambda x: x.mean(axis=(0, 2, 3), keepdims=True) - x)),
    step("saving", _tiles, ("m", "r"), lambda m, r: (m * r / (m + r - 1)) ** 2,
         ("one dimension", "That is the saving along one axis. A tile has rows and columns.", lambda m, r: m * r / (m + r - 1)),
         ("upside down", "That is the share that is left. The saving is its inverse.", lambda m, r: ((m + r - 1) / (m * r)) ** 2),
         ("m + r points", "F(m, r) needs m + r - 1 multiplications, one fewer.", lambda m, r: (m * r / (m + r)) ** 2),
         ("points forgotten", "That is the number of multiplications by the definition. Divide by (m + r - 1)².", lambda m, r: (m * r) ** 2),
         ("products by Winograd", "That is the number of products that are left. Divide (m r)² by it.", lambda m, r: (m + r - 1) ** 2)),
    step("answers", _numbers((50, 2000), (0.2, 0.9), (0.2, 0.9)), ("n", "recall", "precision"),
         lambda n, recall, precision: n * recall / precision,
         ("recall and precision exchanged", "They are exchanged: the right answers are n · recall.",
          lambda n, recall, precision: n * precision / recall),
         ("right answers", "Those are the right answers only. All answers are more, by the precision.", lambda n, recall, precision: n * recall),
         ("multiplied by the precision", "Of all answers the share `precision` is right: divide by it.",
          lambda n, recall, precision: n * recall * precision)),
)}
HINTS = {
    "derive_moved_image": (
        "Put a border of zeros around the image, and cut out a window of the image's size.",
        "np.pad(image, 1) has the image at rows and columns 1. The window that moves it down begins one row earlier.",
        "np.pad(image, 1)[1 - down:1 - down + len(image), 1 - right:1 - right + ...]"),
    "derive_error_rate": (
        "The answer is the class with the largest score. Compare the answers with the labels, and take the share that differs.",
        "answers = argmax of each row; error rate = mean of (answer ≠ label).",
        "(scores.argmax(axis=...) != y).mean()"),
    "derive_span": (
        "n neighbours begin one stride after the other, and the last of them is k long.",
        "n - 1 steps of a stride each, and k for the last window.",
        "(n - 1) * ... + k"),
    "derive_precision": (
        "Of all images that were called k, how many are k? The right ones are on the diagonal.",
        "precision[k] = counts[k, k] / sum of column k.",
        "counts.diagonal() / counts.sum(axis=...)"),
    "derive_recall": (
        "Of all images that are k, how many were called k?",
        "recall[k] = counts[k, k] / sum of row k.",
        "counts.diagonal() / counts.sum(axis=...)"),
    "derive_spread": (
        "One weight has the spread a/√3. Sums of independent numbers grow with the root of their number.",
        "√n · a/√3.",
        "a * np.sqrt(n / ...)"),
    "derive_fan_in_bound": (
        "The spread of the sum must be 1, the spread of an input.",
        "a √(n/3) = 1; solve for a.",
        "np.sqrt(3 / ...)"),
    "derive_centred": (
        "Subtract from every pixel the mean of its channel, over all images and all places.",
        "x - mean of x over the axes of images, rows and columns.",
        "x - x.mean(axis=(0, ..., ...), keepdims=True)"),
    "derive_saving": (
        "Count both for one tile of m x m outputs and a filter of r x r weights, and divide.",
        "m² r² products by the definition; (m + r - 1)² between the transforms.",
        "(m * r / (m + ...)) ** 2"),
    "derive_answers": (
        "First count the right answers, then all answers of which they are a share.",
        "right = n · recall; all answers = right / precision.",
        "n * recall / ..."),
}
