"""A training run on a background thread, which can be paused, stepped, resumed and stopped.

`lenet_core.train` is a generator; a `Run` calls it on its own thread, so that the notebook remains usable, and keeps the history.
To pause is to request no further step. A `Run` does not depend on widgets: the training panel is a listener. Only one run trains in a
kernel at a time: making a second one stops the first, so that a cell that is run twice leaves no thread that uses the processor.
"""

import asyncio
import threading
import time
import weakref
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from IPython import get_ipython

from lenet_core.training import Diverged, error_rate, minibatches, train

from .recipes import RECIPES

SAMPLE = 1000                    # test images for a point of the curve; the whole test set only after the first and the last epoch
POINTS = 16                      # points of the curve in one run


async def _process_messages():
    """Let the kernel process messages of the page (clicks) while a cell waits.

    From version 7 on, JupyterLab sends the messages of widgets to a thread of the kernel that is not the cell's (a subshell). But each widget's
    next messages go to the thread that last sent something for it: while a cell computes or sleeps, a slider that was moved before may answer, and
    a button that a cell has changed may not. While it awaits, all answer.
    """
    if not hasattr(get_ipython(), "kernel"):             # plain Python, or IPython in a terminal
        return
    import ipykernel

    if ipykernel.version_info[0] < 7:
        from jupyter_ui_poll import ui_events

        async with ui_events() as process:
            await process(10)


class Point(NamedTuple):
    """One point of the error curves: the training error is the mean over the batches since the previous point."""

    step: int
    train_error: float
    test_error: float


class Evaluation(NamedTuple):
    """The error and the predictions on the whole test set, at the end of the first epoch or of the run."""

    step: int
    test_error: float
    predictions: np.ndarray


@dataclass
class Hyperparameters:
    """The settings that may change during a run; each step reads them here."""

    lr: float
    mu: float
    decay: float


@dataclass
class History:
    """The measurements of a run so far."""

    losses: list = field(default_factory=list)          # one per step: the batch's mean loss
    smoothed: list = field(default_factory=list)        # one per step: the running mean of the losses
    errors: list = field(default_factory=list)          # one per step: the share of the batch that was wrong
    rates: list = field(default_factory=list)           # one per step: the learning rate
    points: list = field(default_factory=list)
    evaluations: list = field(default_factory=list)     # at the end of the first epoch, and of the run
    seconds: float = 0.0                                 # of training and testing, without pauses


class Run:
    """A training run of `net` on `data` with a recipe of `RECIPES`, for a number of `epochs` or `steps`.

    `state` is "ready", "running", "paused", "finished", "stopped" or "failed". `start` returns at once, and `wait` (or
    `await run`) returns at the end of the run. With `headless=True`, `start` itself trains to the end on the calling thread.
    `listener(run)` is called after every step and every change of state, on the thread where that happens. Raises ValueError for an
    unknown recipe, or a length that is not positive.
    """

    _latest = None                                       # a weak reference to the run that may train

    def __init__(self, net, data, recipe="quick", epochs=None, steps=None, seed=0, headless=False, listener=None):
        if recipe not in RECIPES:
            raise ValueError(f"There is no recipe {recipe!r}; there are: {', '.join(RECIPES)}.")
        self.net, self.data, self.recipe, self.seed, self.headless = net, data, RECIPES[recipe], seed, headless
        self.listener = listener or (lambda run: None)
        self._planned = Hyperparameters(self.recipe.lr, self.recipe.mu, self.recipe.decay)
        self.settings = replace(self._planned)
        self.per_epoch = -(-len(data.train_x) // self.recipe.batch_size)
        self.steps = self.recipe.length(self.per_epoch, epochs, steps)
        self._test_every = -(-self.steps // POINTS)
        size = min(SAMPLE, len(data.test_x))
        self.sample = np.arange(size) * len(data.test_x) // size       # evenly spaced indices of test images
        self._gate = threading.Condition()
        self._thread, self._begins = None, False         # a run that begins again is not over, though its first thread has ended
        self.state, self.error, self.history, self._as_planned = "ready", None, History(), True
        self._take_over()                                # not before: what is refused above stops no other run
        self._first_parameters = net.snapshot()          # not before: another run may have trained this network until now

    @property
    def result(self):
        """The error rate on the whole test set after a run that has finished, with the settings of its recipe at every step; of another, None."""
        return self.history.evaluations[-1].test_error if self.state == "finished" and self._as_planned else None

    # ------------------------------------------------------------------------------------------------------- controls

    def start(self, paused=False):
        """Train from the beginning, with the initial parameters and the same seed; a run that is not over ends first.

        `paused` waits for `step` or `resume`.
        """
        if paused and self.headless:
            raise ValueError("A headless run trains to its end within start(); it cannot be stepped.")
        self._begins = not self.headless
        try:
            self._begin(paused)
        finally:
            self._begins = False

    def _begin(self, paused):
        self.stop()
        self._take_over()
        rng = np.random.default_rng(self.seed)
        batches = minibatches(self.data.train_x, self.data.train_y, self.recipe.batch_size, rng)
        self.state = "ready"                             # nothing above may fail with the old state and the new history
        self.net.restore(self._first_parameters)
        self.history, self.error, self._allowed, self._as_planned = History(), None, 0, True
        shape, now = self.recipe.schedule(self.steps), self._setting
        self._steps = train(self.net, batches, lambda i: now("lr") * shape(i), lambda i: now("mu"), lambda i: now("decay"),
                            self.recipe.bias_lr_scale)
        self._set("paused" if paused else "running")
        if self.headless:
            self._work()
            self._reraise()
        else:
            self._thread = threading.Thread(target=self._work, name="lenet-training", daemon=True)
            self._thread.start()

    def pause(self):
        """Finish the current step, then pause."""
        self._set("paused", only_from=("running",))

    def resume(self):
        """Continue after a pause."""
        self._set("running", only_from=("paused",))

    def step(self):
        """Make one step and pause; from "ready", the first one."""
        if self.state == "ready":
            self.start(paused=True)
        with self._gate:
            if self.state == "paused":
                self._allowed += 1
                self._gate.notify_all()
        self.pause()

    def stop(self):
        """End the run with the current parameters; returns when the thread has ended."""
        self._set("stopped", only_from=("running", "paused"))
        thread = self._thread
        if thread and thread is not threading.current_thread():
            thread.join()

    def wait(self, timeout=None):
        """Return when the run is over, or after `timeout` seconds; raise the exception of the run, if any, but not `Diverged`.

        A divergence is only stored in `error`. Interrupting the kernel pauses the run. The panel's buttons do not respond during
        `wait`; with `await run` they do.
        """
        try:
            if self._thread:
                self._thread.join(timeout)
        except KeyboardInterrupt:
            self.pause()
            raise
        self._reraise()

    def __await__(self):
        return self._over().__await__()

    async def _over(self):
        try:
            while self._begins or self._thread and self._thread.is_alive():
                await _process_messages()
                await asyncio.sleep(0.05)
        except (KeyboardInterrupt, asyncio.CancelledError):
            self.pause()
            raise
        self._reraise()

    def _reraise(self):
        if self.error and not isinstance(self.error, Diverged):
            raise self.error

    def _set(self, state, only_from=None):
        """Change the state and call the listener; does nothing when the state is not one of `only_from`."""
        with self._gate:
            if only_from and self.state not in only_from:
                return
            self.state = state
            if state != "stopped":
                self._allowed = 0
            self._gate.notify_all()
        self.listener(self)

    def _take_over(self):
        """Become the only run of this kernel that may train; stop another one."""
        other = Run._latest and Run._latest()
        if other and other is not self:
            other.stop()
        Run._latest = weakref.ref(self)

    # ---------------------------------------------------------------------------------------------------- on the thread

    def _work(self):
        try:
            while self._may_go_on():
                began = time.perf_counter()
                self._record(next(self._steps))
                self.history.seconds += time.perf_counter() - began
                if len(self.history.losses) >= self.steps:
                    self._finish("finished")
                self.listener(self)
            if self.state == "stopped" and not self._begins:
                self._finish("stopped")
        except KeyboardInterrupt:                        # of a headless run; another thread gets none
            self._set("stopped")
            raise
        except BaseException as error:                   # SystemExit, too: a function of the student's may call sys.exit
            self.error = error
            self._set("failed")

    def _may_go_on(self):
        with self._gate:
            while self.state == "paused" and not self._allowed:
                self._gate.wait()
            if self.state == "paused":
                self._allowed -= 1
                return True
            return self.state == "running"

    def _setting(self, name):
        """A setting as it is when a step asks for it; whether it is still the recipe's is kept for `result`."""
        value = getattr(self.settings, name)
        self._as_planned &= value == getattr(self._planned, name)
        return value

    def _record(self, step):
        h = self.history
        done = len(h.losses) + 1
        keep = min(0.95, 1 - 1 / done)                   # at first a plain mean, later a running one over some 20 steps
        h.smoothed.append(step.loss if done == 1 else keep * h.smoothed[-1] + (1 - keep) * step.loss)
        h.losses.append(step.loss)
        h.errors.append(1 - step.accuracy)
        h.rates.append(step.lr)
        if done % self._test_every == 0 or done == self.steps:
            before = h.points[-1].step if h.points else 0
            wrong = error_rate(self.net, self.data.test_x[self.sample], self.data.test_y[self.sample])
            h.points.append(Point(done, float(np.mean(h.errors[before:])), wrong))
        if done == self.per_epoch:
            self._test()

    def _test(self):
        predictions = self.net.predict(self.data.test_x)
        self.history.evaluations.append(
            Evaluation(len(self.history.losses), float(np.mean(predictions != self.data.test_y)), predictions))

    def _finish(self, state):
        h = self.history
        if h.losses and (not h.evaluations or h.evaluations[-1].step != len(h.losses)):
            began = time.perf_counter()
            self._test()
            h.seconds += time.perf_counter() - began
        self._set(state)

    # -------------------------------------------------------------------------------------------------------- in words

    def __str__(self):
        """The progress of the run in one sentence."""
        h = self.history
        done = len(h.losses)
        if self.state == "failed":
            return f"Failed after {done} of {self.steps} steps. {self.error}"
        if not done:
            return f"{self.state.capitalize()}: {self.steps:,} steps of {self.recipe.batch_size} images, {self.data.name}."
        words = f"{self.state.capitalize()} after {done:,} of {self.steps:,} steps"
        if self.state in ("finished", "stopped") and h.evaluations and h.evaluations[-1].step == done:
            words += (f" in {h.seconds:.1f} s: {100 - 100 * h.evaluations[-1].test_error:.2f} % of the {len(self.data.test_y):,} test images "
                      "are right")
        return f"{words} ({self.data.name})."

    __repr__ = __str__
