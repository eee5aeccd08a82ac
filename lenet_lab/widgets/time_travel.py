"""Look at a network at any step of its training, and continue the training from there with another learning rate.

The slider goes through the kept steps of a `lenet_lab.inside.recorder.Recorder`. Kernels, maps, probabilities and errors are those of the
network after that step. *Branch off here* trains from there with another learning rate on the same batches, and draws both curves.
"""

import ipywidgets as widgets
import numpy as np

from lenet_core.training import error_rate
from lenet_lab import plots
from lenet_lab.inside.look import Look

from .page import WithPicture
from .pixels import bars, image, sheet

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SAMPLE = 300                              # test images for the error rate of a step
COLOURS = ("#c8553d", "#3a7d44", "#8a5a9e", "#b5751a")
DASHES = ("6 3", "2 2", "8 2 2 2", "1 3")
WIDTH, HEIGHT, LEFT = 560, 170, 46


class TimeTravel(WithPicture, widgets.VBox):
    """Go through the steps of a `Recorder` with one test image of `data`, and branch off at any step.

    `step` is the shown step and can be set; `branch_off(lr)` does the same as the button; `branches` is the list of branches so far.
    """

    def __init__(self, recording, data, number=0):
        self.recording, self.data, self.number, self.branches = recording, data, number, []
        self._slider = widgets.SelectionSlider(options=recording.steps, value=recording.steps[-1], description="step", continuous_update=True,
                                               layout=widgets.Layout(width="440px"), tooltip="the kept steps of the run")
        self._back = self._button("Back", "one kept step back", lambda: self._go(-1))
        self._on = self._button("Next", "one kept step on", lambda: self._go(1))
        self._digit = widgets.BoundedIntText(number, min=0, max=len(data.test_x) - 1, description="test image", layout=widgets.Layout(width="180px"))
        self._rate = widgets.SelectionSlider(options=RATES, value=0.01, description="learning rate",
                                             layout=widgets.Layout(width="320px"),
                                             style={"description_width": "90px"})
        self._branch = self._button("Branch off here", "run on from this step with this learning rate", lambda: self.branch_off(self._rate.value))
        self._status, self._curve, self._inside = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._slider.observe(lambda _: self._draw(), "value")
        self._digit.observe(self._other_image, "value")
        super().__init__([widgets.HBox([self._back, self._on, self._slider, self._digit], layout=widgets.Layout(flex_flow="row wrap")),
                          self._status, self._curve,
                          widgets.HBox([self._rate, self._branch], layout=widgets.Layout(flex_flow="row wrap")),
                          self._inside], layout=widgets.Layout(max_width="960px"))
        self.add_class("lenet-time-travel")
        self._draw()

    @property
    def step(self):
        """The kept step that is shown."""
        return self._slider.value

    @step.setter
    def step(self, step):
        self._slider.value = step

    def branch_off(self, lr):
        """Train from the shown step with another learning rate; draw and return the `Branch`."""
        self._branch.disabled, self._branch.description = True, "Training ..."
        try:
            made = self.recording.branch(self.step, lr)
        finally:
            self._branch.disabled, self._branch.description = False, "Branch off here"
        self.branches.append(made)
        self._draw()
        return made

    def __repr__(self):
        return f"TimeTravel: step {self.step} of {len(self.recording.losses)}, {len(self.branches)} branches"

    def picture(self):
        """The losses and the kernels at the shown step: axes, text alternative, plain text."""
        alt = f"The losses of {len(self.recording.losses)} steps, and the kernels of the first convolution after step {self.step}."
        return plots.recording(self.recording.losses, self.step, self.recording.net_at(self.step)), alt, repr(self)

    @staticmethod
    def _button(name, tooltip, action):
        button = widgets.Button(description=name, tooltip=tooltip, layout=widgets.Layout(width="auto"))
        button.on_click(lambda _: action())
        return button

    def _go(self, by):
        steps = self.recording.steps
        self.step = steps[max(0, min(len(steps) - 1, steps.index(self.step) + by))]

    def _other_image(self, change):
        self.number = change["new"]
        self._draw()

    def _draw(self):
        step, losses = self.step, self.recording.losses
        net = self.recording.net_at(step)
        x, y = self.data.test_x[self.number:self.number + 1], self.data.test_y[self.number:self.number + 1]
        look = Look(net, x, y)
        error = error_rate(net, self.data.test_x[:SAMPLE], self.data.test_y[:SAMPLE])
        before = f"the batch's loss was {losses[step]:.3f}" if step < len(losses) else f"the last batch's loss was {losses[-1]:.3f}"
        self._status.value = (f'<div role="status" class="lenet-travel-status">After {step} steps {before}; {error:.1%} of {SAMPLE} test images are '
                              f"misread. This one, a {y[0]}, is read as {look.p[0].argmax()} ({look.p[0].max():.1%}).</div>")
        self._curve.value = _curve(losses, step, self.branches)
        self._inside.value = self._look_inside(look)

    def _look_inside(self, look):
        conv = next(layer for layer in look.net.layers if layer.kind == "conv")
        kernels, maps = look.kernels(conv.name)[:, 0], look.maps(conv.name)
        first = self.recording.snapshots[0].params[conv.name]["W"][:, 0]
        blocks = [("test image", image(look.x[0, 0], f"test image {self.number}, a {look.y[0]}", 4), "ink: 0 to 1")]
        stacks = ((f"kernels of {conv.name}", kernels, 6), ("moved since step 0", kernels - first, 6), (f"maps of {conv.name}", maps, 2))
        for title, stack, zoom in stacks:
            top = float(np.abs(stack).max()) or 1.0
            alt = f"{title}: {len(stack)} of them, from {stack.min():.2f} to {stack.max():.2f}"
            blocks.append((title, image(sheet(stack, 5), alt, zoom, -top, top), f"one scale: blue −{top:.2f}, white 0, red {top:.2f}"))
        figures = "".join(f'<figure style="margin:0"><figcaption style="font-weight:600">{title}</figcaption>{picture}'
                          f'<div style="font-size:11px;opacity:.8">{scale}</div></figure>' for title, picture, scale in blocks)
        return f'<div style="display:flex;flex-wrap:wrap;gap:18px;line-height:1.3">{figures}<div>{bars(look.p[0], int(look.y[0]))}</div></div>'


def _curve(losses, step, branches):
    """The losses as an SVG on a logarithmic scale: the run, its branches, and a line at the shown step."""
    every = [loss for losses in (losses, *(branch.losses for branch in branches)) for loss in losses if np.isfinite(loss)]
    low, high = np.log10(max(min(every), 1e-3)), np.log10(min(max(every), 1e3))

    def x(i):
        return LEFT + (WIDTH - LEFT) * i / max(1, len(losses))

    def y(loss):
        share = (np.log10(min(max(loss, 1e-3), 1e3)) - low) / max(high - low, 1e-9)
        return HEIGHT - 24 - (HEIGHT - 44) * share

    def line(values, start, colour, dash):
        points = " ".join(f"{x(start + i):.1f},{y(loss):.1f}" for i, loss in enumerate(values) if np.isfinite(loss))
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dash}"/>'

    parts, words = [line(losses, 0, "#1f4e79", "")], [f"the run ends at {losses[-1]:.3f}"]
    key = '<text x="50" y="12">the run</text>'
    for n, branch in enumerate(branches):
        colour, dash = COLOURS[n % len(COLOURS)], DASHES[n % len(DASHES)]
        end = "diverges" if branch.diverged else f"{np.mean(branch.losses[-10:]):.3f}" if branch.losses else "no step left"
        parts.append(line(branch.losses, branch.start, colour, dash))
        parts.append(f'<circle cx="{x(branch.start):.1f}" cy="{y(losses[min(branch.start, len(losses) - 1)]):.1f}" r="3.5" fill="{colour}"/>')
        words.append(f"the branch at step {branch.start} with learning rate {branch.lr:g}: {end}")
        left = 115 + 150 * (n % 3)
        key += (f'<line x1="{left}" x2="{left + 24}" y1="{8 + 14 * (n // 3)}" y2="{8 + 14 * (n // 3)}" stroke="{colour}" stroke-width="2" '
                f'stroke-dasharray="{dash}"/><text x="{left + 28}" y="{12 + 14 * (n // 3)}">{branch.start}: rate {branch.lr:g}, {end}</text>')
    grid = "".join(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
                   f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="currentColor" stroke-opacity=".18"/>'
                   for value in _ticks(10**low, 10**high))
    now = f'<line x1="{x(step):.1f}" x2="{x(step):.1f}" y1="18" y2="{HEIGHT - 22}" stroke="currentColor" stroke-width="1.5"/>'
    return (f'<svg role="img" aria-label="Loss against steps, at step {step}: {"; ".join(words)}" viewBox="0 0 {WIDTH + 10} {HEIGHT}" '
            f'style="width:100%;max-width:{WIDTH + 10}px;display:block" font-size="11" fill="currentColor" color="var(--jp-ui-font-color1,#333)">'
            f'{key}{grid}{"".join(parts)}{now}<text x="{min(max(x(step), LEFT), WIDTH - 24):.1f}" y="{HEIGHT - 8}" text-anchor="middle">'
            f'step {step}</text></svg>')


def _ticks(low, high):
    """Round values between two losses: 1 and 3 times powers of ten, or, if these are too few, multiples of 0.5."""
    few = [value for value in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100) if low <= value <= high]
    return few if len(few) > 1 else [value for value in np.arange(0.5, 20, 0.5) if low <= value <= high]
