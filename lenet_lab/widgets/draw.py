"""Draw a digit: what does the network read, and what would change its mind?

The browser side (`draw.js`) keeps the strokes and sends the sheet as grey levels; Python turns it into a picture as MNIST's were
made, runs the network forward and backward (`lenet_lab.inside.drawing`), and answers with everything the page shows. While one drawing
is under way the page sends no other, only the newest one afterwards: so the pictures keep up with the hand at any speed.
A recent JupyterLab lets the answer be worked out on a thread of its own while a cell runs; hence the lock.
"""

import threading

import anywidget
import numpy as np
import traitlets

from lenet_core._parallel import map_in_threads
from lenet_lab import plots
from lenet_lab.inside.drawing import FIELD, as_mnist, checked, read, resized, sentence

from .page import HERE, WithPicture, script

SHEET = 140                              # the page's drawing is sent with so many pixels a side


class DrawDigit(WithPicture, anywidget.AnyWidget):
    """A sheet to draw on, and what `net` (for images 1x28x28) makes of it: picture, answer, feature maps, gradient.

    `draw(ink)` puts a drawing on the sheet from Python. `ink` is the drawing, `image` what the network sees of it (28, 28), `p`
    the probabilities (K,), `gradient` (28, 28) that of log p of one class with respect to `image`. `centred` (is the drawing
    scaled and centred as MNIST's digits were?) and `towards` (that class; None for the answer) can be set here and on the page.
    `refresh()` reads the drawing again when the network has been trained on. The network is left as it is.
    """

    _esm = script("draw.js")
    _css = HERE / "draw.css"
    page = traitlets.Dict().tag(sync=True)
    centred = traitlets.Bool(True).tag(sync=True)
    towards = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(self, net):
        if net.input_shape != (1, FIELD, FIELD):
            raise ValueError(f"DrawDigit makes pictures of 1x{FIELD}x{FIELD}; "
                             f"this network takes {'x'.join(map(str, net.input_shape))}.")
        self.net, self._classes, self._drawings, self._lock = net, net.shapes()[-1][0], 0, threading.RLock()
        self._about = _abouts(net)
        super().__init__()
        self.on_msg(self._receive)
        self.draw(np.zeros((SHEET, SHEET)))

    def draw(self, ink):
        """Put a drawing (H, W), from 0 (paper) to 1 (ink), on the sheet in place of what is there; everything follows."""
        self._drawings += 1
        self._put(checked(ink), f"from Python, {self._drawings}")

    def refresh(self):
        """Read the drawing again with the network's parameters as they are now."""
        with self._lock:
            self._put(self.ink, self.page["drawing"])

    @traitlets.validate("towards")
    def _known(self, proposal):
        if proposal["value"] is not None and not 0 <= proposal["value"] < self._classes:
            raise traitlets.TraitError(f"towards is a class, 0 .. {self._classes - 1}, or None; not {proposal['value']}.")
        return proposal["value"]

    @traitlets.observe("centred", "towards")
    def _otherwise(self, _):
        self._safely(self.refresh)

    def _receive(self, _, message, buffers):
        ink = np.frombuffer(buffers[0], np.uint8).reshape(SHEET, SHEET) / np.float32(255)
        self._safely(lambda: self._put(ink, message["drawing"]))

    def _safely(self, act):
        """For what comes from the page: a student's own layer may raise anything, and the page must not wait for ever."""
        try:
            act()
        except Exception as error:
            self.send({"failed": f"{type(error).__name__}: {error}"})
            raise

    def _put(self, ink, drawing):
        with self._lock:
            # The products are small: sharing one between two busy processors takes 120 ms of waiting instead of 7 ms of work.
            image, reading, sent = map_in_threads(self._worked_out, [ink])[0]
            self.ink, self.image, self.p, self.gradient = ink, image, reading.p, reading.gradient
            self.page = {
                "drawing": drawing, "ink": sent, "blank": not ink.any(), "said": self._said, "towards": reading.towards,
                "p": _bytes(reading.p), "image": _bytes(image), "gradient": _bytes(reading.gradient),
                "layers": [{"name": name, "about": self._about[name], "shape": maps.shape, "maps": _bytes(maps)}
                           for name, maps in reading.maps.items()]}

    def _worked_out(self, ink):
        image = as_mnist(ink, self.centred)
        return image, read(self.net, image, self.towards), (resized(ink, SHEET) * 255).round().astype(np.uint8).tobytes()

    @property
    def _said(self):
        return sentence(self.p, blank=not self.ink.any())

    def picture(self):
        alt = f"A drawing, the picture the network sees, its probabilities, and the gradient. {self._said}"
        return plots.drawn_digit(self.ink, self.image, self.p, self.gradient, self.page["towards"]), alt, f"DrawDigit: {self._said}"


def _abouts(net):
    """How the numbers of each layer come about, in a sentence, by the layers' names."""
    below, abouts = "the picture", {}
    for layer in net.layers:
        _, c, k, _ = layer.params["W"].shape if layer.kind == "conv" else (0, 0, layer.options.get("k"), 0)
        everywhere = ", in all its maps" if c > 1 else ""
        abouts[layer.name] = {
            "conv": f"The map's filter times a {k}×{k} window of {below}{everywhere}, summed, plus a bias.",
            "max_pool": f"The largest number of a {k}×{k} window of {below}.",
            "relu": f"The number in {below}, or 0 if that is negative."}.get(layer.kind)
        below = layer.name
    return abouts


def _bytes(values):
    return np.ascontiguousarray(values, "<f4").tobytes()
