"""Why the result of each prediction is what it is: {notebook: {name of the prediction: one or two sentences}}, in the order of the notebooks.

The sentences stand here and not in the notebooks, since a reader sees a cell before it runs. Where only the size can be guessed, a
`Reason` says within which share of the result a guess is close, between which numbers, or by which factor. What can be computed exactly by
hand has the share 0. `units` (one, several) are for a result whose distance is counted and is no share of it. `numbers` is how many numbers
the question asks for, where it says so. `section` is the section of the notebook that has the result, where that is not one of the next
cells.
"""

from typing import NamedTuple

ONE, EACH = 0.1, 0.01                    # of one number; of each of several, which can be worked out and may be rounded


class Reason(NamedTuple):
    """Why a result is what it is, and which guesses are close: within a share of it, or from a number to a number; what a distance is counted in.

    With a `factor` of 2, from half the result to its double: where only the size can be guessed, twice as large is as far off as half.
    """

    text: str
    within: float | tuple | None = None
    units: tuple = ()
    factor: float | None = None
    numbers: int | None = None
    section: str = ""

    def limit(self, result):
        """Which guesses are close, if nothing else is said: within 10 % of a number, 1 % of each of several; several whole numbers exactly."""
        if self.factor is not None:
            return result / self.factor, result * self.factor
        if self.within is not None:
            return self.within
        if isinstance(result, list):
            return 0.0 if all(float(one).is_integer() for one in result) else EACH
        return ONE


REASONS = {
    "00": {
        "digits of 100 that an untrained network reads":
            Reason("It has seen no digit and can only guess. 10 of 100 is what chance gives, a few more or fewer each time.", within=(3, 20)),
    },
    "01": {
        "largest entry of the first map":
            Reason("1·4 + 1·0 + 2·5 + 0·0: there the largest pixel lies under the largest weight.", within=0.0),
        "the row v":
            Reason("The first map is written row by row, then the second. Neighbouring windows overlap, so one large number is the maximum of "
                   "two of them.", numbers=8),
        "dJ/ds(1)":
            Reason("y(2) has e^s(1) in its denominator, so a larger s(1) lowers y(2) and raises the loss. The size is y(1): the probability that "
                   "the wrong digit got and should not have.", factor=2),
        "entries of the second map with a gradient":
            "Two entries win, the 14 and the 11, each in two windows. Both times the two gradients are equal with opposite signs: "
            "in W1 the weights for those two windows are 1 and -1, or -0.5 and 0.5.",
        "weights of filter 2 with a gradient":
            "Every dJ/dC of its map is 0, so every sum is 0. With these W1 this image cannot teach filter 2 anything.",
        "the three conventions agree about the sign":
            "In units of dJ/dz(1) = 0.0474 the other windows add 4·(-1/2) + 2·(-1) = -4. The tied one adds the pixel under F1(1,1): 2 (first), "
            "2 + 5 (each) or 3.5 (share).",
        "the slopes from below and from above":
            "There is a kink: below 1 the first 7 is the larger one, above 1 the second. 'First' gives the slope from below.",
        "pixels of 16 with a slope of 0":
            Reason("Only C(1,2,1) and C(1,3,1) pass anything on, and their windows cover six pixels. At x(1,3) the two parts cancel, and x(2,4) "
                   "lies only under the weight 0. Four slopes remain.", within=0.0),
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
            Reason("1·1 + 2·0 + 3·1 + 10 = 14, and 1·0 + 2·2 + 3·(-1) + 20 = 21: each output has its own column.", numbers=2),
        "maxima of the windows of 2":
            "Two windows fit in each direction, and the fifth row and column are dropped, 9s and all.",
        "maxima of the windows of 3":
            "Two windows fit again, and they overlap. All but the first reach the last row or column with its 9s.",
        "windows of 5 in 28 pixels, three times":
            Reason("28 - 5 + 1 = 24; with two zeros at both ends 32 - 5 + 1 = 28; and 23/2, rounded down, plus 1 is 12.", numbers=3),
        "the function that gives the toy network's first map":
            "In this field nobody turns the filter. That is a cross-correlation, whatever it is called.",
        "the other one has the same numbers elsewhere":
            "The turned filter lays its weights on other pixels, so other sums come out: there is a 15, and no 14.",
        "one window of two channels":
            Reason("7 from the first channel, 3 from the second, 10 from the bias: one number, in one map.", within=0.0),
        "hours of loops for 60,000 images":
            Reason("The hours are the time of one image, above, times 60,000. Most of it goes into taking single numbers out of arrays, each as a "
                   "new object.", factor=3),
        "second row of the matrix":
            "It has the entry to the right of the first, for each of the six windows. With a window in each row it would be 2, 3, 6, 7.",
        "the row times the matrix":
            Reason("Row times column is the sum over one window, so the six numbers are the map, 2x3.", numbers=6),
        "the loops take this many times as long":
            "One product in compiled code does the same multiplications, several at a time.",
        "numbers in the columns per pixel":
            Reason("A pixel in the middle stands in 25 windows, one near the border in fewer: 24·24·25 numbers for 28·28 pixels.", within=0.05),
        "softmax of 1,000 among 1,000, 999 and 0":
            "e to the 1,000 is too large for a float64, which ends at 1.8e308. It becomes infinite, and infinity divided by infinity is not a "
            "number.",
        "what stays the same for 10, 100 and 1,000 images":
            "A mean does not depend on how many there are; the sum grows with them.",
        "the loss that stays the same":
            "An untrained network gives every digit about 1/10, and -ln(1/10) = 2.303.",
        "loss of the scores 0 and 1,000, on paper":
            Reason("-ln p = ln(1 + e^1000), which is 1,000. Softmax first makes p exactly 0, and its logarithm is infinite.", within=0.0),
        "the toy network's three scores":
            Reason("The same functions on the same numbers: every layer takes its sizes from its arguments.", numbers=3),
        "the highest of LeNet's ten probabilities":
            Reason("The weights are random and small, so all ten scores are near 0 and all probabilities near 0.1.", factor=2),
        "the layer with the most multiplications":
            "conv2 has a sixteenth of ip1's weights, but uses each of them at 8·8 = 64 places.",
    },
    "03": {
        "dx of the inner product":
            "Each input gets g = (1, 10) times its column of W: 1·1 + 10·0, 1·2 + 10·(-1), 1·0 + 10·3.",
        "dW of the inner product":
            "Every entry of g times every entry of x: the slope is steepest where a large input meets a large gradient.",
        "dx of ReLU":
            "Only the 3 is positive. At 0 there is a kink, and by convention nothing passes there.",
        "second row of the Jacobian, in 64ths":
            "p₂(1 - p₂) = 12/64 on the diagonal, -p₂p₁ and -p₂p₃ beside it. The row adds up to 0: raising all scores alike changes nothing.",
        "class at which -sum p ln p ends":
            "There is no label in it: it measures how undecided the network is. So the network becomes certain of the class that it preferred "
            "at the start.",
        "class at which +sum t ln p ends":
            "Without the minus it falls as the probability of the right class goes to 0, and of the other two the larger "
            "one takes all: its score grows by p per step, so it grows faster.",
        "the three claims, divided by the slope":
            "The mean of four has a quarter of the sum's gradient, so the sum's is 4 times too long; T - P points uphill.",
        "dx of max pooling":
            "Each window pays its winner. The middle 7 wins two windows, one of them by coming first: 100 + 1000.",
        "per cent of windows with a tie, twenty digits":
            Reason("Every third window sees only blank paper, where all four entries are equal; most of the other ties have two or three "
                   "blank ones.", factor=2),
        "columns in which each of nine pixels stands":
            "A pixel stands in one column for each window that contains it: four in the middle, two at an edge, one in a corner.",
        "first row of dx, stride 1":
            "The corner pixel met one weight, 1·1. The next met two: 1·2 from the first window and 10·1 from the second.",
        "first row of dx, stride 2":
            "With stride 2, windows of 2x2 do not overlap: dx is four copies of the filter, times 1, 10, 100 and 1000.",
        "the first loss of twenty":
            "An untrained network gives every digit about 1/10: the loss is near ln 10 = 2.303.",
        "per cent wrong after 4,800 images":
            Reason("Every step uses the slopes of all 431,080 parameters, so few images teach much. Where the time ran out earlier, the "
                   "error is larger.", factor=2),
    },
    "04": {
        "network B, beside A, reads":
            "A wrong gradient often still points roughly downhill, and a network learns with that. Neither the loss nor the results show the "
            "mistake.",
        "one-sided slope at h = 0.1":
            Reason("(0.1051 - 0.0486) / 0.1: the loss curves upward, so a step up meets more slope than there is at w = 1.", within=0.02),
        "central slope at h = 0.1":
            Reason("(0.1051 - 0.0221) / 0.2: the curvature acts up on one side and down on the other, and cancels.", within=0.02),
        "one-sided error, divided by":
            "Its error is h/2 times the second derivative: ten times smaller with h.",
        "central error, divided by":
            "Its error goes with the square of h, since the terms with even powers cancel.",
        "best step of the central difference, float64":
            "There the two errors are equal: the best step is near the cube root of eps = 2e-16.",
        "error of the complex step at h = 1e-15":
            "Nothing is subtracted, so no digits are lost in a subtraction: it has no arm of rounding errors.",
        "weights of ip1 that agree":
            Reason("Between the inner product and the loss nothing switches within so small a step: every slope is a true one.", within=0.0),
        "weights of conv1 that agree":
            Reason("Filter 2 agrees. All four weights of the first filter act on the window that holds two 7s.", within=0.0),
        "of the two held losses, the loss is":
            "The network switches at the kink, and on either side the loss follows the piece that lies higher.",
        "weights of F1 whose held slope is the one from above":
            Reason("F1(1,2) and F1(2,2) lie on larger pixels in the window of the first 7. So the first 7 is the larger one when they grow, and "
                   "the slope that holds it is the one from above.", within=0.0),
        "the backward pass lies between the two slopes":
            "The function is t, with slope 1 on both sides, but both ReLUs are exactly at 0 and count as shut: 0 is not between 1 and 1.",
        "kinks among 60 pixels":
            Reason("Most pixels of a digit are blank, and a small change of one of them breaks ties in all twenty maps.", within=0.3),
        "per cent of corner windows that tie":
            "There is hardly ever ink in a corner, and on blank paper all four entries of a window are the filter's bias.",
        "entries of B that fail on a random image":
            "Random numbers never tie, so the broken line never acts. Choose data on which a mistake can show.",
        "on digits, more of this fails":
            "A weight lies on pixels of 0 on blank paper, so it does not matter which entry is paid. A bias is in all four entries.",
    },
    "05": {
        "w after four steps at the rate 0.75":
            Reason("The distance 4 is multiplied by 1 - 1.5 = -0.5 four times: 0.25 remains, on the side where it began.", within=0.01),
        "w after four steps at the rate 1.25":
            Reason(
                "The distance 4 is multiplied by 1 - 2.5 = -1.5 four times, which makes it 20.25: above the limit every jump is longer.",
                within=0.01),
        "steps to a millionth at the rate 0.05":
            Reason("Along the valley each step leaves 0.95 of the distance, and the loss goes with the square: 0.95 to the power 2n.", within=0.3),
        "steps to a millionth at the rate 0.2":
            Reason("Along the valley each step leaves 0.8 of the distance, and across it -0.8: a zigzag, but a fast one.", within=0.3),
        "w after three steps, in three ways":
            "The mean has the curvature 2, so the rate 0.5 arrives at once. The sum has 6, and 0.5 is above its limit 1/3; divided by 3 it "
            "makes the same steps as the mean.",
        "batch gradient minus mean of 64 gradients":
            "The derivative of a mean is the mean of the derivatives, so only rounding is left, and float64 has sixteen digits.",
        "steps at the rate 0.64 until the loss is no number":
            Reason("At first the loss even falls. Where it becomes more curved, 0.64 is above the limit, and a few steps make the "
                   "numbers too large for a float.", factor=2),
        "cosine of the gradient of one image with that of 1,000":
            Reason("A single image says little about all of them: its gradient is almost at a right angle to theirs.", factor=2),
        "steps to a millionth, rate and momentum 0.25":
            "Momentum makes the limit larger, 0.278 here, and reduces the zigzag of a rate: with 0.25 alone it would grow. Along the valley the "
            "rate even counts for 0.25/(1 - 0.25) = 0.33.",
        "the case that is exactly 0":
            "There α, β and μ are powers of two, and to multiply by those is exact in binary. The other cases agree but for rounding, or "
            "begin wrong.",
        "the four moves of theta":
            "θ has the old rates in its memory: it keeps moving, half as far each time, after the rate is 0.",
        "the four moves of the average":
            "The rate stands outside the memory, so the average stops at once when the rate is 0.",
        "per cent left of a weight after 10,000 steps":
            "Each step takes little, 1 - αλ/(1 - μ), so weights that no image needs shrink by nearly a third.",
        "three places with a rate of 0.5/t":
            "1, (1 + 3)/2, (1 + 3 + 8)/3: the mean of all images seen so far. The falling rate turns jumping into averaging.",
        "what is left of the slow rate":
            "γt is only 1 at the end, and 1/2 to the power 0.75 is 0.59: this schedule hardly falls at all.",
        "the larger sum of rates":
            "Both are near 75. The second covers that distance in a fifth of the steps, since its rate climbs to 0.08.",
        "the run that has hardly left the start (rate, momentum)":
            "With momentum 0.9 a rate counts ten times where the slope persists: 0.01 without momentum is the smallest of the four.",
        "the run with rate 0.1 and momentum 0.9":
            "It counts like a rate of 1, which is above the limit once the plateau is left.",
        "a single step with the rate 1, at the start":
            "LeNet begins on a plateau, where the loss is hardly curved, so even a large step leads downhill.",
        "a single step with the rate 0.1, after 60 steps of the third run":
            "Beyond the plateau the loss is more curved, and this run went into a narrow place. The limit depends on the place.",
        "the loss at the end, threshold 1":
            "A step is never longer than lr · threshold / (1 - μ) = 1, short enough to learn.",
        "the loss at the end, threshold 10":
            "A step may have the length 10: finite, but far enough to shut all ReLUs of the network, and no nan warns you.",
        "the end of the clipped walk":
            "Near 3 the slope is below 1 and nothing is clipped, so the rate is above the limit; further out each step has the length 1.25.",
        "the loss at the end with a warm-up":
            "When the run reaches the edge of the plateau, the rate is still small.",
    },
    "06": {
        "minutes for 10,000 steps on this machine":
            Reason("Each step is a few products of matrices, which compiled code computes.", factor=2, section="Sixty thousand"),
        "numbers of conv1, biases included":
            Reason("20 · 25 + 20: a convolution uses the same few weights at every place of the image.", within=0.0),
        "the first loss with wrong labels":
            "The network knows nothing yet: it gives about 1/10 to every digit, to the right one and to any other.",
        "steps until 32 images are known by heart":
            Reason("A network with 431,080 numbers to adjust learns 32 answers by heart, once it has left the plateau.", factor=2),
        "per cent of test images read, from 32 images":
            Reason(
                "Three examples a digit are few, but even to learn them by heart it had to find something that distinguishes digits.",
                within=0.25),
        "per cent of test images wrong, from 3,000 images":
            Reason("The training error falls to nearly 0, and the test error stays: 3,000 images, too, can be learned by heart.", factor=2),
        "moved images: more than 97 % right":
            "It sees nine versions of each image instead of one, so it must learn what they have in common.",
        "steps at a rate of 1 until the loss is no number":
            Reason("The larger rate alone brings it to about ten, and momentum takes off one or two more. It makes steps up to ten times as long, "
                   "but only after more steps than there are.", factor=2),
    },
    "07": {
        "span of a unit of conv2, in pixels":
            Reason("1 → 5 in pool1 → (5 - 1)·2 + 2 = 10 in conv1 → 10 + 4 = 14 pixels.", within=0.0),
        "span of a unit of pool2, in pixels":
            Reason("1 → 2 in conv2 → 6 in pool1 → 12 in conv1 → 16 pixels, more than half of the image's width.", within=0.0),
        "pixels that a unit of pool1 depends on":
            Reason("All of its 6x6 pixels, and no other. Notebook 03 found the 25 of the winner, for one map and a small change. Twenty maps have "
                   "different winners, and a change of 5 makes other entries win.", within=0.0),
        "the mean move of a weight of conv1":
            "The first weights are small and random; what the network needs is far larger.",
        "moved by a pixel, pool1 changes":
            "Pooling forgets the place within two pixels, but only if the move stays within the same window. So pool1 changes less, and not by much.",
        "gradients of the digit that is read rightly":
            "Softmax with its loss sends back p - t. When the prediction agrees with the label, that is nearly 0.",
        "the smaller network is better in some precision or recall":
            "One of the two rises when the other falls: a network that says 5 too often misses hardly a 5.",
        "test images misread by at least one of ten":
            Reason("Each network makes some mistakes of its own, which change with the seed.", within=0.3),
        "test images misread by all ten":
            Reason("Some images are hard for every network of this kind, or their labels are doubtful.", factor=2),
        "misread by all ten, with the same wrong answer":
            Reason("What ten networks share is not chance: the image looks more like another digit to all of them.", within=0.1),
        "test images that the vote of ten misreads":
            Reason("The vote removes mistakes that only a few of the ten make, and keeps those that most of them share.", within=0.3),
        "per cent misread without centring":
            Reason("Its inner products have a weight for every place, and have seen centred digits of one size only.", within=0.3),
        "the highest loss of the last fifty steps":
            "With a large constant rate the weights keep jumping across the valley; a rate that falls lets them settle.",
    },
    "08": {
        "straight pieces of the first boundary":
            Reason("Some pieces are short, so one or two are easily missed. Why there are so many and not more, you will see below.",
                   within=(12, 16), units=("piece", "pieces")),
        "f at 1, 3, 5 and 7":
            Reason("At 1 only the first is open; at 3 the second adds -3·1, at 5 the third +5·1, at 7 the fourth -6·1.", numbers=4),
        "the four slopes":
            Reason("Behind the k-th hinge the slope is the sum of the first k coefficients: 2, 2 - 1, 2 - 1 - 4, 2 - 1 - 4 + 3.", numbers=4),
        "its second line at x = 2":
            Reason("The printed line is x - 3x, which goes through the origin. A hinge at 2 adds -3(x - 2), and that is 0 at 2.", within=0.0),
        "shape of W1":
            "One input, four hidden units: (inputs, outputs).",
        "shape of W2":
            "Four hidden units, one output.",
        "the largest error with twice the segments, divided by":
            "The distance between a smooth curve and its chord shrinks with the square of the chord's length.",
        "of five networks with 4 units":
            Reason("Four hinges are enough to write f. One start is only slow. In the others, hinges came to one place or left the data, and a "
                   "gradient only describes the loss nearby.", within=(0, 1), units=("network", "networks")),
        "of five networks with 16 units":
            Reason("With more hinges it is likelier that one of them begins close to each corner.", within=(4, 5),
                   units=("network", "networks")),
        "linear regions without ReLU":
            Reason("Any number of inner products in a row is one inner product: its slope never changes.", within=0.0),
        "per cent right on the rings without ReLU":
            Reason("One straight line cannot separate an inner ring from an outer one. The best would get two thirds right; this one ends at a guess.",
                   within=0.2),
        "per cent right on the moons without ReLU":
            "Most points of the moons lie on their own side of a line. So one may not notice that ReLU is missing.",
        "corners of the boundary of three units, start 3":
            Reason("The boundary does not run along the lines of the units, it crosses them: twice each, and each crossing is a corner.",
                   within=0.0),
        "regions for 8 lines, by the formula":
            Reason("1 + 8·9/2: the first line makes two regions of one, and the n-th line adds n.", within=0.0),
        "the smallest count for 8 units":
            "Some regions lie outside the small square, and a grid misses the narrow ones of those inside. So a count on a grid is a lower bound.",
        "segments of five layers of tents":
            Reason("Every layer doubles the number of segments. Ten units in five layers do what a single layer needs 32 units for.", within=0.0),
        "the most regions after training":
            "Two layers of eight gained regions in training, and one layer of sixteen lost some. Four narrow layers have fewest.",
        "w after one step at the rate 0.3":
            Reason("1 - 0.3 · 14/3: one step goes beyond 0.", within=0.02),
        "w after twenty steps at the rate 0.3":
            Reason("With w below 0 the ReLU is shut for all three x, and the slope is exactly 0: w moves no more.", within=0.02),
        "dead of eight after one step at the rate 30":
            Reason("One step that is far too large pushes the lines of most units beyond all points.", within=(5, 7), units=("unit", "units")),
        "dead of eight after a step at the rate 10 and 600 good ones":
            Reason("A dead unit gets the gradient 0, so neither of the two comes back. The others still move, and three of them die on the way.",
                   within=(4, 6), units=("unit", "units")),
        "times that a ReLU opens or shuts on the way":
            Reason("There are 500 ReLUs, and a 7 and a 2 open different ones, so many switch on the way. With so many small changes of slope "
                   "the curve of a score looks round.", factor=2),
    },
    "09": {
        "more parameters has":
            "Most of its weights are in one inner product from 800 to 500.",
        "the homework's recipe reaches 97 % on 3,000 images":
            "95.9 %, in one run. With a rate that falls, the 3,000 images bring 96.6 %. Only when they are moved as well is it more than 97 %.",
        "the rate 0.05 of a sum over 256, for the mean":
            Reason("A sum of 256 terms is 256 times their mean, and so is its gradient: 0.05 · 256.", within=0.0),
        "the last gradient of conv1 where the second layer is shut":
            "A shut ReLU lets no gradient through, so the layers before it get none, or thousands of times too little.",
        "spread after a layer with 400 inputs":
            Reason("√400 · 2.4 / (400 · √3): fourteen times smaller. All five layers together leave some hundred-thousandths.", within=0.02),
        "with small first weights it dies less often, rate x 0.015":
            "It begins to learn far later, but then it leaves the plateau with the same large rate.",
        "of twenty runs that may die, with restarts":
            Reason("A dead network gets new first weights, and with enough attempts nearly all learn.", within=(18, 20), units=("run", "runs")),
        "of five runs that fade, with restarts":
            Reason("A network whose values fade has not moved after 60 steps, so it is discarded each time, even if it would learn later.",
                   within=(0, 1), units=("run", "runs")),
        "lifts the worst run more":
            "In one run of five an early step went too far and shut most ReLUs of the first layer: 86 %. With fan-in weights the same seed "
            "kept more open. By the median both changes bring about equally much.",
        "the two orders give different scores":
            "ReLU never reverses the order of two numbers. It can only make them equal, and a maximum is the same whichever wins.",
        "a step with ReLU first takes this many times as long":
            "ReLU on the pooled maps looks at a quarter of the numbers, but the convolutions take nearly all the time.",
        "the rate 0.0001 of a sum over 64, for the mean":
            Reason("The sum's gradient is 64 times as long: 0.0001 · 64.", within=0.0),
        "per cent misread by FMAN45's network":
            Reason("Few parameters, but each filter is used at every place: one pass through 60,000 images is enough.", factor=2),
        "the first loss with weights of standard deviation 1":
            "Every layer multiplies the values by √n, so the scores are huge, and the network is sure of wrong answers before it has seen "
            "anything.",
        "the best of the three, each alone":
            "The others let a network go on that began with scores in the thousands. Weights by fan-in take away the cause.",
        "trainable parameters of C3":
            Reason("60 connections of 25 weights, and a bias for each of 16 maps: 60 · 25 + 16.", within=0.0),
        "per cent misread by the best recipe":
            Reason("Warped images, a rate that climbs and falls, and averaged parameters, in 40 epochs. It is one run.", factor=2),
    },
    "10": {
        "the filter on grey":
            Reason("2·1 - 2·1 + 2·5 + 1.", within=0.0),
        "the filter on blue":
            Reason("0·1 - 0·1 + 4·5 + 1: its largest weight is for blue.", within=0.0),
        "parameters of conv1, conv2 and the inner product":
            "16 · (3·25 + 1), 16 · (16·25 + 1) and 16·8·8·10 + 10: only the first filters see colours, and only the last layer sees the size "
            "of the image.",
        "outputs of layer 6 as built":
            "1024 × 20 + 20 and 20 × 10 + 10 say 20, twice. With 64 the counts would be 65,600 and 650.",
        "the largest layer of the deeper network":
            "A map shares its weights among all places; a vector has one for each.",
        "mean pixel of the digits":
            Reason("Most of a digit is paper, and paper is 0.", factor=2),
        "mean pixel of the photographs":
            Reason("Photographs are grey on average, with a little less blue.", within=0.2),
        "per cent right, pixels from 0 to 1":
            Reason(
                "1,500 photographs are few, and with all pixels positive the weights of a filter tend to rise or fall together: for one place "
                "of one image, their gradients all have the same sign.",
                within=0.2),
        "per cent right, centred":
            Reason("The functions that can be computed are the same; only the way of the training differs.", within=0.2),
        "per cent right, bare pixels, digits":
            "One template for each class is enough for most digits: the mean of all 3s still looks like a 3.",
        "per cent right, bare pixels, photographs":
            Reason("More than guessing, since the classes differ in the colour and light of large areas. But things have no fixed place, size, "
                   "colour or side, so one template for a class does not fit most of them.", within=0.2),
        "per cent right, convolutions, digits":
            "Small filters that are applied everywhere find strokes wherever they are.",
        "the error on the training images, mirrored and moved":
            "It sees each photograph in six or seven forms, and that is harder to learn by heart.",
        "the error on the test images, mirrored and moved":
            "What it learns instead holds for photographs that it has not seen.",
        "per cent right, the baseline with 200,000 images":
            "The same network as the source's, with another recipe and more images.",
        "the gap of the baseline is narrower with 20,000 photographs":
            "So many are harder to learn by heart: after 17 times as many steps it misreads far fewer of those that it learns from, and still "
            "the gap is narrower, 4 points where it was 6 or 7.",
        "mean grey share of noise":
            "The three channels are independent, so in their mean they partly cancel. Its squares are a third as large on average.",
        "the rougher kernels":
            "Kernels for light have sharp stripes, kernels for colour are smooth.",
        "per cent of the mistakes that stay within their group":
            "Cats and dogs are taken for each other most of all. At random it would be 47 %.",
        "the edges of bird photographs are bluer than red":
            "Only airplanes and ships have blue edges. Birds also sit in trees and on the ground.",
        "all answers to twenty images together":
            Reason("Every image gets one answer. With the rows exchanged the sum is another one, 20.8.", within=0.0),
        "answers as printed, to 10,000 images":
            "It cannot be: the two rows are exchanged. Exchanged back, there are 10,001: 10,000, and one by the rounding of the printed digits.",
        "the class that was named most often":
            "Answers are 1,000 · recall / precision: the airplane has a high recall and the lowest precision.",
        "the class with our lowest recall":
            "Of its 389 photographs 189 are taken for something else, of those of the dog 165. The darkest square is only one kind of mistake.",
    },
    "11": {
        "layer that takes the longest":
            "50 filters on 20 channels: conv2 has 70 % of all multiplications forward. conv1 has more outputs, but each of them is a sum over one "
            "channel only.",
        "times that a product is faster than loops":
            Reason("Python takes a tenth of a microsecond or more for each multiplication, with its loops, indices and checks. Compiled code "
                   "makes several in a nanosecond.", factor=10),
        "times that im2col is faster, batch innermost":
            Reason("64 numbers that lie side by side are copied at once. In the other order the copy moves them in short runs, or one by one.",
                   factor=2),
        "times that two threads are faster":
            "The halves are independent, so about 2 is the best to expect; a smaller half may fit better into the cache. But the threads share the "
            "memory, starting them takes time, and other work may make two slower than one.",
        "the four products of F(2, 3)":
            "m1 = (1 - 3)·2 = -4, m4 = (2 - 4)·4 = -8. The rests are 20 and 15: m2 is half of their sum, 17.5, and m3 half of their "
            "difference, 2.5.",
        "multiplications of a tile, and the saving":
            "16 outputs with 25 products each are 400, and 400 / 64 = 6.25.",
        "multiplications saved in conv2 and conv1, transforms included":
            Reason("In conv2 50 filters and 20 channels share the transforms. In conv1 one channel pays for all of its transforms: more "
                   "multiplications than before.", within=0.2),
        "times that Winograd is faster in conv2":
            "Nearly four times fewer multiplications, but 64 small products instead of one large one, and the transforms wait for the memory.",
        "error at m = 8 against m = 4":
            Reason("With m = 8 there are eleven finite points instead of seven. The largest is 4 instead of 2, and its powers are much larger.",
                   factor=10),
        "times that all layers together are faster":
            "conv2 becomes faster by Winograd's way, and the poolings by tiles. conv1 and ip1 take nearly as long as before, and limit the whole.",
        "convolutions of four that Winograd computes":
            Reason("conv2 and the 3 x 3 filters on 64 channels. conv1 has one channel, so the transforms cost more than they save. With stride "
                   "2 the windows of a tile do not overlap in the way that the algorithm needs.", within=0.0),
    },
    "12": {
        "scores of ten that agree to five decimals":
            Reason("float32 has seven digits, and both compute the same sums, in another order. So the differences are in the last digits.",
                   within=0.0),
        "the product with W in place of its transpose":
            "A row of 2 numbers does not fit a weight whose rows have 3, so PyTorch refuses it.",
        "modules of LeNet in PyTorch":
            Reason("Seven layers, and Flatten, which makes rows of maps. Our inner product does that by itself.", within=0.0),
        "largest difference of an output, as a power of ten":
            Reason("These are the same sums, added in another order, so they are rounded in another way: in the seventh digit.", within=0.2,
                   units=("power of ten", "powers of ten")),
        "why two gradients of conv1 differ":
            "Two entries of a window are nearly equal. Rounding makes one or the other the maximum, and the gradient goes to that one.",
        "networks of eight below 1e-12 in float64":
            Reason("The same formulas are computed everywhere, so only rounding is left. float64 rounds in the sixteenth digit.", within=0.0),
        "tensors kept for conv1, pool1, relu1 and ip2":
            "Convolution and inner product keep both factors of their product, pooling its input and the place of each winner, ReLU its output.",
        "numbers our conv1 keeps for each that PyTorch keeps":
            "24 · 24 places, each a column of 25 pixels and a 1 for the bias, in place of 28 · 28 pixels.",
        "bound of the difference of ten losses":
            "float64 has sixteen digits, and ten steps do not multiply the rounding errors by ten thousand.",
        "with a falling rate the loss is lower":
            "In PyTorch the new, smaller rate multiplies the whole velocity, so its steps become shorter than ours.",
        "our verdict on a ReLU at exactly 0":
            "The slope is 0 from below and 1 from above. Our check holds the switch, measures again, and finds the slope of one side.",
        "PyTorch's verdict on its ReLU at exactly 0":
            "The central difference is 1/2, the mean of the two slopes, and the backward pass says 0. The checker knows no kinks.",
        "libraries of five that divide the gradient at a tie":
            Reason("MLX and tinygrad divide it; PyTorch, JAX and TensorFlow give it to the first entry.", within=0.0),
        "libraries of five that refuse label 10":
            Reason("PyTorch and TensorFlow raise an error, TensorFlow not when it is compiled. The others return some loss, or NaN.", within=0.0),
        "the library with this workbook's momentum":
            "Keras, which comes with TensorFlow, multiplies a gradient by the rate of its own step. In the others the rate is outside.",
    },
}
