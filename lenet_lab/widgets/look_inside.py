"""Look inside a network: all maps and kernels of a layer, and for the unit under the cursor its inputs and the units that use it.

Python runs the chosen image through the network (`lenet_lab.inside.look`) and sends the page all activations and gradients at once. The
receptive fields, the patch and the sum of one unit are computed when the page requests them. Where the page has the layer's weights, it
shows its own answer until that of Python has come.
"""

import itertools
import math
import re
from collections.abc import Callable
from typing import NamedTuple

import anywidget
import numpy as np
import traitlets

from lenet_core.registry import EVERYTHING
from lenet_lab import plots
from lenet_lab.inside.drawing import percent
from lenet_lab.inside.look import Look, twin

from .page import WithPicture, script, style

FORMULA = r" \[[^]]*\]"                    # of a receptive field, in its sentence; not read aloud
LARGEST = 10                             # number of contributions to an inner product that are listed


class LookInside(WithPicture, anywidget.AnyWidget):
    """Browse a network's maps and kernels for one image x[image] of x (N, C, H, W), with labels y (N,), and trace any unit.

    The widget shows the parameters that the network had when the widget was made; the network does not change. `image` is the index of
    the shown image, and can be set; `look` is its `Look`. Raises ValueError if x, y and `image` do not fit together, or if the network
    has a kind of layer that the widget cannot explain (those of 1998).
    """

    _esm = script("look_inside.js")
    _css = style("look_inside.css")
    image = traitlets.Int().tag(sync=True)
    page = traitlets.Dict().tag(sync=True)
    values = traitlets.Bytes().tag(sync=True)

    def __init__(self, net, x, y, image=0):
        self._net, self._x, self._y = twin(net), np.asarray(x), np.asarray(y)
        if self._x.shape[1:] != net.input_shape or self._y.shape != self._x.shape[:1]:
            raise ValueError(f"This network takes images (N, {', '.join(map(str, net.input_shape))}) with labels (N,); "
                             f"got x of shape {self._x.shape} and y of shape {self._y.shape}.")
        if not 0 <= image < len(self._x):
            raise ValueError(f"There are {len(self._x)} images, 0 to {len(self._x) - 1}; there is no image {image}.")
        if unknown := [layer.name for layer in net.layers if layer.kind not in WORDS]:
            raise ValueError(f"LookInside cannot explain the layers {', '.join(unknown)}; it explains {', '.join(WORDS)}.")
        self._at = None                                                    # layer, index and weight of the last request
        self.image = image
        self._show()
        super().__init__()
        self.observe(self._show, "image")
        self.on_msg(self._receive)

    @traitlets.validate("image")
    def _within(self, proposal):
        return min(max(0, proposal.value), len(self._x) - 1)

    def _show(self, change=None):
        """Run the image through the network, and send the page everything that does not depend on the cursor."""
        self.look = Look(self._net, self._x[self.image:self.image + 1], self._y[self.image:self.image + 1])
        if self._at is None:
            first = self.look.names[0]
            maps = self.look.maps(first)
            self._at = first, np.unravel_index(np.abs(maps).argmax(), maps.shape), None
        levels = [(self.look.x[0], self.look.net.layers[0].dx[0])]
        levels += [(self.look.maps(name), self.look.maps(name, "dout")) for name in self.look.names]
        with self.hold_sync():
            self.values = b"".join(part.astype(np.float32).tobytes() for level in levels for part in level)
            self.page = self._page()

    def _page(self):
        look, label = self.look, int(self.look.y[0])
        answer = int(look.p[0].argmax())
        names = ["image", *look.names]
        kinds = ["{}x{} pixels".format(*look.x.shape[2:]), *(about(layer) for layer in look.net.layers)]
        shapes = [look.x.shape[1:], *(look[name].out.shape[1:] for name in look.names)]
        weights = [None, *(list(layer.params["W"].shape) if layer.params else None for layer in look.net.layers)]
        operations = [{}, *({"kind": layer.kind, "options": layer.options} for layer in look.net.layers)]
        colours = plots.layer_colours(names)
        return {"count": len(self._x), "image": self.image, "label": label,
                "verdict": f"label {label}, answer {answer} ({percent(look.p[0, answer])}), loss {number(look.loss)}",
                "classes": [{"score": number(score, 3), "share": _finite(p)}
                            for score, p in zip(look.scores[0], look.p[0])],
                "levels": [{"name": name, "colour": colours[name], "about": kind, "shape": list(shape), "weights": W, **operation}
                           for name, kind, shape, W, operation in zip(names, kinds, shapes, weights, operations)],
                "unit": facts(look, *self._at)}

    def _receive(self, _, message, buffers):
        if message["do"] == "unit":
            self._at = message["layer"], tuple(message["index"]), message["weight"]
            self.send({"view": message["view"], "image": self.image, "unit": facts(self.look, *self._at)})
        else:
            layer = self.look[message["layer"]]
            arrays = [part.astype(np.float32).tobytes() for part in (layer.params["W"], layer.grads["W"], layer.params["b"])]
            self.send({"view": message["view"], "image": self.image, "weights": message["layer"]}, arrays)

    def picture(self):
        """The maps of the first layer: axes, text alternative, plain text."""
        name = self.look.names[0]
        alt = f"What {name} makes of image {self.image}, all maps on one colour scale: {self.page['verdict']}."
        return plots.layer_maps(self.look, name), alt, f"LookInside: image {self.image}"


# ---------------------------------------------------------------------------------------------------------- the unit in words


def facts(look, layer, index, weight=None):
    """Everything the page shows about one unit, as plain data: sentences, and the regions to be framed.

    `weight` is the index of one weight, (channel, row, column) in a filter or (input,) in an inner product; None for no weight.
    """
    index = tuple(int(i) for i in index)
    unit = look.unit(layer, index)
    fields = [{"name": f.name, "channels": f.channels, "rows": f.rows, "columns": f.columns} for f in unit.fields]
    made = {"layer": layer, "index": index, "weight": weight, "name": name_of(layer, index), "entry": entry_of(layer, index),
            "value": number(unit.value), "gradient": number(unit.gradient), "fields": fields, "winner": unit.winner,
            "comes": _comes(look, unit), "patch": None, "kernel": None, "terms": [], "weightWords": ""} | _sum(look, unit)
    made["goes"], made["feeds"] = _feeds(look, unit)
    made["back"] = _back(look, unit)
    if weight is not None:
        made["weightWords"] = _weight(look, unit, tuple(weight))
    made["said"] = f"{made['name']} = {made['value']}, gradient {made['gradient']}. {re.sub(FORMULA, '', made['comes'][-1]) if fields else ''}"
    return made


def about(layer):
    """What a layer does, in a few words."""
    return WORDS[layer.kind].about(layer)


def name_of(layer, index):
    """A unit's name: pool2 (3, 1, 2)."""
    return f"{layer} ({', '.join(map(str, index))})"


def entry_of(layer, index):
    """The Python expression of the unit, after `net.loss` has been called with this image alone."""
    entry = ", ".join(map(str, (0, *index)))
    return f"x[{entry}]" if layer == "image" else f'net["{layer}"].out[{entry}]'


def number(value, digits=4):
    """A number as the page writes it."""
    return f"{value + 0.0:.{digits}g}"                                      # + 0.0: no -0


def _comes(look, unit):
    """The receptive fields in sentences; one sentence for all from the first one that is the whole input."""
    for n, field in enumerate(unit.fields):
        if not field.size and all(_everything(look, below) for below in unit.fields[n:]):
            return [in_words(look, unit, m) for m in range(n)] + [f"{', '.join(f.name for f in unit.fields[n:])}: everything"]
    return [in_words(look, unit, n) for n in range(len(unit.fields))]


def _everything(look, field):
    shape = _shape(look, field.name)
    shape = shape if len(shape) == 3 else (1, 1, *shape)
    return [field.channels, field.rows, field.columns] == [(0, length - 1) for length in shape]


def _shape(look, name):
    return look.x.shape[1:] if name == "image" else look[name].out.shape[1:]


def in_words(look, unit, n):
    """The unit's n-th receptive field in a sentence, its size by the formula: (size - 1) * stride + k."""
    field, names = unit.fields[n], look.names
    layer = look.net.layers[names.index(unit.layer) - n]
    place = f"{_span('row', field.rows)}, {_span('column', field.columns)}"
    last, shape = field.name == "image", _shape(look, field.name)
    if len(shape) == 1:
        return f"{field.name}: number {field.columns[0]}"
    if not field.size:
        return f"{field.name}: {place}"
    before = unit.fields[n - 1].size if n else 1
    size = f"{field.size}x{field.size}"
    k, stride, _ = layer.window
    formula = f" [({before} - 1)*{stride} + {k}]" if layer.operation.switch != "gate" else ""
    cut = [last - first + 1 for first, last in (field.rows, field.columns)]
    border = f" (cut off at the border: {cut[0]}x{cut[1]})" if cut != [field.size] * 2 else ""
    if last:
        return f"image: {size} pixels{border}, {place}; each step of the unit moves it by {field.step}{formula}"
    channels = f"all {shape[0]} maps, " if field.channels != (field.channels[0],) * 2 else f"map {field.channels[0]}, "
    return f"{field.name}: {channels}{size}{border}, {place}{formula}"


def _span(word, span):
    return f"{word} {span[0]}" if span[0] == span[1] else f"{word}s {span[0]} to {span[1]}"


def _sum(look, unit):
    """How the value is computed: "sum" in one line; "terms", its parts; "patch" and "kernel" (C, k, k) to draw, with "sums"."""
    if unit.layer == "image":
        return {"sum": f"The pixel is {number(unit.value)}."}
    return WORDS[look[unit.layer].kind].sum(look, unit)


def _about_conv(layer):
    filters, channels, k, _ = layer.params["W"].shape
    options = "".join(f", {name} {value}" for name, value in layer.options.items() if value != {"stride": 1, "pad": 0}[name])
    return f"convolution, {filters} filters of {k}x{k}" + (f" over {channels} maps" if channels > 1 else "") + options


def _sum_of_conv(look, unit):
    products, value, bias = unit.patch * unit.weights, number(unit.value), number(unit.bias, 3)
    sums = products.sum(axis=(1, 2))
    tiles = {"patch": _listed(unit.patch), "kernel": _listed(unit.weights), "sums": [_finite(s) for s in sums]}
    if len(products) == 1:
        text = " + ".join(_times(x, w) for x, w in zip(unit.patch.ravel(), unit.weights.ravel()))
        return tiles | {"sum": f"sum of x*w + b = {text} + {bias} = {value}"}
    text = " + ".join(_signed(s) for s in sums)
    return tiles | {"sum": f"sum of x*w + b, channel by channel = {text} + {bias} = {value}"}


def _about_max_pool(layer):
    k, stride, _ = layer.window
    return f"max pooling, windows of {k}x{k}, stride {stride}"


def _largest_of_window(look, unit):
    window = unit.patch.ravel()
    tie = "; a tie, and the first in reading order wins" if np.sum(window == unit.value) > 1 else ""
    return {"sum": f"max({', '.join(number(v, 3) for v in window)}) = {number(unit.value)}, from "
                   f"{name_of(unit.fields[0].name, unit.winner)}{tie}",
            "patch": _listed(unit.patch[None])}


def _about_relu(layer):
    return "ReLU, max(0, x)"


def _cut_at_zero(look, unit):
    note = "" if unit.patch > 0 else ": the gradient stops here"
    return {"sum": f"max(0, {number(unit.patch)}) = {number(unit.value)}{note}"}


def _about_inner_product(layer):
    return "inner product, {:,} numbers to {:,}".format(*layer.params["W"].shape)


def _sum_of_inner_product(look, unit):
    products, shape, below = unit.patch * unit.weights, look[unit.layer].x.shape[1:], unit.fields[0].name
    order = np.argsort(-np.abs(products), kind="stable")[:LARGEST]
    terms = [f"{name_of(below, np.unravel_index(m, shape))}: {_times(x, w)} = {number(x * w, 3)}"
             for m, x, w in zip(order, unit.patch[order], unit.weights[order])]
    total, rest = products.sum(), products.sum() - products[order].sum()
    if len(products) > len(order):
        terms.append(f"the other {len(products) - len(order):,}: {number(rest, 3)}")
    words = (f"sum of {len(products):,} products x*w {number(total)} + b {number(unit.bias, 3)} = {number(unit.value)}; "
             "the largest:")
    return {"sum": words, "terms": terms}


class Words(NamedTuple):
    """The explanations of a kind of layer: `about(layer)`, its operation, and `sum(look, unit)`, how one number is computed."""

    about: Callable
    sum: Callable


WORDS = {"conv": Words(_about_conv, _sum_of_conv), "max_pool": Words(_about_max_pool, _largest_of_window),
         "relu": Words(_about_relu, _cut_at_zero), "inner_product": Words(_about_inner_product, _sum_of_inner_product)}


def _times(x, w):
    return f"{number(x, 3)}*{_signed(w)}"


def _signed(value):
    return number(value, 3) if value >= 0 else f"({number(value, 3)})"


def _feeds(look, unit):
    """The units above that use the unit, in words and as indices."""
    if unit.feeds is None:
        return f"softmax, as the score of class {unit.index[0]}: its probability is {look.p[0, unit.index[0]]:.4f}", None
    name, rows, columns = unit.feeds
    above = look[name]
    if rows[0] > rows[1] or columns[0] > columns[1]:
        return f"nothing: no window of {name} holds it", None
    channels = (0, 0)
    if above.out.ndim == 2:
        words = f"{name}: all {columns[1] + 1:,} numbers" if above.window is EVERYTHING else name_of(name, columns[:1])
    else:
        channels = (0, above.out.shape[1] - 1) if above.params else (unit.index[0],) * 2
        maps = f"all {channels[1] + 1} maps" if above.params else f"map {channels[0]}"
        words = f"{name}: {maps}, {_span('row', rows)}, {_span('column', columns)}"
        if above.operation.switch == "winner":
            windows = list(itertools.product(_range(rows), _range(columns)))
            won = sum(look.unit(name, (channels[0], *place)).winner == unit.index for place in windows)
            words += (f"; it is the maximum in {won} of {len(windows)} windows" if len(windows) > 1 else
                      f"; it is {'' if won else 'not '}the maximum there")
    return words, {"name": name, "channels": channels, "rows": rows, "columns": columns}


def _back(look, unit):
    """The gradient of the unit in words, and the reason if it is zero because of the next layer."""
    gradient = number(unit.gradient)
    if unit.gradient == 0:
        switch = look[unit.feeds[0]].operation.switch if unit.feeds else ""
        reason = ("it is the maximum of no window that has a gradient" if switch == "winner" else
                  "ReLU lets nothing back to a number below 0" if switch == "gate" and unit.value <= 0 else
                  "a small change here does not change the loss")
        return f"0: {reason}"
    if unit.feeds is None:
        return f"{gradient}: its probability" + (" - 1, since it is the label" if unit.index[0] == look.y[0] else "")
    return f"{gradient}: if this number grew by 0.01, the loss would change by about {number(unit.gradient * 0.01, 2)}"


def _weight(look, unit, place):
    """One weight of the unit's filter or column, in words."""
    layer = look[unit.layer]
    where = (*place, unit.index[0]) if layer.window is EVERYTHING else (unit.index[0], *place)
    W, dW = layer.params["W"][where], layer.grads["W"][where]
    x = unit.patch[place]
    entry = ", ".join(map(str, where))
    places = f", a sum over {math.prod(layer.out.shape[2:]):,} places" if layer.out.ndim == 4 else ""
    words = f"weight W[{entry}] = {number(W)}, its gradient {number(dW)}{places}"
    return f"{words}; for this unit it is multiplied by x = {number(x)}"


def _range(span):
    return range(span[0], span[1] + 1)


def _listed(array):
    """Nested lists of numbers with five digits, None for NaN and infinity."""
    return [[[_finite(float(f"{v:.5g}")) for v in row] for row in part] for part in array]


def _finite(value):
    return float(value) if np.isfinite(value) else None
