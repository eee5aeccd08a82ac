"""Look at a network at any step of its training, and continue the training from there with another learning rate.

The slider goes through the kept steps of a `lenet_lab.inside.recorder.Recorder`. Kernels, maps, probabilities and errors are those of the
network after that step. *Branch off here* trains from there with another learning rate on the same batches, and draws both curves.
"""

import anywidget
import numpy as np
import traitlets

from lenet_core.training import error_rate
from lenet_lab import plots
from lenet_lab.inside.drawing import percent
from lenet_lab.inside.look import Look

from .charts import DASHES, Line, chart
from .page import WithPicture, script, style
from .pixels import image, sheet

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SAMPLE = 300                              # test images for the error rate of a step
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

    def __init__(self, recording, data, number=0):
        self.recording, self.data, self.branches = recording, data, []
        self._errors = {}                                  # of the steps shown so far
        self.step, self.number = recording.steps[-1], number
        self._draw()
        super().__init__()
        self.observe(self._draw, ["step", "number"])
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
            self._draw(branched=True)
        return made

    def __repr__(self):
        return f"TimeTravel: step {self.step} of {len(self.recording.losses)}, {len(self.branches)} branches"

    def picture(self):
        """The losses and the kernels at the shown step: axes, text alternative, plain text."""
        alt = f"The losses of {len(self.recording.losses)} steps, and the kernels of the first convolution after step {self.step}."
        return plots.recording(self.recording.losses, self.step, self.recording.net_at(self.step)), alt, repr(self)

    def _receive(self, _, message, buffers):
        if message["do"] == "branch":
            self.branch_off(float(message["lr"]))
        else:
            with self.hold_trait_notifications():
                self.step, self.number = int(message["step"]), int(message["number"])
            self.send({"shown": True})

    def _draw(self, change=None, branched=False):
        """Send the page what belongs to the step and the image; the error rate, if it is not known yet, as soon as it is."""
        step, net = self.step, self.recording.net_at(self.step)
        x, y = self.data.test_x[self.number:self.number + 1], self.data.test_y[self.number:self.number + 1]
        page = self._page(Look(net, x, y), branched)
        if step not in self._errors:
            self.page = page | {"said": ""}
            self._errors[step] = error_rate(net, self.data.test_x[:SAMPLE], self.data.test_y[:SAMPLE])
        misread = f" {percent(self._errors[step])} of {min(SAMPLE, len(self.data.test_x))} test images are misread."
        self.page = page | {"status": page["status"] + misread, "said": page["said"] or page["status"] + misread}

    def _page(self, look, branched):
        """What the page shows but for the error rate; "said" is how the newest branch ended, after there was one."""
        step, losses, label = self.step, self.recording.losses, int(look.y[0])
        before = f"the batch's loss was {losses[step]:.3f}" if step < len(losses) else f"the last batch's loss was {losses[-1]:.3f}"
        status = f"After {step} steps {before}. The test image, a {label}, is read as {look.p[0].argmax()} ({percent(look.p[0].max())})."
        return {"steps": self.recording.steps, "images": len(self.data.test_x), "rates": RATES, "training": "", "status": status,
                "said": _words(self.branches[-1]) if branched and self.branches else "", "p": look.p[0].tolist(),
                "label": label, "curve": _curve(losses, step, self.branches), "inside": self._look_inside(look)}

    def _look_inside(self, look):
        conv = next(layer for layer in look.net.layers if layer.kind == "conv")
        kernels, maps = look.kernels(conv.name)[:, 0], look.maps(conv.name)
        first = self.recording.snapshots[0].params[conv.name]["W"][:, 0]
        blocks = [("test image", image(look.x[0, 0], f"test image {self.number}, a {look.y[0]}", 4), "ink: 0 to 1")]
        stacks = ((f"kernels of {conv.name}", kernels, 6), ("moved since step 0", kernels - first, 6), (f"maps of {conv.name}", maps, 2))
        for title, stack, zoom in stacks:
            top = float(np.abs(stack).max()) or 1.0
            alt = f"{title}: {len(stack)} of them, from {stack.min():.2f} to {stack.max():.2f}"
            blocks.append((title, image(sheet(stack, 5), alt, zoom, -top, top), f"blue −{top:.2f}, white 0, red {top:.2f}"))
        return "".join(f'<figure><figcaption><b>{title}</b></figcaption>{picture}<div class="note">{scale}</div></figure>'
                       for title, picture, scale in blocks)


def _end(branch):
    """How a branch ended, in a word or a number: the mean loss of its last ten steps."""
    if branch.diverged:
        return "diverges"
    return f"{np.mean(branch.losses[-10:]):.3f}" if branch.losses else "no step left"


def _words(branch):
    return f"The branch at step {branch.start} with learning rate {branch.lr:g}: {_end(branch)}."


def _curve(losses, step, branches):
    """The losses as an SVG on a logarithmic scale: the run, its branches, and a line at the shown step."""
    lines = [Line(f"the run: {losses[-1]:.3f}", list(enumerate(losses)))]
    for n, branch in enumerate(branches):
        points = [(branch.start + i, loss) for i, loss in enumerate(branch.losses)]
        lines.append(Line(f"{branch.start}: rate {branch.lr:g}, {_end(branch)}", points, COLOURS[n % len(COLOURS)], DASHES[n % len(DASHES)]))
    words = "; ".join([f"the run ends at {losses[-1]:.3f}", *(_words(branch)[4:-1] for branch in branches)])
    return chart("loss", lines, len(losses), _ticks([value for line in lines for _, value in line.points if np.isfinite(value)]),
                 f"Loss against steps, at step {step}: the {words}".replace("the the", "the"), mark=step)


def _ticks(values):
    """Round values around all that are drawn, {value: label}: 1 and 3 times powers of ten, from 0.001 to 1000."""
    round_ones = [m * 10.0 ** power for power in range(-3, 4) for m in (1, 3)][:-1]
    low = max([value for value in round_ones if value <= min(values)] or round_ones[:1])
    high = min([value for value in round_ones if value >= max(values) and value > low] or round_ones[-1:])
    return {value: f"{value:g}" for value in round_ones if low <= value <= high}
