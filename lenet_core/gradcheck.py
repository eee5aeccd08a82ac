"""Does the backward pass agree with how the loss changes after a perturbation, a small change of one number?

Every check compares a central difference with the gradient of the backward pass. A network with ReLUs and max pooling is piecewise
smooth. Between two pieces something *switches*: a ReLU opens or shuts, or a pooling window gets another winner. Where a
perturbation crosses such a kink, the difference mixes the slopes of two pieces. It says nothing about the gradient then.

So where the two disagree and something switches, the checker measures again with every switch *held* in its position before:
each pooling window keeps its winner, each ReLU stays open or shut. What is left is one smooth piece, and its slope is what the
backward pass computes. An entry is a "kink" only if it agrees with that slope as closely as a "pass" agrees with the plain
difference. Anything else is a "fail", so that a kink cannot hide an error.

It would not be enough that the gradient lies between the slopes from below and from above. A wrong gradient may lie there too; and
where one perturbation breaks several ties, the gradient of a correct layer may lie outside.

At an exact tie all pieces that meet are equally right. The package's layers give the gradient to the first maximum and count 0 as
shut. A backward function given to `use` may also give it to the last maximum, or share it between equal ones, or count 0 as open.
But every layer must keep to one rule in all entries that are checked.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ._parallel import map_in_threads
from .net import Layer, Net
from .ops import batch_innermost, softmax_loss

Array = np.ndarray
Place = tuple[int, str]                            # the number of a layer, and "x", "W" or "b"
ROUNDING = 32          # units in the last place: the rounding error of a loss in float64, a sum of some hundred products
RULE_IN_WORDS = {"first": "", "shut": "", "last": ", given to the last", "share": ", shared", "open": ", taken as open"}


def numeric_gradient(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    """The central difference (f(x + h) - f(x - h)) / 2h for every entry of x.

    `f` takes an array like x and returns a number; it should compute in float64 (float32 leaves about three digits). Returns an
    array of x's shape; x itself is not changed. Source: homework section 8, which has the one-sided difference.
    """
    gradient = np.zeros(np.shape(x), np.result_type(x, np.float64))
    for index in np.ndindex(gradient.shape):
        up, down = np.array(x, np.float64), np.array(x, np.float64)
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (up[index] - down[index])
    return gradient


class Entry(NamedTuple):
    """One checked number: where it is, both gradients, their relative difference, and "pass", "kink" or "fail".

    `parameter` is "W", "b" or "x", the layer's input; the layer "loss" has the scores as its x. `numeric` is the central
    difference, `below` and `above` are the one-sided ones with the same step. Where `numeric` disagrees, `why` says what switches
    within it, or that nothing does; where something does, `held` is the slope with every switch held (else nan).
    """

    layer: str
    parameter: str
    index: tuple[int, ...]          # type: ignore[assignment]       # in place of the method `index` of tuples
    analytic: float
    numeric: float
    error: float
    verdict: str
    below: float
    above: float
    held: float = np.nan
    why: str = ""

    def __str__(self) -> str:
        text = (f"{self.layer}.{self.parameter}{list(self.index)} {self.verdict}: backward pass {self.analytic:.6g}, "
                f"central difference {self.numeric:.6g}")
        if not self.why:
            return text
        held = "" if np.isnan(self.held) else f", switches held {self.held:.6g}"
        return f"{text} (from below {self.below:.6g}, from above {self.above:.6g}{held}); {self.why}"


def check_net(net: Net, x: Array, y: Array, entries: int = 20, h: float = 1e-5, tolerance: float = 1e-5,
              rng: np.random.Generator | None = None, loss: Callable = softmax_loss) -> list[Entry]:
    """Check randomly chosen entries of the gradients of a network, in float64; a list of `Entry`, first layer first, loss last.

    Of every array this many `entries` are checked, half of them where the gradient is not 0. The arrays are the parameters, the
    input of every layer (x for the first) and the scores. Of the layers with a "fail", the one nearest to the loss has the error,
    as far as the sample shows. `Entry.error` is |analytic - numeric| divided by |analytic| + |numeric|, or by a larger number where
    rounding errors are larger than that. Functions of `use` are called like the package's; `loss` may be your own too,
    (scores, y) -> loss, dscores. The network stays as it is. Raises ValueError for images of another shape, or none.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    point = _Point(net, x, y, loss)
    resolved = ROUNDING * np.finfo(np.float64).eps * point.scale / h          # the rounding error of a difference quotient

    def error(analytic: float, numeric: float) -> float:
        return abs(analytic - numeric) / max(abs(analytic) + abs(numeric), resolved / tolerance)

    def measure(place: Place) -> list[_Measured]:
        gradient = point.gradients[place]
        measured: list[_Measured] = []
        for index in _sample(gradient, entries, rng):
            analytic, perturbed = float(gradient[index]), point.perturb(place, index, h, {})
            switched = [] if error(analytic, perturbed.central) < tolerance else point.switched(place, perturbed)
            held = [point.perturb(place, index, h, hold).central for _, hold in point.holds] if switched else []
            measured.append(_Measured(place, index, analytic, perturbed, switched, held))
        return measured

    measured = [one for part in map_in_threads(measure, list(point.gradients), threads=False) for one in part]
    explained = Counter(way for m in measured for way, slope in enumerate(m.held) if error(m.analytic, slope) < tolerance)
    best = min(explained, key=lambda way: (-explained[way], way), default=0)         # one rule for ties, for all entries
    found = []
    for m in measured:
        difference, slope = error(m.analytic, m.perturbed.central), m.held[best] if m.held else np.nan
        if difference < tolerance:
            verdict, why = "pass", ""
        elif m.held and error(m.analytic, slope) < tolerance:
            verdict, why = "kink", point.in_words(m.switched, point.holds[best][0])
        else:
            verdict, why = "fail", "nothing switches between -h and +h"
            if not np.isfinite(difference):
                why = "not a finite number"
            elif m.switched:
                why = point.in_words(m.switched) + ", which does not explain it"
        found.append(Entry(point.name(m.place), m.place[1], m.index, m.analytic, m.perturbed.central, difference, verdict,
                           m.perturbed.below, m.perturbed.above, slope, why))
    return found


def _sample(gradient: Array, entries: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Indices of randomly chosen entries, about half of them not 0; of all entries, if there are no more."""
    order = rng.permutation(gradient.size)
    nonzero = order[gradient.reshape(-1)[order] != 0][:entries // 2]
    others = order[~np.isin(order, nonzero)][:entries - len(nonzero)]
    return [tuple(int(i) for i in np.unravel_index(flat, gradient.shape)) for flat in (*nonzero, *others)]


def table(found: Iterable[Entry]) -> str:
    """The verdicts of `check_net` as text: a line for every array, the one nearest to the loss first."""
    rows: dict[str, list[Entry]] = {}
    for entry in found:
        rows.setdefault(f"{entry.layer}.{entry.parameter}", []).append(entry)
    lines = [f"{'':10} {'pass':>5} {'kink':>5} {'fail':>5}   largest error of a pass"]
    for name, several in reversed(rows.items()):
        count = Counter(entry.verdict for entry in several)
        errors = [entry.error for entry in several if entry.verdict == "pass"]
        largest = f"{max(errors):.0e}" if errors else "-"
        lines.append(f"{name:10} {count['pass']:5} {count['kink']:5} {count['fail']:5}   {largest}")
    return "\n".join(lines)


class _Perturbation(NamedTuple):
    """The slopes of the loss for changes of one entry by -h and by +h, and the inputs of the layers from there on."""

    central: float
    below: float
    above: float
    inputs_down: list[Array]
    inputs_up: list[Array]


@dataclass(frozen=True)
class _Measured:
    """One entry, before the verdict: what switched, and its slope for every way to hold the switches."""

    place: Place
    index: tuple[int, ...]
    analytic: float
    perturbed: _Perturbation
    switched: list[tuple[int, bool]]
    held: list[float]


class _Point:
    """A copy of a network in float64 with a batch: the inputs of its layers, and its gradients.

    `gradients` has an array for every `Place`; the loss counts as the layer after the last one.
    """

    def __init__(self, net: Net, x: Array, y: Array, loss: Callable) -> None:
        if np.shape(x)[1:] != net.input_shape or not len(x):
            raise ValueError(f"This network takes images of shape (N, {', '.join(map(str, net.input_shape))}), and at least one; "
                             f"got {np.shape(x)}.")
        description, arrays = net.pack()
        self.layers = Net.unpack(description, {key: value.astype(np.float64) for key, value in arrays.items()}).layers
        for mine, given in zip(self.layers, net.layers):
            mine.use(**given.own).fast = given.fast
        self.y, self.loss_function = y, loss
        x = batch_innermost(np.asarray(x, np.float64))
        self.loss, self.inputs, self.gradients = map_in_threads(self._forward_and_backward, [x])[0]
        self.scale = max(1.0, abs(self.loss), np.abs(self.inputs[-1]).max())

    def _forward_and_backward(self, x: Array) -> tuple[float, list[Array], dict[Place, Array]]:
        """The loss, the input of every layer and of the loss, and all gradients."""
        inputs, caches = [x], []
        for layer in self.layers:
            out, cache = layer.forward(inputs[-1])
            inputs.append(out)
            caches.append(cache)
        loss, dout = self.loss_function(inputs[-1], self.y)
        gradients = {(len(self.layers), "x"): dout}
        for n in reversed(range(len(self.layers))):
            results = self.layers[n].backward(gradients[n + 1, "x"], caches[n], inputs[n].shape)
            gradients |= {(n, p): gradient for p, gradient in zip(["x", *self.layers[n].params], results)}
        return loss, inputs, dict(sorted(gradients.items(), key=lambda item: item[0][0]))

    def name(self, place: Place) -> str:
        """The name of the layer, or "loss"."""
        return self.layers[place[0]].name if place[0] < len(self.layers) else "loss"

    def perturb(self, place: Place, index: tuple, h: float, held: Mapping[int, Callable]) -> _Perturbation:
        """Change one entry by -h and by +h, and compute the loss for both."""
        n, p = place
        here = float((self.inputs[n] if p == "x" else self.layers[n].params[p])[index])
        down, inputs_down = self._moved(n, p, index, here - h, held)
        up, inputs_up = self._moved(n, p, index, here + h, held)
        h_down, h_up = here - (here - h), (here + h) - here                # what is left of h in floating point
        slopes = (up - down) / (h_up + h_down), (self.loss - down) / h_down, (up - self.loss) / h_up
        return _Perturbation(*slopes, inputs_down, inputs_up)

    def _moved(self, n: int, p: str, index: tuple, value: float, held: Mapping[int, Callable]) -> tuple[float, list[Array]]:
        """The loss with one entry set to `value`, and the inputs of layer n and every later one."""
        def replaced(array: Array) -> Array:
            array = array.copy()
            array[index] = value
            return array

        if p == "x":
            return self._loss_from(n, replaced(self.inputs[n]), held)
        layer = self.layers[n]
        kept, layer.params = layer.params, layer.params | {p: replaced(layer.params[p])}
        try:
            return self._loss_from(n, self.inputs[n], held)
        finally:
            layer.params = kept

    def _loss_from(self, n: int, x: Array, held: Mapping[int, Callable]) -> tuple[float, list[Array]]:
        def work(x: Array) -> tuple[float, list[Array]]:
            inputs = []
            for number, layer in enumerate(self.layers[n:], start=n):
                inputs.append(x)
                x = held[number](x) if number in held else layer.forward(x)[0]
            return self.loss_function(x, self.y)[0], inputs

        return map_in_threads(work, [x])[0]

    def switched(self, place: Place, perturbed: _Perturbation) -> list[tuple[int, bool]]:
        """[(number of a layer, is it a tie?)] of the layers in which the perturbation switches something."""
        found = []
        for n, (down, up) in enumerate(zip(perturbed.inputs_down, perturbed.inputs_up), start=place[0]):
            if n in self.switches:
                switch, here = self.switches[n], self.inputs[n]
                positions = [switch.positions(x) for x in (down, here, up)]
                changed = (positions[0] != positions[1]) | (positions[1] != positions[2])
                if changed.any():
                    found.append((n, bool((changed & switch.tied(here)).any())))
        return found

    def in_words(self, switched: list[tuple[int, bool]], rules: Mapping[int, str] | None = None) -> str:
        """What switches within a perturbation, and the rule for ties where it is not the package's."""
        return "; ".join(self.switches[n].words[tie].format(self.layers[n].name)
                         + (RULE_IN_WORDS[rules[n]] if tie and rules else "") for n, tie in switched)

    @cached_property
    def switches(self) -> "dict[int, Gates | Winners]":
        """{number of a layer: its switches}, for the layers whose operation has some."""
        return {n: SWITCHES[layer.operation.switch](layer) for n, layer in enumerate(self.layers) if layer.operation.switch}

    @cached_property
    def holds(self) -> list[tuple[dict[int, str], dict[int, Callable]]]:
        """Every way to hold all switches: ({number of a layer: rule for ties}, {number of a layer: its held forward pass})."""
        choices = []
        for n, switch in self.switches.items():
            free = self.layers[n].own["backward"] and switch.tied(self.inputs[n]).any()
            choices.append(switch.rules if free else switch.rules[:1])
        ways = [dict(zip(self.switches, rules)) for rules in itertools.product(*choices)]
        return [(way, {n: self.switches[n].held(self.inputs[n], self.inputs[n + 1], rule) for n, rule in way.items()})
                for way in ways]


class Gates:
    """The switches of a ReLU: each entry passes or becomes 0. `rules`, the package's first, are for an input of exactly 0."""

    rules = ("shut", "open")
    words = {True: "{} is exactly at its kink", False: "{} opens or shuts"}

    def positions(self, x: Array) -> Array:
        """Which entries pass."""
        return x > 0

    def tied(self, x: Array) -> Array:
        """Which entries are exactly between two positions."""
        return x == 0

    def held(self, x: Array, out: Array, rule: str) -> Callable[[Array], Array]:
        """The forward pass with its switches held in their positions for the input x and the output out."""
        gate = x >= 0 if rule == "open" else x > 0
        return lambda moved: moved * gate


class Winners:
    """The switches of a max pooling: each window has a winner. `rules`, the package's first, say which of equal maxima wins."""

    rules = ("first", "last", "share")
    words = {True: "a tie in {}", False: "{}: the winner of a window changes"}

    def __init__(self, layer: Layer) -> None:
        assert layer.window, "an operation with winners has windows"
        self.k, self.stride, _ = layer.window

    def _windows(self, x: Array) -> Array:
        """(N, C, OH, OW, k*k): the entries of every window in reading order."""
        windows = np.lib.stride_tricks.sliding_window_view(x, (self.k, self.k), axis=(2, 3))[:, :, ::self.stride, ::self.stride]
        return windows.reshape(*windows.shape[:4], -1)

    def positions(self, x: Array) -> Array:
        """Which entry of each window wins."""
        return self._windows(x).argmax(axis=-1)

    def tied(self, x: Array) -> Array:
        """Which windows have more than one largest entry."""
        windows = self._windows(x)
        return (windows == windows.max(axis=-1, keepdims=True)).sum(axis=-1) > 1

    def held(self, x: Array, out: Array, rule: str) -> Callable[[Array], Array]:
        """The forward pass with its switches held in their positions for the input x and the output out."""
        won = self._windows(x) == out[..., None]
        if rule == "share":
            share = won / np.maximum(won.sum(axis=-1, keepdims=True), 1)
        else:
            winner = won.argmax(axis=-1) if rule == "first" else won.shape[-1] - 1 - won[..., ::-1].argmax(axis=-1)
            share = np.arange(won.shape[-1]) == winner[..., None]
        return lambda moved: (self._windows(moved) * share).sum(axis=-1)


SWITCHES: dict[str, Callable[[Layer], Gates | Winners]] = {"gate": lambda layer: Gates(), "winner": Winners}
