"""Why the result of each prediction is what it is: {notebook: {name of the prediction: one or two sentences}}, in the order of the notebooks.

The sentences stand here and not in the notebooks, since a reader sees a cell before it runs. Where only the size can be guessed, a
`Reason` says within which share of the result a guess is close.
"""

from typing import NamedTuple


class Reason(NamedTuple):
    """Why a result is what it is, and within which share of it a guess is close."""

    text: str
    within: float = 0.1


REASONS = {
    "00": {
        "digits of 100 that an untrained network reads":
            Reason("It has seen no digit and can only guess. One guess in ten is right by chance, more or less.", within=1.0),
    },
    "01": {
        "largest entry of the first map":
            "1·4 + 1·0 + 2·5 + 0·0: there the largest pixel lies under the largest weight.",
        "the row v":
            "The first map is written row by row, then the second. Neighbouring windows overlap, so one large number is the maximum of two of "
            "them.",
        "dJ/ds(1)":
            "dJ/ds(1) = y(1) - 0: the wrong digit got a little probability that it should not have, so a larger s(1) raises the loss.",
        "entries of the second map with a gradient":
            "Two entries win, the 14 and the 11, each in two windows. Both times the two gradients are equal with opposite signs, so they "
            "cancel: in W1 the weights for those two windows are 1 and -1, or -0.5 and 0.5.",
        "weights of filter 2 with a gradient":
            "Every dJ/dC of its map is 0, so every sum is 0. With these W1 this image cannot teach filter 2 anything.",
        "the three conventions agree about the sign":
            "The pixel under F1(1,1) is 2 at the first 7 and 5 at the second. Each convention weights these two differently, and the rest of "
            "the sum is negative.",
        "the slopes from below and from above":
            "There is a kink: below 1 the first 7 is the larger one, above 1 the second. 'First' gives the slope from below.",
        "pixels of 16 with a slope of 0":
            "Only two entries of the first map pass anything on. Their windows overlap in one pixel, where the two parts cancel, and one "
            "weight of the filter is 0.",
        "the loss after one step":
            Reason("No weight moved by more than 0.007, but sixteen weights of W1 act on inputs as large as 14, and their small changes add "
                   "up.", within=0.25),
    },
    "02": {
        "shape of the test images":
            "(N, C, H, W): 10,000 images of MNIST with one channel, 28 rows and 28 columns.",
        "shape of the maps in the figure":
            "One image, a map for each of the twenty filters, and 28 - 5 + 1 = 24 places for a window of 5.",
        "two outputs of the image (1, 2, 3)":
            "1·1 + 2·0 + 3·1 + 10 = 14, and 1·0 + 2·2 + 3·(-1) + 20 = 21: each output has its own column.",
        "maxima of the windows of 2":
            "Two windows fit in each direction, and the fifth row and column are dropped, 9s and all.",
        "maxima of the windows of 3":
            "Two windows fit again, and they overlap. All but the first reach the last row or column with its 9s.",
        "windows of 5 in 28 pixels, three times":
            "28 - 5 + 1 = 24; with two zeros at both ends 32 - 5 + 1 = 28; and 23/2, rounded down, plus 1 is 12.",
        "the function that gives the toy network's first map":
            "In this field nobody turns the filter. That is a cross-correlation, whatever it is called.",
        "the other one has the same numbers elsewhere":
            "The turned filter lays its weights on other pixels, so other sums come out: there is a 15, and no 14.",
        "one window of two channels":
            "5 from the first channel, 2 from the second, 10 from the bias: one number, in one map.",
        "hours of loops for 60,000 images":
            Reason("Python takes single numbers out of arrays, each as a new object. Little of the time is spent on multiplying.", within=0.5),
        "second row of the matrix":
            "It has the entry to the right of the first, for each of the four windows: 2, 3, 5 and 6.",
        "the row times the matrix":
            "Row times column is the sum over one window, so the four numbers are the map.",
        "the loops take this many times as long":
            "One product in compiled code does the same multiplications, several at a time.",
        "numbers in the columns per pixel":
            "A pixel in the middle stands in 25 windows, one near the border in fewer: 24·24·25 numbers for 28·28 pixels.",
        "softmax of 1,000 among 1,000, 999 and 0":
            "e to the 1,000 is too large for a float64, which ends at 1.8e308. It becomes infinite, and infinity divided by infinity is not a "
            "number.",
        "what stays the same for 10, 100 and 1,000 images":
            "A mean does not depend on how many there are; the sum grows with them.",
        "the loss that stays the same":
            "An untrained network gives every digit about 1/10, and -ln(1/10) = 2.303.",
        "loss of the scores 0 and 1,000, on paper":
            "-ln p = ln(1 + e^1000), which is 1,000. Softmax first makes p exactly 0, and its logarithm is infinite.",
        "the toy network's three scores":
            "The same functions on the same numbers: every layer takes its sizes from its arguments.",
        "the highest of LeNet's ten probabilities":
            Reason("The weights are random and small, so all ten scores are near 0 and all probabilities near 0.1.", within=0.5),
        "the layer with the most multiplications":
            "conv2 has a sixteenth of ip1's weights, but uses each of them at 8·8 = 64 places.",
    },
}
