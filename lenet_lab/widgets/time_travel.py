"""Look at a network at any step of its training, and continue the training from there with another learning rate.

The slider goes through the kept steps of a `lenet_lab.inside.recorder.Recorder`. Kernels, maps, probabilities and errors are those of the
network after that step. *Branch off here* trains from there with another learning rate on the same batches, and draws both curves.

The page (`time_travel.js`) gets what it shows of all kept steps at once, for one test image, so it goes from step to step without asking.
Only the error rate of a step is computed when the step is first shown.
"""

import anywidget
import numpy as np
import traitlets

from lenet_core import ops
from lenet_core._parallel import map_in_threads
from lenet_core.training import error_rate
from lenet_lab import plots

from .charts import DASHES, Line, chart
from .page import WithPicture, script, style

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SAMPLE = 300                              # test images for the error rate of a step
LEVELS = 127                              # of the numbers of a map, on either side of 0: for its colours
COLOURS = ("var(--other, #b5432b)", "var(--green, #2f6d39)", "var(--violet, #7d4f92)", "var(--way, #845000)")


class TimeTravel(WithPicture, anywidget.AnyWidget):
    """Go through the steps of a `Recorder` with one test image of `data`, and branch off at any step.

    `step` is the shown step and `number` the test image; both can be set, `step` to a kept step. `branch_off(lr)` does the same as the
    button; `branches` is the list of branches so far.
    """

    _esm, _css = script("time_travel.js"), style("time_travel.css")
    step = traitlets.Int().tag(sync=True)
    number = traitlets.Int().tag(sync=True)
    page = traitlets.Dict().tag(sync=True)
    kernels = traitlets.Bytes().tag(sync=True)              # of the first convolution at all kept steps: float32 (steps, F, k, k)
    looked = traitlets.Dict().tag(sync=True)                # what is seen of the test image
    errors = traitlets.Dict().tag(sync=True)                # {step: error rate}, of the steps shown so far

    def __init__(self, recording, data, number=0):
        self.recording, self.data, self.branches = recording, data, []
        self._conv = next(layer.name for layer in recording.net_at(0).layers if layer.kind == "conv")
        self.step, self.number = recording.steps[-1], number
        stacks = [snapshot.params[self._conv]["W"][:, 0] for snapshot in recording.snapshots]
        self._kernel_shape, self.kernels = stacks[0].shape, np.stack(stacks).astype("<f4").tobytes()
        self.looked = self._look(recording.steps)
        self._judge()
        self.page = self._page()
        super().__init__()
        self.observe(self._judge, "step")
        self.observe(self._show_image, "number")
        self.on_msg(self._receive)

    @traitlets.validate("step")
    def _kept(self, proposal):
        if proposal.value not in self.recording.steps:
            raise traitlets.TraitError(f"Step {proposal.value} was not kept; kept are {', '.join(map(str, self.recording.steps))}.")
        return proposal.value

    @traitlets.validate("number")
    def _within(self, proposal):
        return min(max(0, proposal.value), len(self.data.test_x) - 1)

    def branch_off(self, lr):
        """Train from the shown step with another learning rate; draw and return the `Branch`."""
        self.page = self.page | {"training": f"Training a branch from step {self.step} with learning rate {lr:g}."}
        try:
            made = self.recording.branch(self.step, lr)
            self.branches.append(made)
        finally:
            self.page = self._page()
        return made

    def __repr__(self):
        return f"TimeTravel: step {self.step} of {len(self.recording.losses)}, {len(self.branches)} branches"

    def picture(self):
        """The losses and the kernels at the shown step: axes, text alternative, plain text."""
        alt = f"The losses of {len(self.recording.losses)} steps, and the kernels of the first convolution after step {self.step}."
        return plots.recording(self.recording.losses, self.step, self.recording.net_at(self.step)), alt, repr(self)

    def _receive(self, _, message, buffers):
        with self.hold_trait_notifications():
            self.step, self.number = int(message["step"]), int(message["number"])
        if message["do"] == "branch":
            self.branch_off(float(message["lr"]))
        else:
            self.send({"shown": True})

    def _judge(self, change=None):
        """Compute the error rate of the shown step, if it is not known yet."""
        if str(self.step) not in self.errors:
            rate = error_rate(self.recording.net_at(self.step), self.data.test_x[:SAMPLE], self.data.test_y[:SAMPLE])
            self.errors = self.errors | {str(self.step): rate}

    def _show_image(self, change=None):
        """Send the page what is seen of the test image: first at the shown step, then at all."""
        self.looked = self._look([self.step])
        self.looked = self._look(self.recording.steps)

    def _look(self, steps):
        """What the networks at these steps make of the test image: probabilities, and the maps of the first convolution."""
        x, label = self.data.test_x[self.number:self.number + 1], int(self.data.test_y[self.number])
        nets = [self.recording.net_at(step) for step in steps]
        seen = map_in_threads(lambda net: self._pass(net, x), nets, threads=False)
        maps = [maps for _, maps in seen]
        tops = [float(np.abs(one).max()) or 1.0 for one in maps]
        return {"number": self.number, "label": label, "steps": list(steps), "image": np.ascontiguousarray(x[0, 0], "<f4").tobytes(),
                "size": x.shape[2:], "shares": np.stack([p for p, _ in seen]).astype("<f4").tobytes(), "shape": maps[0].shape,
                "ranges": [[float(one.min()), float(one.max())] for one in maps],
                "maps": np.stack([(one * (LEVELS / top)).round().astype(np.int8) for one, top in zip(maps, tops)]).tobytes()}

    def _pass(self, net, x):
        """(probabilities (K,), maps (F, H, W)) of an image x (1, C, H, W)."""
        for layer in net.layers:
            x = layer.forward(x)[0]
            if layer.name == self._conv:
                maps = x[0]
        return ops.softmax(x)[0], maps

    def _page(self):
        """What the page shows besides, as plain data; "said" is how the newest branch ended, if there is one."""
        losses = self.recording.losses
        return {"steps": self.recording.steps, "images": len(self.data.test_x), "sample": min(SAMPLE, len(self.data.test_x)), "rates": RATES,
                "total": len(losses), "losses": [losses[min(step, len(losses) - 1)] for step in self.recording.steps], "training": "",
                "said": _words(self.branches[-1]) if self.branches else "", "curve": _curve(losses, self.branches),
                "conv": self._conv, "kernels": self._kernel_shape}


def _end(branch):
    """How a branch ended, in a word or a number: the mean loss of its last ten steps."""
    if branch.diverged:
        return "diverges"
    return f"{np.mean(branch.losses[-10:]):.3f}" if branch.losses else "no step left"


def _words(branch):
    return f"The branch at step {branch.start} with learning rate {branch.lr:g}: {_end(branch)}."


def _curve(losses, branches):
    """The losses as an SVG on a logarithmic scale: the run and its branches. The page adds a line at the shown step."""
    lines = [Line(f"the run: {losses[-1]:.3f}", list(enumerate(losses)))]
    for n, branch in enumerate(branches):
        points = [(branch.start + i, loss) for i, loss in enumerate(branch.losses)]
        lines.append(Line(f"{branch.start}: rate {branch.lr:g}, {_end(branch)}", points, COLOURS[n % len(COLOURS)], DASHES[n % len(DASHES)]))
    words = "; ".join([f"the run ends at {losses[-1]:.3f}", *(_words(branch)[4:-1] for branch in branches)])
    return chart("loss", lines, len(losses), _ticks([value for line in lines for _, value in line.points if np.isfinite(value)]),
                 f"Loss against steps: {words}")


def _ticks(values):
    """Round values around all that are drawn, {value: label}: 1 and 3 times powers of ten, from 0.001 to 1000."""
    round_ones = [m * 10.0 ** power for power in range(-3, 4) for m in (1, 3)][:-1]
    low = max([value for value in round_ones if value <= min(values)] or round_ones[:1])
    high = min([value for value in round_ones if value >= max(values) and value > low] or round_ones[-1:])
    return {value: f"{value:g}" for value in round_ones if low <= value <= high}
