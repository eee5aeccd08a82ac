"""A small ReLU network in the plane during its training: its linear regions, and the boundary between the classes.

The training is a `lenet_lab.runs.run.Run` on its own thread, slowed down so that one can watch it. About five times a second the exact
linear regions of the present network are sent as SVG to the page (`regions.js`), which has the controls. When nobody moves a control, the
page asks for what it would show one step of a slider away, so that it has the answer before it is asked for.
"""

import threading
import time
from dataclasses import dataclass, replace
from html import escape

import anywidget
import numpy as np
import traitlets

from lenet_lab.inside.relu_regions import DATA, HALF, STEPS, boundary, linear_regions, network, points
from lenet_lab.plots import relus
from lenet_lab.runs.run import Run

from .page import WithPicture, script, style

REDRAW_AFTER = 0.2                      # seconds
PACE = 0.015                            # seconds of pause after a step: a run takes ten seconds instead of less than one
SIZE = 440                              # width and height of the picture in pixels
LIMITS = {"width": (1, 16), "depth": (1, 3), "start": (0, 9)}
INK, EDGE, PAPER = "var(--ink, #1f2328)", "var(--edge, #767e87)", "var(--paper, #ffffff)"
RING, CROSS = "var(--run, #1f4e79)", "var(--other, #b5432b)"


@dataclass(frozen=True)
class Controls:
    """The values of the controls: the points, the hidden layers, whether there are ReLUs, and the seed of the initial weights."""

    data: str
    width: int
    depth: int
    relu: bool = True
    start: int = 0

    def __post_init__(self):
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} goes from {low} to {high}; got {getattr(self, name)}.")


class Regions(WithPicture, anywidget.AnyWidget):
    """Buttons (Start, Pause, Step, Reset), the shape of the network, and its linear regions and boundary during training.

    Displaying the widget does not start the training. `change(width=3)` makes another, untrained network; it raises ValueError for an
    impossible value. `run` is the training run that the buttons control.
    """

    _esm = script("regions.js")
    _css = style("regions.css")
    page = traitlets.Dict().tag(sync=True)

    def __init__(self, data="rings", width=8, depth=1):
        self.settings, self.run, self._points = Controls(data, width, depth), None, points(data)
        self._drawing, self._drawn_at, self._drawn_state, self._gap = threading.RLock(), 0.0, None, 0.0
        self.reset()
        super().__init__()
        self.on_msg(self._receive)

    # --------------------------------------------------------------------------------------------------------- controls

    def start(self):
        """Train from the beginning, or continue after a pause."""
        if self.run.state == "paused":
            self.run.resume()
        else:
            self.run.start()

    def pause(self):
        """Finish the current step, then pause."""
        self.run.pause()

    def step(self):
        """Make one step and pause."""
        self.run.step()

    def reset(self):
        """Return to an untrained network with the same initial weights."""
        if self.run:
            self.run.stop()
        self.run = Run(_network(self.settings), self._points, steps=STEPS, seed=self.settings.start, listener=self._follow)
        self._draw()

    def change(self, **settings):
        """Take another network or other points: `data`, `width`, `depth`, `relu`, `start`. Raises ValueError for an impossible value."""
        changed = replace(self.settings, **settings)
        if changed.data != self.settings.data:
            self._points = points(changed.data)              # raises for an unknown name before anything is changed
        self.settings = changed
        self.reset()

    def close(self):
        """End the training and close the widget."""
        self.run.stop()
        super().close()

    def _receive(self, _, message, buffers):
        if message["do"] == "change":
            self.change(**message["settings"])
        elif message["do"] == "ahead":
            asked = [Controls(**settings) for settings in message["settings"]]
            # Without a `Run`: making one would stop the run that trains.
            self.send({"ahead": [_page(one, _network(one), self._points) for one in asked if one.data == self.settings.data]})
        elif message["do"] in ("start", "pause", "step", "reset"):
            getattr(self, message["do"])()

    # ---------------------------------------------------------------------------------------------------------- drawing

    def _follow(self, run):
        """The run's listener: draw at once when the run is not training, and otherwise from time to time."""
        if run is not self.run:                              # the previous run, which is being stopped
            return
        if run.state != "running" or self._drawn_state != "running" or time.monotonic() - self._drawn_at > self._gap:
            self._draw()
        if run.state == "running":
            time.sleep(PACE)

    def _draw(self):
        with self._drawing:                     # called by the run's thread and by the thread of the buttons
            began = time.monotonic()
            self._drawn_state = self.run.state
            self.page = _page(self.settings, self.run.net, self._points, self.run)
            self._drawn_at = time.monotonic()
            self._gap = max(REDRAW_AFTER, 3 * (self._drawn_at - began))      # a large network takes longer to draw

    def picture(self):
        """The regions, the boundary and the points: axes, text alternative, plain text."""
        return relus.planes({_name(self.settings): self.run.net}, self.run.data), self.page["words"], f"Regions: {self.page['words']}"


def _name(settings):
    unit = "ReLU" if settings.relu else "no ReLU"
    return f"{settings.data}, {' + '.join([str(settings.width)] * settings.depth)} units, {unit}, start {settings.start}"


def _network(settings):
    return network(settings.width, settings.depth, settings.relu, settings.start)


def _page(settings, net, data, run=None):
    """Everything the page shows, as plain data: the settings, the state in words, the numbers, the picture and its text alternative.

    Without a `run` it is that of the untrained network.
    """
    state, done, smoothed = (run.state, len(run.history.losses), run.history.smoothed) if run else ("ready", 0, [])
    pieces = linear_regions(net)
    line = boundary(pieces)
    wrong = int(np.sum(net.predict(data.train_x) != data.train_y))
    numbers = {"step": f"{done} of {STEPS}", "loss": f"{smoothed[-1]:.3f}" if done else "–",
               "on the wrong side": f"{wrong} of {len(data.train_y)} points", "linear regions": str(len(pieces)),
               "pieces of the boundary": str(len(line))}
    words = f"{_name(settings)}: " + ", ".join(f"{name} {value}" for name, value in numbers.items() if value != "–") + "."
    return {"settings": vars(settings), "limits": LIMITS, "points": DATA, "state": state, "status": _status(state, done, run and run.error),
            "numbers": numbers, "words": words, "picture": _picture(pieces, line, data, words)}


def _status(state, done, error):
    if state == "failed":
        return f"Failed after {done} steps. {error}"
    return {"ready": f"Ready: {STEPS} steps.", "running": "Running."}.get(state, f"{state.capitalize()} after {done} of {STEPS} steps.")


def _picture(pieces, line, data, words):
    """The regions, the boundary and the points as SVG; rings are class 0, crosses class 1."""
    def at(corners):
        return (np.asarray(corners) * [1, -1] + HALF) * (SIZE / (2 * HALF))

    def path(corners):
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in at(corners))

    parts = [f'<rect width="{SIZE}" height="{SIZE}" style="fill:{PAPER}"/>', f'<g style="stroke:{EDGE};stroke-width:.8">']
    parts += [f'<polygon points="{path(piece.corners)}" style="fill:{_tint(piece.slope)};fill-opacity:.22"/>' for piece in pieces]
    parts.append(f'</g><g style="fill:{INK};fill-opacity:.16">')
    parts += [f'<polygon points="{path(side)}"/>' for side in (piece.side(1) for piece in pieces) if len(side)]
    parts.append(f'</g><g style="stroke:{INK};stroke-width:3;stroke-linecap:round">' + "".join(
        '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>'.format(*at(ends).ravel()) for ends in line) + "</g>")
    rings = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in at(data.train_x[data.train_y == 0]))
    crosses = "".join(f"M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" for x, y in at(data.train_x[data.train_y == 1]))
    parts.append(f'<g style="fill:none;stroke:{RING};stroke-width:1.2">{rings}</g>'
                 f'<path d="{crosses}" style="fill:none;stroke:{CROSS};stroke-width:1.6"/>')
    return (f'<svg role="img" aria-label="{escape(words)}" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" '
            f'style="max-width:100%;height:auto;display:block;border:1px solid {EDGE}">{"".join(parts)}</svg>')


def _tint(slope):
    """The colour of a region: its hue is the direction in which the network's output rises there; grey where it does not."""
    if not np.any(slope):
        return "hsl(0 0% 55%)"
    return f"hsl({np.degrees(np.arctan2(slope[1], slope[0])) % 360:.0f} 70% 50%)"
