"""Draw a digit and see the network's answer, its feature maps, and the gradient of the answer with respect to the pixels.

The browser side (`draw.js`) keeps the strokes and sends the drawing as grey levels. Python preprocesses it like MNIST's images, runs the
network forward and backward (`lenet_lab.inside.drawing`), and replies with everything the page shows. The page waits for this reply and
then sends only the newest drawing, so the page stays up to date at any drawing speed. A recent JupyterLab may process messages on another
thread while a cell runs; hence the lock.

The page also gets the weights, where it can compute the network itself (`net.js`). Then it shows its own reading until Python's has come, and
asks Python only when the pen rests.
Every reply says which weights it is of; the page forgets other ones, and asks for the new ones when nobody draws.
"""

import threading
import zlib

import anywidget
import numpy as np
import traitlets

from lenet_core._parallel import map_in_threads
from lenet_lab import plots
from lenet_lab.inside.drawing import FIELD, as_mnist, checked, read, resized, sentence

from .page import WithPicture, script, style

SHEET = 140                              # pixels per side of the drawing that the page sends
KINDS = ("conv", "max_pool", "relu", "inner_product")           # of layers that the page can compute
MOST = 1_000_000                         # parameters that a page is sent


class DrawDigit(WithPicture, anywidget.AnyWidget):
    """A sheet to draw on, with the answer of `net` (for images 1x28x28): its input, probabilities, feature maps and gradient.

    `draw(ink)` replaces the drawing from Python. `ink` is the drawing, `image` (28, 28) the network's input, `p` (K,) the
    probabilities, and `gradient` (28, 28) the gradient of log p of one class with respect to `image`. Two settings can be changed here
    and on the page: `centred` (whether the drawing is scaled and centred as MNIST's digits were) and `towards` (the class of the
    gradient; None for the answer). `refresh()` computes everything again after the network has been trained. The network does not
    change. Raises ValueError for a network with other input.
    """

    _esm = script("draw.js")
    _css = style("draw.css")
    page = traitlets.Dict().tag(sync=True)
    centred = traitlets.Bool(True).tag(sync=True)
    towards = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(self, net):
        if net.input_shape != (1, FIELD, FIELD):
            raise ValueError(f"DrawDigit makes pictures of 1x{FIELD}x{FIELD}; "
                             f"this network takes {'x'.join(map(str, net.input_shape))}.")
        self.net, self._classes, self._drawings, self._lock = net, net.shapes()[-1][0], 0, threading.RLock()
        self._about = abouts(net)
        self.draw(np.zeros((SHEET, SHEET)))
        super().__init__()
        self.on_msg(self._receive)

    def draw(self, ink):
        """Replace the drawing by `ink` (H, W), from 0 (paper) to 1 (ink), and compute everything again."""
        self._drawings += 1
        self._put(checked(ink), f"from Python, {self._drawings}")

    def refresh(self):
        """Compute everything again with the present parameters of the network."""
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
        if message.get("do") == "weights":
            self._send_weights()
            return
        ink = np.frombuffer(buffers[0], np.uint8).reshape(SHEET, SHEET) / np.float32(255)
        self._safely(lambda: self._put(ink, message["drawing"]))

    def _send_weights(self):
        numbers = [_bytes(values) for layer in self.net.layers for values in layer.params.values()]
        self.send({"weights": weights_name(self.net), "input": self.net.input_shape, "layers": described(self.net)}, [b"".join(numbers)])

    def _safely(self, act):
        """Call `act` for the page; send any exception (a student's own layer may raise one), so that the page does not wait forever."""
        try:
            act()
        except Exception as error:
            self.send({"failed": f"{type(error).__name__}: {error}"})
            raise

    def _put(self, ink, drawing):
        with self._lock:
            # In a single thread: with two threads on busy processors the small matrix products took 120 ms instead of 7 ms.
            image, reading, sent = map_in_threads(self._computed, [ink])[0]
            self.ink, self.image, self.p, self.gradient = ink, image, reading.p, reading.gradient
            self.page = {
                "drawing": drawing, "weights": weights_name(self.net), "ink": sent, "blank": not ink.any(), "said": self._said,
                "towards": reading.towards, "p": _bytes(reading.p), "image": _bytes(image), "gradient": _bytes(reading.gradient),
                "layers": [{"name": name, "about": self._about[name], "shape": maps.shape, "maps": _bytes(maps)}
                           for name, maps in reading.maps.items()]}

    def _computed(self, ink):
        image = as_mnist(ink, self.centred)
        return image, read(self.net, image, self.towards), (resized(ink, SHEET) * 255).round().astype(np.uint8).tobytes()

    @property
    def _said(self):
        return sentence(self.p, blank=not self.ink.any())

    def picture(self):
        """The drawing, the network's input, probabilities and gradient: axes, text alternative, plain text."""
        alt = f"A drawing, the picture the network sees, its probabilities, and the gradient. {self._said}"
        return plots.drawn_digit(self.ink, self.image, self.p, self.gradient, self.page["towards"]), alt, f"DrawDigit: {self._said}"


def weights_name(net):
    """A name for the present weights, another one after any change; None for a network that the page cannot compute."""
    params = [values for layer in net.layers for values in layer.params.values()]
    if sum(values.size for values in params) > MOST or any(layer.kind not in KINDS or any(layer.own.values()) for layer in net.layers):
        return None
    check = 0
    for values in params:
        check = zlib.crc32(np.ascontiguousarray(values), check)
    return check


def described(net):
    """The layers of a network as `net.js` takes them, without their numbers."""
    about = abouts(net)
    layers = ({"name": layer.name, "kind": layer.kind, "about": about[layer.name], "shape": layer.W_shape, **layer.options} for layer in net.layers)
    return [{name: value for name, value in layer.items() if value is not None} for layer in layers]


def abouts(net):
    """{layer: how its numbers are computed, in a sentence; None for a layer without maps}."""
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
