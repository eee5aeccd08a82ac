"""Grade a submission: a row for every exercise, whatever the submission does.

The verdicts are those of the notebooks: `check.engine.examine` tests each function, with other random cases (the seed). The student's
function runs in a separate process (`sandbox`). The grader's process makes the arguments, compares the results and finds the
misconception. A backward function is tested with the cache of the package's forward function and of the student's own, as in the
notebooks.
"""

import functools
import time
from typing import NamedTuple

from lenet_lab.check import engine
from lenet_lab.check.derivations import DERIVATIONS
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.handout_update import with_both
from lenet_lab.check.hinge_targets import EXERCISES as HINGES, hinges
from lenet_lab.check.toy_questions import toy
from lenet_lab.check.verdict import Verdict
from lenet_lab.handout import adapted

from .points import BY_HAND, GRADED, PRACTICE, Item
from .sandbox import Limits, Sandbox, isolation
from .submission import Submission

PASSED, FAILED, UNWRITTEN, MISSING, BY_PEOPLE = "passed", "failed", "not written", "missing", "by hand"
CURVES = {exercise: curve for curve, exercise in HINGES.items()}


class Row(NamedTuple):
    """The result of one exercise: its `Item`, the points, the status, the verdict's text, the misconception (or None), seconds, place."""

    item: Item
    points: int
    status: str
    text: str
    misconception: str | None = None
    seconds: float = 0.0
    place: str = ""


class Result(NamedTuple):
    """A graded submission: `score` of `worth` points by the program; the rest of `points.TOTAL` is given by hand."""

    name: str
    seed: int
    rows: tuple
    notes: tuple = ()
    isolation: str = ""
    fingerprint: str = ""

    @property
    def score(self):
        """The points that were given."""
        return sum(row.points for row in self.rows)

    @property
    def worth(self):
        """The points of all exercises that the program grades."""
        return sum(row.item.points for row in self.rows if row.status != BY_PEOPLE)


def grade(submission: Submission, seed, limits=None, practice=False, how=None):
    """The `Result` of a submission; `practice` includes the exercises without points, `how` is a key of `sandbox.PROTECTION`.

    `limits` (default: `Limits()`) are those of each exercise. Raises `NotStarted` if no process can be started.
    """
    limits, how = limits or Limits(), how or isolation()
    rows = [_row(item, submission, seed, limits, how) for item in {**GRADED, **(PRACTICE if practice else {})}.values()]
    rows += [Row(item, 0, BY_PEOPLE, "Graded by hand.") for item in BY_HAND]
    return Result(submission.name, seed, tuple(rows), submission.notes, how, submission.fingerprint)


def nothing(name, seed, why):
    """The `Result` of something that is not a submission: all exercises are missing; the note gives the reason."""
    rows = [Row(item, 0, MISSING, "It is not in the submission.") for item in GRADED.values()]
    return Result(name, seed, tuple(rows), (why,))


def _row(item, submission, seed, limits, how):
    work = submission.works.get(item.exercise)
    if work is None:
        return Row(item, 0, MISSING, "It is not in the submission.")
    start = time.monotonic()
    verdict = _verdict(item.exercise, work, submission, seed, limits, how)
    status = PASSED if verdict.passed else FAILED if verdict.written else UNWRITTEN
    text = "\n".join((verdict.text, *work.notes))
    return Row(item, item.points if verdict.passed else 0, status, text, verdict.misconception, time.monotonic() - start, work.place)


def _verdict(name, work, submission, seed, limits, how):
    """The `Verdict` on one exercise; if its process has ended, the reason in a sentence.

    A backward function may need the cache of the student's own forward function, even if that function does not pass.
    """
    forward = name.replace("backward", "forward")
    other = submission.works.get(forward) if forward != name else None
    forward = forward if other and other.written and not (work.handout or other.handout) else None
    works = {name: work.job()} | ({forward: other.job()} if forward else {})
    with Sandbox(works, {*GRADED, name}, submission.modules, limits, how) as box:
        if isinstance(why := box.failed.get(name), str):
            return Verdict(name, False, why)
        if box.ended:
            return _ended(name, box)
        try:
            verdict = _examined(name, work, box, seed, None if box.failed.get(forward) else forward, limits.seconds)
        except Exception as error:                                    # the other exercises must still be graded
            verdict = Verdict(name, False, f"The grader failed on it: {type(error).__name__}: {error}. Grade it by hand.")
    if box.ended and not verdict.passed and verdict.misconception != "endless":
        return _ended(name, box)
    return verdict


def _ended(name, box):
    return Verdict(name, False, box.ended, "endless" if "stopped after" in box.ended else None)


def _examined(name, work, box, seed, forward, seconds):
    """The `Verdict` on an exercise whose process `box` is running."""
    answer = box.answers.get(name)
    if work.kind == "toy":
        return toy(work.name, answer)
    if work.kind == "names":
        return hinges(CURVES[name], *(answer if isinstance(answer, list) and len(answer) == 2 else (..., ...)))
    function = box.function(name)
    if work.kind == "derivation":
        return engine.examine(DERIVATIONS[work.name], ... if answer is ... else function, seed=seed, seconds=seconds)
    exercise = EXERCISES[name]
    if work.handout:
        return _of_handout(exercise, function, seed, seconds)
    forwards = [exercise.forward, *([box.function(forward, keep=True)] if forward else [])] if exercise.forward else ()
    return engine.examine(exercise, function, forwards, seed, seconds)


def _of_handout(exercise, function, seed, seconds):
    """The same verdict as `check.<name>(..., interface="handout")`."""
    forwards = [exercise.forward] if exercise.forward else ()
    plain = functools.partial(adapted(exercise.name, function))       # a partial, so that the check does not quote the adapter's lines
    verdict = engine.examine(exercise, plain, forwards, seed, seconds)
    return with_both(verdict, function, seed=seed, seconds=seconds)
