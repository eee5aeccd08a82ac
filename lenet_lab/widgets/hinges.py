"""A function made of hinges, b + sum of c ReLU(x - t), under one's hands: what does each coefficient do to the slopes?

The browser side (`hinges.js`) does all the arithmetic, a handful of sums, so the sliders answer also while the kernel is busy;
what they say comes back in the traits `b`, `hinges` and `shown`.
"""

from pathlib import Path

import anywidget
import traitlets

from .. import plots
from ..plots import relus

HERE = Path(__file__).parent


class Hinges(anywidget.AnyWidget):
    """Sliders for b and for the place and the coefficient of each hinge; the curve, and the slope of every segment as text.

    `hinges` is a list of [place, coefficient]. The first `shown` of them are at work; buttons add and remove the last one. The
    picture goes from `low` to `high`.
    """

    _esm = HERE / "hinges.js"
    _css = HERE / "hinges.css"
    b = traitlets.Float().tag(sync=True)
    hinges = traitlets.List().tag(sync=True)
    shown = traitlets.Int().tag(sync=True)
    low = traitlets.Float(-1.0).tag(sync=True)
    high = traitlets.Float(9.0).tag(sync=True)

    def __init__(self, b, hinges, shown):
        super().__init__(b=float(b), hinges=[[float(t), float(c)] for t, c in hinges], shown=shown)

    def _repr_mimebundle_(self, **kwargs):
        """The widget, and a picture of the curve with all its hinges for where widgets do not run."""
        made = super()._repr_mimebundle_(**kwargs)
        data, metadata = made if isinstance(made, tuple) else (made, {})
        data["image/png"] = plots.png(relus.bends(self.b, self.hinges, self.low, self.high))
        data["text/plain"] = f"Hinges: {relus.formula(self.b, self.hinges)}"
        alt = f"{relus.formula(self.b, self.hinges)}, with the slopes {relus.slopes_in_words(self.hinges)}."
        return data, metadata | {"image/png": {"alt": alt}}
