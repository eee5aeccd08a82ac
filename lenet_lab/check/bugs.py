"""A hunt: networks with one broken function each, to be found with the gradient check on well-chosen data.

    case = bugs.case(1)
    found = case.check(*bugs.naive())        # check_net on a network with the broken function; the result is kept as evidence
    bugs.accuse(1, "conv1", "db forgotten")  # the suspects are in bugs.suspects()

Such bugs occur in tutorials, reports and first drafts. Many of them are hidden by a property of the data or the network, such as square
images or a batch of one. So an accusation counts only if an earlier check shows the bug. `naive`, `odd`, `loud` and `digits` make a
network with data for it; any others can be used as well.
"""

import inspect
import re
import warnings
from typing import NamedTuple

import numpy as np
from IPython.display import Markdown

from lenet_core import Layer, Net, lenet, reference
from lenet_core.gradcheck import check_net

from ._bug_cases import BUGS
from .verdict import NOT_WRITTEN, Verdict
from .wording import listed

__all__ = ["accuse", "case", "digits", "loud", "naive", "odd", "record", "reveal", "suspects"]


def __dir__():
    """What Tab offers: not the list of bugs."""
    return __all__


# ------------------------------------------------------------------------------------------------------- networks and data


def naive(seed=0):
    """A network, one random square image and its label: the simplest choice. Returns net, x, y."""
    rng = np.random.default_rng(seed)
    net = Net((1, 10, 10), [
        Layer("conv1", "conv", (3, 1, 3, 3)),                                # (N, 3, 8, 8)
        Layer("pool1", "max_pool", k=2),                                     # (N, 3, 4, 4)
        Layer("conv2", "conv", (4, 3, 3, 3)),                                # (N, 4, 2, 2)
        Layer("pool2", "max_pool", k=2),                                     # (N, 4, 1, 1)
        Layer("ip1", "inner_product", (4, 7)),                               # (N, 7)
        Layer("relu1", "relu"),                                              # (N, 7)
        Layer("ip2", "inner_product", (7, 3)),                               # (N, 3)
    ])
    return _ready(net, rng, 1)


def odd(seed=0):
    """All sizes differ: three images of 2x13x10, a stride of 2, padding, windows that overlap. Returns net, x, y."""
    rng = np.random.default_rng(seed)
    net = Net((2, 13, 10), [
        Layer("conv1", "conv", (3, 2, 3, 3), stride=2, pad=1),               # (N, 3, 7, 5)
        Layer("pool1", "max_pool", k=3, stride=2),                           # (N, 3, 3, 2)
        Layer("conv2", "conv", (4, 3, 2, 2), pad=1),                         # (N, 4, 4, 3)
        Layer("pool2", "max_pool", k=2, stride=1),                           # (N, 4, 3, 2)
        Layer("ip1", "inner_product", (24, 6)),                              # (N, 6)
        Layer("relu1", "relu"),                                              # (N, 6)
        Layer("ip2", "inner_product", (6, 5)),                               # (N, 5)
    ])
    return _ready(net, rng, 3)


def loud(seed=0):
    """The naive network with an image ten thousand times as bright, and the label with the lowest score. Returns net, x, y."""
    net, x, _ = naive(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                                      # pixels far above 1 are what is wanted here
        return net, 1e4 * x, net(1e4 * x).argmin(axis=1)


def digits(data, n=3, seed=0):
    """LeNet with random weights, and the first n test images of a Dataset. Returns net, x, y."""
    return lenet(np.random.default_rng(seed)), data.test_x[:n], data.test_y[:n]


def _ready(net, rng, n):
    net.initialise(rng, lambda W_shape, inputs: 0.7)
    return net, rng.standard_normal((n, *net.input_shape)), rng.integers(0, net.shapes()[-1][0], n)


# ----------------------------------------------------------------------------------------------------------------- the cases


SUSPECTS = {                                              # some of them are not the bug of any case
    "1/N missing": "the loss is a mean, its gradient a sum",
    "bias left out": "the forward pass adds no bias",
    "border cut in the wrong place": "the padding is not cut off on both sides of dx",
    "db averaged": "db is divided by the batch size a second time",
    "db forgotten": "db is zero",
    "dout forgotten": "the gradient is not multiplied by dout",
    "dW averaged": "dW is divided by the batch size a second time",
    "every tie paid": "all equal maxima of a window get its gradient",
    "filter not turned": "dx uses the filter without rotating it by 180 degrees",
    "gate on the output": "the mask is also true where the input was negative",
    "no shift": "large scores overflow",
    "overlaps overwritten": "an entry with several windows gets the gradient of one",
    "reshaped, not transposed": "a matrix has the right shape and its numbers in the wrong places",
    "rows and columns exchanged": "height and width are exchanged in the backward pass",
    "sign": "the gradient has the opposite sign",
    "stride ignored": "the backward pass moves in steps of 1",
    "value for slope": "the gradient is multiplied by the output",
    "weights of after the step": "dx is computed with weights that have been updated already",
    "windows read by columns": "the filter is applied transposed",
    "wrong axis summed": "db is summed over another axis than the batch",
}
NUMBERS = "numbers"                                        # the unit of a gradient check
KINDS = ("conv", "max_pool", "relu", "inner_product", "softmax_loss")
SHORT = {"pool": "max_pool", "ip": "inner_product", "loss": "softmax_loss", "softmax": "softmax_loss"}


class Check(NamedTuple):
    """One piece of evidence: the checked network and data, the number of checked numbers or layers (`unit`), the layers that failed."""

    what: str
    checked: int
    failed: list
    unit: str

    def __str__(self):
        if not self.failed:
            return f"{self.what}: nothing fails"
        return f"{self.what}: {len(self.failed)} of {self.checked} {self.unit} fail, nearest to the loss in {self.failed[-1]}"


class BugCase:
    """A broken function to be found. The results of `check` and `compare` are kept as evidence in `checks`."""

    def __init__(self, number):
        if number not in range(1, len(BUGS) + 1):
            raise ValueError(f"There are cases 1 to {len(BUGS)}; got {number!r}.")
        self.number, self._bug, self.checks, self.found_by = number, BUGS[number - 1], [], None

    def into(self, net):
        """The same network with the broken function in every layer of its kind; `net` itself does not change."""
        suspect = Net.unpack(*net.pack())
        for layer in suspect.layers:
            if layer.kind == self._bug.kind:
                layer.use(**self._bug.use)
        return suspect

    def check(self, net, x, y, entries=20):
        """`check_net` on the network with the broken function in it: a list of entries."""
        found = check_net(self.into(net), x, y, entries, loss=self._bug.loss)
        self._keep(_in_words(net, x), [entry.layer for entry in found if entry.verdict == "fail"], len(found), NUMBERS)
        return found

    def compare(self, net, x):
        """The largest difference between each layer's output and that of the plain loops, {layer: difference}."""
        suspect, differences, x = self.into(net), {}, np.asarray(x, np.float64)
        for layer in suspect.layers:
            out = layer.forward(x)[0]
            x = getattr(reference, f"{layer.kind}_forward")(x, *layer.params.values(), **layer.options)
            differences[layer.name] = float(np.abs(out - x).max())
        wrong = [name for name, difference in differences.items() if not difference < 1e-6]
        self._keep(_in_words(net, x) + ", by loops", wrong, len(differences), "layers")
        return differences

    def _keep(self, what, failed, checked, unit):
        self.checks.append(Check(f"check {len(self.checks) + 1} ({what})", checked, failed, unit))

    def weigh(self, layer, what):
        """The `Verdict` on an accusation: whether it is right, and whether one of the checks shows it."""
        showing = [check for check in self.checks if check.failed]
        silent = [check for check in self.checks if not check.failed]
        if _kind(layer) != self._bug.kind:
            nearest = {check.failed[-1] for check in showing}
            return self._verdict(False, f"It is not {layer}.", *(f"A check of yours points to {name}." for name in sorted(nearest)
                                                                 if _kind(name) != _kind(layer)))
        if what != self._bug.charge:
            sentences = [f"The layer is right, but {what!r} is not what is wrong with it."]
            like = [check for check in silent if showing and check.unit == showing[0].unit]
            if like:
                sentences.append(f"It shows in {showing[0].what} and not in {like[0].what}: what is the difference?")
            if any(check.unit == NUMBERS for check in showing):
                which = "Which arrays fail, x, W or b? " if self._bug.kind in ("conv", "inner_product") else ""     # the others have only x
                sentences.append(f"{which}By a factor, or in the wrong places?")
            elif showing:                                             # only a comparison with the loops: no gradient fails
                sentences.append("The outputs differ from those of the loops: which of the suspects change the forward pass?")
            return self._verdict(False, *sentences)
        if not showing:
            return self._verdict(False, "That is it, but so far it is a guess: nothing that you have checked shows it.",
                                 "Find a network and data that show it, and accuse once more.")
        self.found_by = showing[0].what
        return self._verdict(True, f"Found: {what}. Shown by {showing[0]}.",
                             *([f"What could not show it: {listed([check.what for check in silent])}."] if silent else []),
                             self._bug.explanation)

    def _verdict(self, passed, *sentences):
        return Verdict(f"Case {self.number}", passed, "\n".join(sentences))

    def __repr__(self):
        found = f" Found, by {self.found_by}." if self.found_by else ""
        return f"Case {self.number}: one function is broken. Checks so far: {len(self.checks)}.{found}"


def _in_words(net, x):
    return f"{len(x)} image{'s' * (len(x) > 1)} of {'x'.join(map(str, net.input_shape))}"


def _kind(layer):
    """conv1 -> conv, pool2 -> max_pool, loss -> softmax_loss. Raises ValueError for anything else."""
    name = re.sub(r"\d*$", "", str(layer).strip().lower())
    kind = SHORT.get(name, name)
    if kind not in KINDS:
        raise ValueError(f"{layer!r} is not a layer of these networks; name one, like conv1, pool1, relu1, ip1 or loss.")
    return kind


_cases = {}


def case(number):
    """Case `number`, always the same object, with the evidence collected so far."""
    return _cases.get(number) or _cases.setdefault(number, BugCase(number))


def suspects():
    """The possible accusations, as a table."""
    rows = "\n".join(f"| {charge} | {meaning} |" for charge, meaning in SUSPECTS.items())
    return Markdown(f"| what | that is |\n| --- | --- |\n{rows}\n\nLayers: conv1, conv2, pool1, pool2, relu1, ip1, ip2; softmax with its loss is "
                    "`layer=\"loss\"`.")


def accuse(number, layer=..., what=...):
    """Accuse a layer of one of the `suspects`; the `Verdict` also depends on your evidence.

    `layer` is a name like "conv1", "pool1", "relu1" or "ip1" (its number does not matter), or "loss" for softmax and its loss.
    """
    if layer is ... or what is ...:
        return Verdict(f"Case {number}", False, NOT_WRITTEN)
    if what not in SUSPECTS:
        raise ValueError(f"{what!r} is not among the suspects: {'; '.join(SUSPECTS)}.")
    return case(number).weigh(layer, what)


def reveal(number):
    """The bug of a case: the explanation and the source of the broken function."""
    bug = case(number)._bug
    source = "\n\n".join(inspect.getsource(function) for function in bug.functions())
    return Markdown(f"**Case {number}: {bug.charge}, in {bug.kind}.** {bug.explanation}\n\n```python\n{source}```")


def record():
    """All cases as a table: the number of checks, and the check that found the bug."""
    rows = "\n".join(f"| {n} | {len(case(n).checks)} | {case(n).found_by or '-'} |" for n in range(1, len(BUGS) + 1))
    return Markdown(f"| case | checks | found by |\n| --- | --- | --- |\n{rows}")
