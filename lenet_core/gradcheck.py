"""Does the backward pass agree with what a small nudge does to the loss?

A central difference is compared with the gradient that backpropagation found. A network with ReLUs and max pooling is made of
smooth pieces, and between two pieces something *switches*: a ReLU opens or shuts, a pooling window gets another winner. Where a
nudge crosses such a kink, the difference measures a mixture of two pieces and says nothing about the gradient, right or wrong.

So where the two disagree and something switches, the checker measures once more with every switch *held* where it was before the
nudge: each pooling window goes on taking the same entry, each ReLU stays open or shut. What is left is a single smooth piece, and
its slope is what backpropagation computes. An entry is a "kink" only if it agrees with that slope as closely as a "pass" agrees
with the plain one; anything else is a "fail", switch or no switch, so that a bug cannot hide behind a kink.

(It would not do to ask whether the gradient lies between the slopes from below and from above. A nudge may split many ties at
once, some where a rise helps and some where it hurts; then the two sides can be equal, and the gradient of a correct layer still
another number. And where they are far apart, a wrong gradient may well lie between them.)

At an exact tie the smooth pieces that meet have equal rights. The package's layers pay the first maximum and count 0 as shut; a
layer with a backward function of your own may also pay the last one, let equal maxima share, or count 0 as open, but it must
keep to one of these rules in all entries that were checked.
"""

import itertools
from collections import Counter
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ._parallel import map_in_threads
from .net import Net
from .ops import batch_innermost, softmax_loss

ROUNDING = 32          # units in the last place by which a loss in float64 may be off: a sum of some hundred products
RULE_IN_WORDS = {"first": "", "shut": "", "last": ", paid to the last", "share": ", shared", "open": ", taken as open"}


def numeric_gradient(f, x, h=1e-5):
    """The central difference (f(x + h) - f(x - h)) / 2h for every entry of x.

    `f` takes an array like x and returns a number; x should be float64 (float32 leaves about three digits). Returns an
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
    difference, `below` and `above` are the one-sided ones with the same step. Where `numeric` disagrees, `why` says in words what
    switches within the nudge, or that nothing does, and `held` is the slope with every switch held (else nan).
    """

    layer: str
    parameter: str
    index: tuple
    analytic: float
    numeric: float
    error: float
    verdict: str
    below: float
    above: float
    held: float = np.nan
    why: str = ""

    def __str__(self):
        text = (f"{self.layer}.{self.parameter}{list(self.index)} {self.verdict}: backward pass {self.analytic:.6g}, "
                f"central difference {self.numeric:.6g}")
        if not self.why:
            return text
        held = "" if np.isnan(self.held) else f", switches held {self.held:.6g}"
        return f"{text} (from below {self.below:.6g}, from above {self.above:.6g}{held}); {self.why}"


def check_net(net, x, y, entries=20, h=1e-5, tolerance=1e-5, rng=None, loss=softmax_loss):
    """Check randomly chosen entries of the gradients of a network, in float64; a list of `Entry`, first layer first, loss last.

    So many `entries` of every array are checked, half of them where the gradient is not 0: of the parameters, of every layer's
    input (the first one's are the images x), and of the scores. As far as the sample tells, the broken layer is the one nearest
    to the loss that has a "fail". The error is |analytic - numeric| divided by |analytic| + |numeric|, or by a larger number
    where rounding would otherwise drown the digits. Functions put in with `use` are called like the package's; `loss` may be your
    own too, (scores, y) -> loss, dscores. The network and what it remembers stay as they are.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    point = _Point(net, x, y, loss)
    resolved = ROUNDING * np.finfo(np.float64).eps * point.scale / h          # no difference quotient knows a slope better

    def error(analytic, numeric):
        return abs(analytic - numeric) / max(abs(analytic) + abs(numeric), resolved / tolerance)

    looks = []
    for place, gradient in point.gradients.items():
        for index in _sample(gradient, entries, rng):
            analytic, nudge = float(gradient[index]), point.nudge(place, index, h)
            switched = [] if error(analytic, nudge.central) < tolerance else point.switched(place, nudge)
            held = [point.nudge(place, index, h, hold).central for _, hold in point.holds] if switched else []
            looks.append(_Look(place, index, analytic, nudge, switched, held))
    explained = Counter(way for look in looks for way, slope in enumerate(look.held) if error(look.analytic, slope) < tolerance)
    best = min(explained, key=lambda way: (-explained[way], way), default=0)         # one rule for ties, for all entries
    found = []
    for look in looks:
        off, slope = error(look.analytic, look.nudge.central), look.held[best] if look.held else np.nan
        if off < tolerance:
            verdict, why = "pass", ""
        elif look.held and error(look.analytic, slope) < tolerance:
            verdict, why = "kink", point.in_words(look.switched, point.holds[best][0])
        else:
            verdict, why = "fail", "nothing switches within the nudge"
            if not np.isfinite(off):
                why = "not a finite number"
            elif look.switched:
                why = point.in_words(look.switched) + ", which does not explain it"
        found.append(Entry(point.name(look.place), look.place[1], look.index, look.analytic, look.nudge.central, off, verdict,
                           look.nudge.below, look.nudge.above, slope, why))
    return found


def _sample(gradient, entries, rng):
    """Indices of randomly chosen entries, about half of them of entries that are not 0; all, where there are no more."""
    order = rng.permutation(gradient.size)
    paid = order[gradient.reshape(-1)[order] != 0][:entries // 2]
    others = order[~np.isin(order, paid)][:entries - len(paid)]
    return [tuple(int(i) for i in np.unravel_index(flat, gradient.shape)) for flat in (*paid, *others)]


def table(found):
    """How the entries of `check_net` came out, as text: a line for every array, the one nearest to the loss first."""
    rows = {}
    for entry in found:
        rows.setdefault(f"{entry.layer}.{entry.parameter}", []).append(entry)
    lines = [f"{'':10} {'pass':>5} {'kink':>5} {'fail':>5}   largest error of a pass"]
    for name, several in reversed(rows.items()):
        count = Counter(entry.verdict for entry in several)
        errors = [entry.error for entry in several if entry.verdict == "pass"]
        largest = f"{max(errors):.0e}" if errors else "-"
        lines.append(f"{name:10} {count['pass']:5} {count['kink']:5} {count['fail']:5}   {largest}")
    return "\n".join(lines)


class _Nudge(NamedTuple):
    """What a nudge of one entry by -h and +h does to the loss, as slopes, and what went into the layers from there on."""

    central: float
    below: float
    above: float
    inputs_down: list
    inputs_up: list


class _Look(NamedTuple):
    """One entry, before the verdict: what switched, and its slope for every way of holding the switches."""

    place: tuple
    index: tuple
    analytic: float
    nudge: _Nudge
    switched: list
    held: list


class _Point:
    """A network in float64 at its parameters and a batch: what went through it, and its gradients.

    `gradients` has an array for every *place*, (number of the layer, "x", "W" or "b"); the loss has the number after the last.
    """

    def __init__(self, net, x, y, loss):
        if np.shape(x)[1:] != net.input_shape or not len(x):
            raise ValueError(f"This network takes images of shape (N, {', '.join(map(str, net.input_shape))}), and at least one; "
                             f"got {np.shape(x)}.")
        description, arrays = net.pack()
        self.layers = Net.unpack(description, {key: value.astype(np.float64) for key, value in arrays.items()}).layers
        for mine, given in zip(self.layers, net.layers):
            mine.use(**given.own)
        self.y, self.loss_function = y, loss
        x = batch_innermost(np.asarray(x, np.float64))
        self.loss, self.inputs, self.gradients = map_in_threads(self._there_and_back, [x])[0]
        self.scale = max(1.0, abs(self.loss), np.abs(self.inputs[-1]).max())

    def _there_and_back(self, x):
        """The loss, what goes into every layer and into the loss, and all gradients."""
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

    def name(self, place):
        return self.layers[place[0]].name if place[0] < len(self.layers) else "loss"

    def nudge(self, place, index, h, held=()):
        """Move one entry by -h and by +h and follow it to the loss."""
        n, p = place
        here = float((self.inputs[n] if p == "x" else self.layers[n].params[p])[index])
        down, inputs_down = self._moved(n, p, index, here - h, held)
        up, inputs_up = self._moved(n, p, index, here + h, held)
        h_down, h_up = here - (here - h), (here + h) - here                # what is left of h in floating point
        return _Nudge((up - down) / (h_up + h_down), (self.loss - down) / h_down, (up - self.loss) / h_up, inputs_down, inputs_up)

    def _moved(self, n, p, index, value, held):
        """The loss with one entry moved to `value`, and what goes into layer n and every later one."""
        def replaced(array):
            array = array.copy()
            array[index] = value
            return array

        if p == "x":
            return self._from(n, replaced(self.inputs[n]), held)
        layer = self.layers[n]
        kept, layer.params = layer.params, layer.params | {p: replaced(layer.params[p])}
        try:
            return self._from(n, self.inputs[n], held)
        finally:
            layer.params = kept

    def _from(self, n, x, held):
        def work(x):
            inputs = []
            for number, layer in enumerate(self.layers[n:], start=n):
                inputs.append(x)
                x = held[number](x) if number in held else layer.forward(x)[0]
            return self.loss_function(x, self.y)[0], inputs

        return map_in_threads(work, [x])[0]

    # -------------------------------------------------------------------------------------------------------- switches

    def switched(self, place, nudge):
        """[(number of a layer, is it a tie?)] of the layers in which the nudge switches something."""
        found = []
        for n, (down, up) in enumerate(zip(nudge.inputs_down, nudge.inputs_up), start=place[0]):
            if n in self.switches:
                switch, here = self.switches[n], self.inputs[n]
                positions = [switch.positions(x) for x in (down, here, up)]
                changed = (positions[0] != positions[1]) | (positions[1] != positions[2])
                if changed.any():
                    found.append((n, bool((changed & switch.tied(here)).any())))
        return found

    def in_words(self, switched, rules=None):
        """What switches within a nudge; and how ties are dealt with, where that is not the package's way."""
        return "; ".join(self.switches[n].words[tie].format(self.layers[n].name)
                         + (RULE_IN_WORDS[rules[n]] if tie and rules else "") for n, tie in switched)

    @cached_property
    def switches(self):
        """{number of a layer: its switches}, for the layers whose operation has some."""
        return {n: SWITCHES[layer.operation.switch](layer) for n, layer in enumerate(self.layers) if layer.operation.switch}

    @cached_property
    def holds(self):
        """Every way of holding all switches: ({number of a layer: rule for ties}, {number of a layer: its held forward pass})."""
        choices = []
        for n, switch in self.switches.items():
            free = self.layers[n].own["backward"] and switch.tied(self.inputs[n]).any()
            choices.append(switch.rules if free else switch.rules[:1])
        ways = [dict(zip(self.switches, rules)) for rules in itertools.product(*choices)]
        return [(way, {n: self.switches[n].held(self.inputs[n], self.inputs[n + 1], rule) for n, rule in way.items()})
                for way in ways]


class Gates:
    """The switches of a ReLU: each entry passes or is stopped. `rules`, the package's first, say what an exact 0 does."""

    rules = ("shut", "open")
    words = {True: "{} is exactly at its bend", False: "{} opens or shuts"}

    def __init__(self, layer):
        pass

    def positions(self, x):
        """Which entries pass."""
        return x > 0

    def tied(self, x):
        """Which entries stand exactly between two positions."""
        return x == 0

    def held(self, x, out, rule):
        """The forward pass with its switches where they are for the input x and the output out."""
        gate = x >= 0 if rule == "open" else x > 0
        return lambda moved: moved * gate


class Winners:
    """The switches of a max pooling: each window has a winner. `rules`, the package's first, say which of equal maxima is paid."""

    rules = ("first", "last", "share")
    words = {True: "a tie in {}", False: "{}: the winner of a window changes"}

    def __init__(self, layer):
        self.k, self.stride, _ = layer.window

    def _windows(self, x):
        """(N, C, OH, OW, k*k): the entries of every window in reading order."""
        windows = np.lib.stride_tricks.sliding_window_view(x, (self.k, self.k), axis=(2, 3))[:, :, ::self.stride, ::self.stride]
        return windows.reshape(*windows.shape[:4], -1)

    def positions(self, x):
        """Which entry of each window wins."""
        return self._windows(x).argmax(axis=-1)

    def tied(self, x):
        """Which windows have more than one largest entry."""
        windows = self._windows(x)
        return (windows == windows.max(axis=-1, keepdims=True)).sum(axis=-1) > 1

    def held(self, x, out, rule):
        """The forward pass with its switches where they are for the input x and the output out."""
        won = self._windows(x) == out[..., None]
        if rule == "share":
            share = won / np.maximum(won.sum(axis=-1, keepdims=True), 1)
        else:
            share = np.zeros(won.shape)
            winner = won.argmax(axis=-1) if rule == "first" else won.shape[-1] - 1 - won[..., ::-1].argmax(axis=-1)
            np.put_along_axis(share, winner[..., None], 1, axis=-1)
        return lambda moved: (self._windows(moved) * share).sum(axis=-1)


SWITCHES = {"gate": Gates, "winner": Winners}
