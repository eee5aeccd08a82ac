"""The exercises: for each one the right answer, the cases, and the known misconceptions, each as a function that has it.

The right answers are the plain loops of `lenet_core.reference`, or functions of `lenet_core.ops` where the loops would be slow; a test
compares these with the loops. The cases have no symmetry that could hide a mistake: H != W, C != F, N > 1, a stride that does not divide,
values that tie. A wrong
function has only one or two lines, since it is usually the right one with one change.
"""

from .columns import COL2IM, IM2COL
from .convolution import CONV_BACKWARD, CONV_FORWARD
from .dense import INNER_PRODUCT_BACKWARD, INNER_PRODUCT_FORWARD, RELU_BACKWARD, RELU_FORWARD
from .pooling import MAX_POOL_BACKWARD, MAX_POOL_FORWARD
from .softmax import SOFTMAX, SOFTMAX_LOSS
from .updates import CLIP_GRADIENTS, MOMENTUM_AVERAGE, NUMERIC_GRADIENT, SGD_MOMENTUM

EXERCISES = {exercise.name: exercise for exercise in (
    RELU_FORWARD, INNER_PRODUCT_FORWARD, MAX_POOL_FORWARD, IM2COL, CONV_FORWARD, SOFTMAX,
    RELU_BACKWARD, INNER_PRODUCT_BACKWARD, MAX_POOL_BACKWARD, COL2IM, CONV_BACKWARD, SOFTMAX_LOSS,
    NUMERIC_GRADIENT, SGD_MOMENTUM, MOMENTUM_AVERAGE, CLIP_GRADIENTS)}
