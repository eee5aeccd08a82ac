"""The mistakes of a network: a confusion matrix, and the images of each of its cells.

A click on a cell shows its images with label, answer and probability, in order of decreasing probability. Beside the matrix are the
precision and recall of each digit. Python computes everything (`lenet_lab.inside.look`), and the browser side (`mistakes.js`) draws it.
"""

from html import escape

import anywidget
import numpy as np
import traitlets

from lenet_lab import plots
from lenet_lab.inside.drawing import percent
from lenet_lab.inside.look import mistakes, precision_and_recall, probabilities

from .page import WithPicture, script, style
from .pixels import image

SHOWN = 24                               # largest number of images shown at once


class Mistakes(WithPicture, anywidget.AnyWidget):
    """The confusion matrix of `net` on images x (N, 1, H, W) with labels y (N,), and the images of every cell.

    `look_at(true, answer)` does the same as a click on a cell; `look_at()` shows all mistakes, those with the highest probability first.
    `p` (N, K) are the probabilities, `found` the `lenet_lab.inside.look.Misread`.
    """

    _esm, _css = script("mistakes.js"), style("mistakes.css")
    page = traitlets.Dict().tag(sync=True)
    opened = traitlets.Dict().tag(sync=True)

    def __init__(self, net, x, y, name="test images"):
        self.x, self.y, self.name = x, np.asarray(y), name
        self.p = probabilities(net, x)
        self.answers, self.found = self.p.argmax(axis=1), mistakes(self.p, self.y)
        K = self.p.shape[1]
        counts = np.zeros((K, K), int)
        np.add.at(counts, (self.y, self.answers), 1)
        precision, recall = precision_and_recall(self.p, self.y)
        self.page = {"counts": counts.tolist(), "precision": precision.tolist(), "recall": recall.tolist(), "images": len(self.y),
                     "mistakes": len(self.found.places), "name": name}
        self.look_at()
        super().__init__()
        self.on_msg(self._receive)

    def _receive(self, _, message, buffers):
        self.look_at(message.get("true"), message.get("answer"))
        self.send({"shown": True})

    def look_at(self, true=None, answer=None):
        """Show the images of one cell of the matrix, or without arguments all mistakes, by decreasing probability of the answer."""
        if true is None:
            places, words = self.found.places, "All mistakes"
        else:
            places = np.flatnonzero((self.y == true) & (self.answers == answer))
            places = places[np.argsort(-self.p[places, answer], kind="stable")]
            words = f"A {true} read as {answer}"
        first = places[:SHOWN]
        title = f"{words}: {len(places):,} of {len(self.y):,} {self.name}" + (f"; the {SHOWN} surest" if len(places) > SHOWN else "")
        self.opened = {"title": title, "true": true, "answer": answer, "images": [self._figure(n) for n in first]}

    def _figure(self, n):
        label, answer = self.y[n], self.answers[n]
        words = f"{label} read as {answer}, {percent(self.p[n, answer])} sure"
        words += "" if label == answer else f"; {label} got {percent(self.p[n, label])}"
        return f"<figure>{image(self.x[n, 0], f'test image {n}: a {words}', zoom=3)}<figcaption>{escape(words)}<br>image {n}</figcaption></figure>"

    def picture(self):
        """The confusion matrix: axes, text alternative, plain text."""
        words = f"{len(self.found.places):,} of {len(self.y):,} {self.name} misread; most often {plots.frequent_mistakes(self.y, self.answers)}"
        return plots.confusions(self.y, [self.answers], ["mistakes"], self.name), words, f"Mistakes: {words}"
