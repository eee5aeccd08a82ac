"""The graded exercises and their points, for this package and for nbgrader.

The homework's marks (its section 3, questions 1 to 10) add up to exactly 100: 12 for the toy network, 73 for the seven functions, 15
for the figure and the texts of questions 8 to 10, which people grade. The homework does not give a total. Its first page adds 2 points
for the three questions about collaboration and time ("to not lose these marks"), which would make 102. They are omitted here, since the
workbook does not ask these questions.
"""

from typing import NamedTuple

from lenet_lab.check.derivations import DERIVATIONS
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.hinge_targets import EXERCISES as HINGES


class Item(NamedTuple):
    """One row of a result: the homework's question, its points, a title, and the notebook exercise (None if people grade it)."""

    question: str
    points: int
    title: str
    exercise: str | None = None


TOY = ("size of the convolution", "size of the pooling", "length of the ReLU output", "length of the softmax output",
       "entry (1,1,2) of the convolution", "entry (2,1,1) of the pooling", "entry 2 of the ReLU output", "entry 2 of the softmax output",
       "loss", "dJ/dy", "dJ/dW1(1,1)", "dJ/dF1(1,1)")
ITEMS = (
    *(Item(f"QnA {n}", 1, f"toy network: {title}", f"toy_{n:02}") for n, title in enumerate(TOY, 1)),
    Item("Q1", 20, "pooling layer, forward", "max_pool_forward"),
    Item("Q2", 3, "ReLU layer, forward", "relu_forward"),
    Item("Q3", 10, "inner product layer, forward", "inner_product_forward"),
    Item("Q4", 20, "pooling layer, backward", "max_pool_backward"),
    Item("Q5", 3, "ReLU layer, backward", "relu_backward"),
    Item("Q6", 10, "inner product layer, backward", "inner_product_backward"),
    Item("Q7", 7, "SGD with momentum", "sgd_momentum"),
    Item("Q8", 5, "figure of the second and third layer"),
    Item("Q9a", 2, "second layer against the image"),
    Item("Q9b", 2, "third layer against the second"),
    Item("Q9c", 3, "explanation"),
    Item("Q10", 3, "accuracy and time on all of MNIST"),
)
GRADED = {item.exercise: item for item in ITEMS if item.exercise}
BY_HAND = tuple(item for item in ITEMS if not item.exercise)
TOTAL = sum(item.points for item in ITEMS)

# The workbook's other exercises have no marks in the homework. Three kinds are not graded: the argument of numeric_gradient is a function,
# which cannot be sent to the student's process, the bug hunt needs evidence from the notebook, and the exercises of notebook 12 need PyTorch.
PRACTICE = {name: Item("", 0, name.replace("_", " "), name) for name in (
    *(name for name in EXERCISES if name not in GRADED and name != "numeric_gradient"), *(f"derive_{step}" for step in DERIVATIONS),
    *HINGES.values())}
