"""The mistakes of a network: a confusion matrix, and the images of each of its cells.

A click on a cell shows its images with label, answer and probability, in order of decreasing probability. Beside the matrix are the
precision and recall of each digit. Python computes everything (`lenet_lab.inside.look`) and sends the page the images of all cells at
once. So the browser side (`mistakes.js`) opens a cell without asking, also while the kernel is busy.
"""

import anywidget
import numpy as np
import traitlets

from lenet_lab import plots
from lenet_lab.inside.drawing import percent
from lenet_lab.inside.look import mistakes, precision_and_recall, probabilities

from .page import WithPicture, script, style

SHOWN = 24                               # largest number of images shown at once


class Mistakes(WithPicture, anywidget.AnyWidget):
    """The confusion matrix of `net` on images x (N, 1, H, W) with labels y (N,), and the images of every cell.

    `look_at(true, answer)` does the same as a click on a cell; `look_at()` shows all mistakes, those with the highest probability first.
    `p` (N, K) are the probabilities, `found` the `lenet_lab.inside.look.Misread`.
    """

    _esm, _css = script("mistakes.js"), style("mistakes.css")
    page = traitlets.Dict().tag(sync=True)
    pixels = traitlets.Bytes().tag(sync=True)               # of the images that can be opened: grey levels, 0 white and 255 black
    opened = traitlets.Dict().tag(sync=True)

    def __init__(self, net, x, y, name="test images"):
        self.x, self.y, self.name = x, np.asarray(y), name
        self.p = probabilities(net, x)
        self.answers, self.found = self.p.argmax(axis=1), mistakes(self.p, self.y)
        K = self.p.shape[1]
        counts = np.zeros((K, K), int)
        np.add.at(counts, (self.y, self.answers), 1)
        precision, recall = precision_and_recall(self.p, self.y)
        surest = {f"{i},{j}": self._surest(i, j) for i, j in np.argwhere(counts)} | {"all": self.found.places[:SHOWN]}
        shown = np.unique(np.concatenate(list(surest.values())).astype(int))
        levels = (np.clip(np.nan_to_num(x[shown, 0]), 0, 1) * 255).round().astype(np.uint8)
        self.pixels = levels.tobytes()
        self.page = {"counts": counts.tolist(), "precision": precision.tolist(), "recall": recall.tolist(), "images": len(self.y),
                     "mistakes": len(self.found.places), "name": name, "size": levels.shape[1:],
                     "shown": [{"number": int(n), "words": self._words(n)} for n in shown],
                     "cells": {cell: np.searchsorted(shown, places).tolist() for cell, places in surest.items()}}
        self.look_at()
        super().__init__()

    def look_at(self, true=None, answer=None):
        """Show the images of one cell of the matrix, or without arguments all mistakes, by decreasing probability of the answer."""
        self.opened = {"true": true, "answer": answer}

    def _surest(self, true, answer):
        places = np.flatnonzero((self.y == true) & (self.answers == answer))
        return places[np.argsort(-self.p[places, answer], kind="stable")][:SHOWN]

    def _words(self, n):
        label, answer = self.y[n], self.answers[n]
        words = f"{label} read as {answer}, {percent(self.p[n, answer])} sure"
        return words if label == answer else f"{words}; {label} got {percent(self.p[n, label])}"

    def picture(self):
        """The confusion matrix: axes, text alternative, plain text."""
        words = f"{len(self.found.places):,} of {len(self.y):,} {self.name} misread; most often {plots.frequent_mistakes(self.y, self.answers)}"
        return plots.confusions(self.y, [self.answers], ["mistakes"], self.name), words, f"Mistakes: {words}"
