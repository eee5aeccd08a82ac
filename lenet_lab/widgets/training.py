"""The training panel: live curves of loss and error rates, and controls of the run.

A `TrainingPanel` shows and controls a `lenet_lab.runs.run.Run`, which trains on its own thread. Everything that changes is in three HTML
widgets. Their values are replaced about five times a second, without flicker and without an output area. The curves are SVG, which takes
less than a millisecond; matplotlib, used for the figures of the notebooks, would take the time of several training steps.
"""

import threading
import time
from html import escape
from math import log10

import ipywidgets as widgets
import numpy as np
from tqdm import tqdm

from lenet_lab.runs.run import Run

REDRAW_AFTER = 0.2                  # seconds
POINTS = 240                         # largest number of points of a curve, limited by the pixels of the chart
RATES = (0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.08, 0.1, 0.2, 0.5, 1.0)
MOMENTA = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
DECAYS = (0.0, 0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1)
# ipywidgets gives a view this class when its kernel has gone: then what the panel last said is not true any more.
GONE = ("<style>.lenet-gone{display:none} .jupyter-widgets-disconnected .lenet-gone{display:block} "
        ".lenet-training-panel.jupyter-widgets-disconnected :is(.lenet-left,.lenet-status){display:none}</style>"
        '<div role="status" class="lenet-gone">The kernel of this panel is gone, and its run with it. Run the cells again.</div>')
RAW, SMOOTH, TRAIN, TEST = "#9db4cc", "#1f4e79", "#1f4e79", "#c8553d"


class TrainingPanel(widgets.VBox):
    """Buttons, sliders and live curves for one training run.

    The arguments are those of `Run`. Displaying the panel does not start the run: press Start, or call `start`, which returns at once.
    `wait()` returns at the end of the run, and so does `await panel`, during which the buttons still work. `headless=True` trains
    within `start`. `close()` ends the run and closes the panel.
    """

    def __init__(self, net, data, recipe="quick", epochs=None, steps=None, seed=0, headless=False):
        self.run = Run(net, data, recipe, epochs, steps, seed, headless, listener=self._follow)
        self._drawn_at, self._drawn_state, self._drawing = 0.0, None, threading.RLock()
        self._buttons = {name: self._button(name, tooltip, action) for name, tooltip, action in (
            ("Start", "train from the beginning", self.start),
            ("Pause", "finish this step, then pause", self.run.pause),
            ("Step", "make one step, then pause", self.run.step),
            ("Resume", "continue", self.run.resume),
            ("Stop", "end the run with the present weights", self.run.stop))}
        self._sliders = {
            "lr": self._slider("learning rate", RATES, self.run.settings.lr, "largest learning rate; the schedule scales it"),
            "mu": self._slider("momentum", MOMENTA, self.run.settings.mu, "share of the last step that is added to the next"),
            "decay": self._slider("weight decay", DECAYS, self.run.settings.decay, "strength of the pull of the weights to zero"),
        }
        for name, slider in self._sliders.items():
            slider.observe(lambda change, name=name: setattr(self.run.settings, name, float(change["new"])), "value")
        self._progress = widgets.FloatProgress(0, min=0, max=1, layout=widgets.Layout(width="300px", height="18px"))
        self._status, self._left, self._live = widgets.HTML(), widgets.HTML(), widgets.HTML()
        super().__init__([
            widgets.HBox(list(self._buttons.values())),
            widgets.HBox(list(self._sliders.values()), layout=widgets.Layout(flex_flow="row wrap")),
            widgets.HBox([self._progress, self._left]),
            self._status,
            widgets.HTML(GONE),
            self._live,
        ], layout=widgets.Layout(max_width="960px"))
        self.add_class("lenet-training-panel")
        self._draw()

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
        self.run.stop()
        for child in self.children:
            for inner in getattr(child, "children", ()):
                inner.close()
            child.close()
        super().close()

    def __repr__(self):
        return f"TrainingPanel: {self.run}"

    def _repr_mimebundle_(self, **kwargs):
        """Where widgets do not run, the text stays as it is stored: it says what belongs here, not how far a run once was."""
        data = super()._repr_mimebundle_(**kwargs)
        run = self.run
        return data | {"text/plain": f"The training panel: buttons and curves for {run.steps:,} steps of {run.recipe.batch_size} images, "
                                     f"{run.data.name}. Run the cells of this notebook, and it is here."}

    @staticmethod
    def _button(name, tooltip, action):
        button = widgets.Button(description=name, tooltip=tooltip, layout=widgets.Layout(width="100px"))
        button.on_click(lambda _: action())
        return button

    @staticmethod
    def _slider(name, values, value, tooltip):
        return widgets.SelectionSlider(options=sorted({*values, value}), value=value, description=name, tooltip=tooltip,
                                       layout=widgets.Layout(width="300px"), style={"description_width": "90px"})

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
        for name, works in {"Start": not live, "Pause": state == "running", "Step": state in ("ready", "paused"),
                            "Resume": state == "paused", "Stop": live}.items():
            self._buttons[name].disabled = not works
        self._buttons["Start"].description = "Start" if state == "ready" else "Restart"
        self._progress.value = done / run.steps
        left = f", {tqdm.format_interval((run.steps - done) * h.seconds / done)} left" if done and live else ""
        self._left.value = f'<span class="lenet-left">step {done:,} of {run.steps:,}{left}</span>'
        if not live or state == "paused" or not done:        # a screen reader reads changes of state, not every step
            self._status.value = f'<div role="status" class="lenet-status">{escape(str(run))}</div>'
        elif "Running" not in self._status.value:
            self._status.value = f'<div role="status" class="lenet-status">Running ({escape(run.data.name)}).</div>'
        self._live.value = _numbers(run) + _curves(run)


def _numbers(run):
    h = run.history
    done = len(h.losses)
    recent = h.errors[-50:]
    last = h.points[-1] if h.points else None
    final = h.evaluations[-1] if h.evaluations else None
    test = final if final and (not last or final.step >= last.step) else last
    cells = {
        "epoch": f"{done / run.per_epoch:.2f}",
        "loss": f"{h.losses[-1]:.4f}" if done else "",
        "smoothed loss": f"{h.smoothed[-1]:.4f}" if done else "",
        "training error": f"{np.mean(recent):.2%}" if done else "",
        "test error": f"{test.test_error:.2%}" if test else "",
        "learning rate": f"{h.rates[-1]:.4g}" if done else "",
    }
    heads = "".join(f'<th scope="col" style="padding:0 18px 0 0;font-weight:normal;opacity:.75;text-align:left">{name}</th>'
                    for name in cells)
    values = "".join(f'<td class="lenet-{name.replace(" ", "-")}" style="padding:0 18px 0 0;font-size:130%;min-width:5em;'
                     f'font-variant-numeric:tabular-nums">{value or "&ndash;"}</td>' for name, value in cells.items())
    return f'<table class="lenet-numbers" style="line-height:1.5"><tr>{heads}</tr><tr>{values}</tr></table>'


def _curves(run):
    h = run.history
    chosen = np.unique(np.linspace(0, len(h.losses) - 1, POINTS).astype(int)) if h.losses else []
    raw = [(i + 1, h.losses[i]) for i in chosen]
    smooth = [(i + 1, h.smoothed[i]) for i in chosen]
    train = [(point.step, point.train_error) for point in h.points]
    test = [(point.step, point.test_error) for point in h.points]
    words = f"Loss and error rates over {len(h.losses)} steps."
    if h.losses:
        words += f" The smoothed loss went from {h.smoothed[0]:.2f} to {h.smoothed[-1]:.3f}."
    if h.points:
        words += f" Test error now {h.points[-1].test_error:.1%}."
    charts = (_chart(0, "loss", run.steps, 0.0001, 10, "g", [("one batch", raw, RAW, ""), ("smoothed", smooth, SMOOTH, "")])
              + _chart(470, "error rate", run.steps, 0.001, 1, "%", [("training", train, TRAIN, ""), ("test sample", test, TEST, "5 3")]))
    return (f'<svg role="img" aria-label="{escape(words)}" viewBox="0 0 930 230" style="width:100%;max-width:930px;display:block" '
            f'font-size="12" fill="currentColor" color="var(--jp-ui-font-color1,#333)">{charts}</svg>')


def _chart(left, title, x_max, low, high, unit, series):
    """One chart of the panel as SVG: lines over steps, on a logarithmic scale from `low` to `high`."""
    width, top, bottom, left = 380, 24, 200, left + 52

    def x(step):
        return left + width * step / x_max

    def y(value):
        share = (log10(min(max(value, low), high)) - log10(low)) / (log10(high) - log10(low))
        return bottom - (bottom - top) * share

    parts = [f'<text x="{left}" y="14">{title}</text>']
    decade = low
    while decade <= high * 1.01:
        label = ("≤ " if decade == low else "") + (f"{decade:g}" if unit == "g" else f"{decade * 100:g} %")
        parts.append(f'<line x1="{left}" x2="{left + width}" y1="{y(decade):.1f}" y2="{y(decade):.1f}" stroke="currentColor" '
                     f'stroke-opacity=".18"/><text x="{left - 6}" y="{y(decade) + 4:.1f}" text-anchor="end" '
                     f'fill-opacity=".75">{label}</text>')
        decade *= 10
    parts.append(f'<text x="{left}" y="{bottom + 16}" fill-opacity=".75">0</text>'
                 f'<text x="{left + width}" y="{bottom + 16}" text-anchor="end" fill-opacity=".75">{x_max:,} steps</text>')
    key = left + 90
    for name, points, colour, dashes in series:
        line = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points)
        stroke = f'stroke="{colour}" stroke-width="{1 if colour == RAW else 2}" stroke-dasharray="{dashes}" fill="none"'
        parts.append(f'<polyline points="{line}" {stroke}/>')
        if points and len(points) <= 20:
            parts += [f'<circle cx="{x(step):.1f}" cy="{y(value):.1f}" r="2.5" fill="{colour}"/>' for step, value in points]
        parts.append(f'<line x1="{key}" x2="{key + 24}" y1="10" y2="10" {stroke}/><text x="{key + 30}" y="14">{name}</text>')
        key += 130
    return "".join(parts)
