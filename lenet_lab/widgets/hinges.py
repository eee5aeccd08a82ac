"""A function made of hinges, b + sum of c ReLU(x - t), with sliders: the effect of each coefficient on the slopes.

The browser side (`hinges.js`) does all the arithmetic, so the sliders also work while the kernel is busy. Their values are in the traits
`b`, `hinges` and `shown`.
"""

import anywidget
import traitlets

from lenet_lab.plots import relus

from .page import WithPicture, script, style


class Hinges(WithPicture, anywidget.AnyWidget):
    """Sliders for b and for the position and the coefficient of each hinge; the curve, and the slope of every segment as text.

    `hinges` is a list of [position, coefficient]. The first `shown` of them are used; buttons add and remove the last one. The
    curve is drawn from `low` to `high`.
    """

    _esm = script("hinges.js")
    _css = style("hinges.css")
    b = traitlets.Float().tag(sync=True)
    hinges = traitlets.List().tag(sync=True)
    shown = traitlets.Int().tag(sync=True)
    low = traitlets.Float(-1.0).tag(sync=True)
    high = traitlets.Float(9.0).tag(sync=True)

    def __init__(self, b, hinges, shown):
        super().__init__(b=float(b), hinges=[[float(t), float(c)] for t, c in hinges], shown=shown)

    def picture(self):
        """The curve with its slopes: axes, text alternative, plain text."""
        formula = relus.formula(self.b, self.hinges)
        alt = f"{formula}, with the slopes {relus.slopes_in_words(self.hinges)}."
        return relus.kinks(self.b, self.hinges, self.low, self.high), alt, f"Hinges: {formula}"
