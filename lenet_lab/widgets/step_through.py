"""Step through a pass computed by hand: for each number, its inputs and its arithmetic.

Python does the arithmetic (`lenet_lab.toy.worked`) and sends the page every number with its formula, its arithmetic and its inputs at
once. The browser side (`step_through.js`) highlights them, and needs the kernel only when a number is edited. So stepping and playing
also work while the kernel is busy.
"""

import re
from fractions import Fraction

import anywidget
import numpy as np
import traitlets

from lenet_lab import plots
from lenet_lab.toy.practice import Problem, describe
from lenet_lab.toy.worked import BACKWARD, FORWARD, GIVEN, show

from .page import WithPicture, script, style

NUMBER = re.compile(r"[-+]?(\d{1,3}(\.\d{0,4})?|\.\d{1,4})(/\d{1,3})?")
IN_WORDS = "write a whole number, a decimal such as -0.5, or a fraction such as 1/2, below 1,000"
FEATURES = ("x", "F", "C", "P")
LAYER = {"x": "image", "F": "conv1", "C": "conv1", "P": "pool1", "v": "pool1", "W1": "ip1", "b": "ip1", "z": "ip1",
         "s": "relu1"}                               # the layer whose colour a grid has; softmax and loss are not layers


class StepThrough(WithPicture, anywidget.AnyWidget):
    """The network of a `Problem` as linked grids, forward and backward, with every number's arithmetic.

    `problem` is the shown problem, with the edited numbers. Image, filters, weights, biases and label can be edited on the page. `edit`
    and `set_label` do the same from Python, and raise ValueError where the page shows a message.
    """

    _esm = script("step_through.js")
    _css = style("step_through.css")
    page = traitlets.Dict().tag(sync=True)

    def __init__(self, problem):
        self.problem, self._original = problem, problem
        super().__init__(page=_page(problem))
        self.on_msg(self._receive)

    def edit(self, key, index, text):
        """Change one number of a given grid ("x", "F", "W1" or "b") at an array index, and compute everything again."""
        if key not in GIVEN or tuple(index) not in np.ndindex(self.problem.worked[key].values.shape):
            raise ValueError(f"Given are {', '.join(GIVEN)}; there is no {key!r} with index {tuple(index)} among them.")
        name = self.problem.worked.name(key, index)
        number = str(text).strip().replace("\N{MINUS SIGN}", "-")
        old = show(self.problem.worked.value(key, index))
        if not NUMBER.fullmatch(number) or re.search("/0+$", number):
            raise ValueError(f"{name}: “{number[:20]}” is not a number I can use; {IN_WORDS}. It stays {old}.")
        top, _, bottom = number.partition("/")
        values = self.problem.worked[key].values.copy()
        values[tuple(index)] = Fraction(top) / int(bottom or 1)
        self._show(**{key: values})

    def set_label(self, label):
        """Change the label of the image to another class, 0 .. M-1, and compute everything again."""
        self._show(label=label)

    def reset(self):
        """Return to the original numbers."""
        self.problem = self._original
        self.page = _page(self.problem)

    def _show(self, **changes):
        changed = self.problem.worked.changed(**changes)
        self.problem = Problem(self._original.name, changed)
        self.page = _page(self.problem)

    def _receive(self, _, message, buffers):
        try:
            if message["do"] == "edit":
                key, index = _from_id(message["cell"])
                self.edit(key, index, message["text"])
            elif message["do"] == "label":
                self.set_label(int(message["label"]))
            else:
                self.reset()
        except ValueError as refused:
            self.send({"refused": str(refused)})

    def picture(self):
        """All numbers of the pass: axes, text alternative, plain text."""
        alt = f"All numbers of the pass, forward and backward: {describe(self.problem.worked)}."
        return plots.worked_pass(self.problem.worked), alt, f"StepThrough: {self.problem.name}"


def _id(ref):
    key, index = ref
    return f"{key}:{','.join(map(str, index))}"


def _from_id(text):
    key, _, index = text.partition(":")
    return key, tuple(map(int, index.split(",")))


def _page(problem):
    """Everything the browser shows, as plain data: the grids, the cells by their ids, and the order of the steps."""
    w = problem.worked
    colours = plots.layer_colours(("image", "conv1", "pool1", "ip1", "relu1"))
    grids = [{"key": key, "colour": colours.get(LAYER.get(key.removeprefix("d"))), "title": w[key].title, "given": key in GIVEN,
              "backward": key in BACKWARD,
              "features": key.removeprefix("d") in FEATURES, "column": key.removeprefix("d") in ("b", "z", "s", "y"),
              "maps": [{"name": name, "rows": [[_id((key, index)) for index in row] for row in rows]} for name, rows in w.maps(key)]}
             for key in (*GIVEN, *FORWARD, *BACKWARD)]
    cells = {_id((key, index)): {"name": w.name(key, index), "array": w.array_entry(key, index), "value": show(w.value(key, index))}
             for key in GIVEN for _, rows in w.maps(key) for row in rows for index in row}
    for cell in w.steps:
        cells[_id((cell.grid, cell.index))] = {
            "name": cell.name, "array": w.array_entry(cell.grid, cell.index), "value": show(cell.value), "formula": cell.formula,
            "arithmetic": cell.arithmetic, "note": cell.note,
            "terms": [{"text": term.text, "value": show(term.value), "inputs": [_id(ref) for ref in term.inputs]} for term in cell.terms]}
    return {"name": problem.name, "about": describe(w), "label": w.label, "classes": len(w["b"].values), "grids": grids,
            "cells": cells, "steps": [_id((cell.grid, cell.index)) for cell in w.steps]}
