"""The training panel: live curves of loss and error rates, and controls of the run.

A `TrainingPanel` shows and controls a `lenet_lab.runs.run.Run`, which trains on its own thread. Everything that changes is sent to the
page (`training.js`) about five times a second. The run goes on when the page is reloaded, and the page then shows it as it is.
"""

import threading
import time

import anywidget
import numpy as np
import traitlets
from tqdm import tqdm

from lenet_lab import plots
from lenet_lab.inside.drawing import percent
from lenet_lab.runs.run import Run

from .charts import OTHER, RAW, Line, chart
from .page import WithPicture, script, style
from .pixels import image, sheet

REDRAW_AFTER = 0.2                  # seconds
POINTS = 240                         # largest number of points of a curve, limited by the pixels of the chart
CHOICES = {"lr": ("learning rate", (0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.08, 0.1, 0.2, 0.5, 1.0)),
           "mu": ("momentum", (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)),
           "decay": ("weight decay", (0.0, 0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1))}
LOSSES = {10.0 ** power: f"{10.0 ** power:g}" for power in range(-4, 2)} | {1e-4: "≤ 0.0001"}
ERRORS = {1e-3: "≤ 0.1 %", 1e-2: "1 %", 0.1: "10 %", 1.0: "100 %"}


class TrainingPanel(WithPicture, anywidget.AnyWidget):
    """Buttons, sliders and live curves for one training run.

    The arguments are those of `Run`. Displaying the panel does not start the run: press Start, or call `start`, which returns at once.
    `wait()` returns at the end of the run, and so does `await panel`, during which the buttons still work. `headless=True` trains
    within `start`. `close()` ends the run and closes the panel.
    """

    _esm, _css = script("training.js"), style("training.css")
    page = traitlets.Dict().tag(sync=True)
    live = traitlets.Unicode().tag(sync=True)
    run = None                                           # where the arguments are refused

    def __init__(self, net, data, recipe="quick", epochs=None, steps=None, seed=0, headless=False):
        self.run = Run(net, data, recipe, epochs, steps, seed, headless, listener=self._follow)
        self._drawn_at, self._drawn_state, self._drawing = 0.0, None, threading.RLock()
        self._choices = {name: (words, sorted({*values, getattr(self.run.settings, name)})) for name, (words, values) in CHOICES.items()}
        self._draw()
        super().__init__()
        self.on_msg(self._receive)

    def start(self):
        """Train from the beginning: with the parameters that the network had when the panel was made, and the same seed."""
        self.run.start()

    def wait(self, timeout=None):
        """Return when the run is over; see `Run.wait`."""
        self.run.wait(timeout)

    def __await__(self):
        return self.run.__await__()

    def close(self):
        """End the run and close the panel."""
        if self.run:
            self.run.stop()
        super().close()

    def __repr__(self):
        return f"TrainingPanel: {self.run}"

    def picture(self):
        """The error rates of the run so far: axes, text alternative, and in plain text what belongs here, not how far a run once was."""
        run = self.run
        words = (f"The training panel: buttons and curves for {run.steps:,} steps of {run.recipe.batch_size} images, {run.data.name}. "
                 "Run the cells of this notebook, and it is here.")
        return plots.error_curves(run), _words(run), words

    def _receive(self, _, message, buffers):
        if message["do"] == "set":
            name, value = message["name"], float(message["value"])
            if name in self._choices and value in self._choices[name][1]:
                setattr(self.run.settings, name, value)
                self._draw()
        elif message["do"] in ("start", "pause", "step", "resume", "stop"):
            getattr(self.run, message["do"])()

    # ---------------------------------------------------------------------------------------------------------- drawing

    def _follow(self, run):
        """The run's listener: draw at once when the run is not training, and otherwise from time to time."""
        if run.state != "running" or self._drawn_state != "running" or time.monotonic() - self._drawn_at > REDRAW_AFTER:
            self._draw()

    def _draw(self):
        with self._drawing:                 # called by the run's thread and by the thread of the buttons
            self._draw_once()

    def _draw_once(self):
        run, h = self.run, self.run.history
        done, state = len(h.losses), run.state
        self._drawn_at, self._drawn_state = time.monotonic(), state
        live = state in ("running", "paused")
        left = f", {tqdm.format_interval((run.steps - done) * h.seconds / done)} left" if done and live else ""
        status = f"Running ({run.data.name})." if state == "running" else str(run)
        with self.hold_sync():
            self.live = _numbers(run) + f'<div class="curves">{_curves(run)}{_kernels(run.net)}</div>'
            self.page = {
                "works": {"start": True, "pause": state == "running", "step": state in ("ready", "paused"), "resume": state == "paused",
                          "stop": live},
                "start": "Start" if state == "ready" else "Restart", "share": done / run.steps,
                "left": f"step {done:,} of {run.steps:,}{left}", "status": status,
                "said": status if state == "running" or not done else f"{status} {_words(run)}",     # changes of state, not every step
                "settings": dict(vars(run.settings)), "choices": self._choices}


def _numbers(run):
    h = run.history
    done = len(h.losses)
    last = h.points[-1] if h.points else None
    final = h.evaluations[-1] if h.evaluations else None
    test = final if final and (not last or final.step >= last.step) else last
    cells = {
        "epoch": f"{done / run.per_epoch:.2f}",
        "loss": f"{h.losses[-1]:.4f}" if done else "",
        "smoothed loss": f"{h.smoothed[-1]:.4f}" if done else "",
        "training error": percent(np.mean(h.errors[-50:]), 2) if done else "",
        "test error": percent(test.test_error, 2) if test else "",
        "learning rate": f"{h.rates[-1]:.4g}" if done else "",
    }
    return '<dl class="numbers lenet-numbers">' + "".join(
        f'<div><dt>{name}</dt><dd class="lenet-{name.replace(" ", "-")}">{value or "&ndash;"}</dd></div>' for name, value in cells.items()) + "</dl>"


def _words(run):
    """The losses and error rates so far, in words."""
    h = run.history
    words = f"Loss and error rates over {len(h.losses)} steps."
    if h.losses:
        words += f" The smoothed loss went from {h.smoothed[0]:.2f} to {h.smoothed[-1]:.3f}."
    if h.points:
        words += f" Test error now {percent(h.points[-1].test_error, 2)}."
    return words


def _curves(run):
    h, words = run.history, _words(run)
    chosen = np.unique(np.linspace(0, len(h.losses) - 1, POINTS).astype(int)) if h.losses else []
    losses = [Line("one batch", [(i + 1, h.losses[i]) for i in chosen], RAW, width=1.2),
              Line("smoothed", [(i + 1, h.smoothed[i]) for i in chosen])]
    errors = [Line("training", [(point.step, point.train_error) for point in h.points]),
              Line("test sample", [(point.step, point.test_error) for point in h.points], OTHER, "5 3")]
    return chart("loss", losses, run.steps, LOSSES, words) + chart("error rate", errors, run.steps, ERRORS, words)


def _kernels(net):
    """The kernels of the first convolution as they are now, in one row of small pictures; nothing if there is none."""
    conv = next((layer for layer in net.layers if layer.kind == "conv"), None)
    if conv is None:
        return ""
    W = conv.params["W"].mean(axis=1)                                    # of a colour image: the mean of its three channels
    top = float(np.abs(W).max())
    if not np.isfinite(top):
        return ""
    alt = f"{len(W)} kernels of {conv.name} now, from {W.min():.2f} to {W.max():.2f}"
    return (f'<figure style="margin:0"><figcaption><b>{conv.name}</b> now: blue −{top:.2f}, white 0, red {top:.2f}</figcaption>'
            f"{image(sheet(W, 10), alt, 5, -top, top)}</figure>")
