"""Grade a submission: a row for every exercise, whatever the submission does.

The verdicts are those of the notebooks: `check.engine.examine` tests each function, with other random cases (the seed). The student's
function runs in a separate process (`sandbox`). The grader's process makes the arguments, compares the results and finds the
misconception. A backward function is tested with the cache of the package's forward function and of the student's own, as in the
notebooks.

All exercises of a submission share one process at first, each with names of its own. When the process ends, the rest goes on in another
one. What did not pass is looked at once more with the whole notebook run from its first cell to its last, as under Run All. So an exercise
gets its points if it is right in the notebook, also where `slices` cannot see what it needs.
"""

import contextlib
import functools
import time
from typing import NamedTuple

from lenet_lab.check import engine
from lenet_lab.check.concept_test import FORMS, marks
from lenet_lab.check.derivations import DERIVATIONS
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.handout_update import with_both
from lenet_lab.check.hinge_targets import EXERCISES as HINGES, hinges
from lenet_lab.check.octave_files import examined as of_octave, unusable
from lenet_lab.check.predictions import judge
from lenet_lab.check.toy_questions import toy
from lenet_lab.check.verdict import Verdict
from lenet_lab.handout import IN_OPS, adapted
from lenet_lab.octave import MISSING as NO_OCTAVE, program

from .points import BY_HAND, GRADED, PRACTICE, Item
from .sandbox import Limits, Sandbox, isolation
from .submission import Submission, Work

PASSED, FAILED, UNWRITTEN, MISSING, BY_PEOPLE = "passed", "failed", "not written", "missing", "by hand"
PATIENCE = 60                            # seconds that a submission may have taken to be looked at a second time
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
    """A graded submission: `score` of `worth` points by the program; the rest of `points.TOTAL` is given by hand.

    `guesses` are pairs (prediction, whether the guess was close), `concepts` pairs ("before" or "after", whether each of the twelve answers
    was right); they have no points.
    """

    name: str
    seed: int
    rows: tuple
    notes: tuple = ()
    isolation: str = ""
    fingerprint: str = ""
    guesses: tuple = ()
    concepts: tuple = ()

    @property
    def score(self):
        """The points that were given."""
        return sum(row.points for row in self.rows)

    @property
    def worth(self):
        """The points of all exercises that the program grades."""
        return sum(row.item.points for row in self.rows if row.status != BY_PEOPLE)


def grade(submission: Submission, seed, limits=None, practice=False, how=None):
    """The `Result` of a submission; `practice` includes the exercises without points, `how` is a key of `walls.PROTECTION`.

    `limits` (default: `Limits()`) are those of each exercise on a machine that is not busy. Raises `NotStarted` if no process can be started.
    """
    limits, how = (limits or Limits()).for_now(), how or isolation()
    items = {**GRADED, **(PRACTICE if practice else {})}
    about, start = Grading(submission, seed, limits, how), time.monotonic()
    found = {name: Looked(submission.works[name], one.verdict, one.seconds)
             for name, one in about.verdicts([name for name in items if name in submission.works], whole=False).items()}
    again = [name for name, one in found.items() if _again(one.verdict) and not one.work.handout]
    for file in dict.fromkeys(found[name].work.file for name in again):
        mine = [name for name in again if found[name].work.file == file]
        if time.monotonic() - start > PATIENCE:
            found |= {name: found[name]._replace(note="It was looked at once only, since this submission took long. Look at it.") for name in mine}
        else:
            whole = about.verdicts(mine, whole=True)                  # one run of the notebook for all of them
            found |= {name: about.looked_at_again(name, found[name], whole[name]) for name in mine}
    in_both, languages = {name: one for name, one in found.items() if one.work.in_octave}, ()
    if in_both:
        found |= {name: about.of_either(name, one) for name, one in in_both.items()}
        languages = tuple(f"{name}: {found[name].note}" for name in in_both)
    rows = [_row(item, found.get(name)) for name, item in items.items()]
    rows += [Row(item, 0, BY_PEOPLE, "Graded by hand.") for item in BY_HAND]
    return Result(submission.name, seed, tuple(rows), (*submission.notes, *languages), how, submission.fingerprint,
                  tuple(judge(submission.guesses).items()), tuple(_concepts(submission.concepts)))


def _concepts(written):
    """(form, whether each answer was right) of the forms of the twelve questions that were filled in with twelve letters."""
    for when in FORMS:
        with contextlib.suppress(ValueError):
            yield when, marks(when, written.get(when, ""))


def nothing(name, seed, why):
    """The `Result` of something that is not a submission: all exercises are missing; the note gives the reason."""
    rows = [Row(item, 0, MISSING, "It is not in the submission.") for item in GRADED.values()]
    return Result(name, seed, tuple(rows), (why,))


class Looked(NamedTuple):
    """An exercise after it was looked at: the work that counts, the verdict on it, the seconds it took, and a sentence for a person."""

    work: Work
    verdict: Verdict
    seconds: float
    note: str = ""


def _row(item, looked):
    if looked is None:
        return Row(item, 0, MISSING, "It is not in the submission.")
    verdict, work = looked.verdict, looked.work
    status = PASSED if verdict.passed else FAILED if verdict.written else UNWRITTEN
    others = ", ".join(other.place for other in work.others)
    twice = [f"It is there more than once; {work.place} counts, not {others}. Look at it."] if others else []
    text = "\n".join(part for part in (verdict.text, *work.notes, *twice, looked.note) if part)
    return Row(item, item.points if verdict.passed else 0, status, text, verdict.misconception, looked.seconds, work.place)


def _again(verdict):
    """Whether to look once more, with the whole notebook: not where something passed, is not written, or where the function is endless."""
    return verdict.written and not verdict.passed and (verdict.misconception != "endless" or verdict.text.startswith("Its cell "))


def _chosen(first, again):
    """The `Reading` that counts of two: one that passed, or else one that says more than that something is missing."""
    nothing = first.verdict.text.startswith("Its cell raises NameError: there is no")
    better = again.verdict.passed or nothing or _fell_over(first.verdict) and not _fell_over(again.verdict)
    return Reading((again if better else first).verdict, first.seconds + again.seconds, again.below)


def _fell_over(verdict):
    """Whether a verdict is only that something is missing, or does not end: then the other reading may say what is wrong."""
    return verdict.misconception in ("endless", "unknown name") or verdict.text.startswith(("Its cell ", "Its process ", "It raises "))


class Reading(NamedTuple):
    """The verdict on an exercise by one way to read its notebook, and the seconds it took.

    `below`, if the whole notebook was run: whether a cell below the exercise's changes a name from above, or ends the process.
    """

    verdict: Verdict
    seconds: float
    below: bool = False


class Grading(NamedTuple):
    """What is the same for all exercises of one submission."""

    submission: Submission
    seed: int
    limits: Limits
    how: str

    def verdicts(self, names, whole):
        """{exercise: Reading}, from as few processes as possible: another one where the process has ended.

        A backward function may need the cache of the student's own forward function, even if that function does not pass.
        """
        works, start = self.submission.works, time.monotonic()
        if unable := {name: Reading(why, 0.0) for name in names if (why := self._not_run(works[name]))}:
            return unable | self.verdicts([name for name in names if name not in unable], whole)
        if not names:
            return {}
        jobs = {name: works[name].job() for exercise in names for name in (exercise, self._forward(exercise)) if name}
        found = {}
        with Sandbox(jobs, {*GRADED, *names}, self.submission.files, self.limits, self.how, whole) as box:
            if box.ended and whole and len(box.job["notebooks"]) == 1:                   # the same cells would end it for each of them
                return {name: Reading(_ended(name, box), time.monotonic() - start, below=True) for name in names}
            if box.ended and len(names) > 1:                          # a cell has ended it, and it is not known which
                box.close()
                size = 1 if "stopped after" in box.ended else (len(names) + 1) // 2          # the time is not waited for again and again
                return {name: one for n in range(0, len(names), size) for name, one in self.verdicts(names[n:n + size], whole).items()}
            for name in names:
                verdict = self._verdict(name, box)
                found[name] = Reading(verdict, time.monotonic() - start, bool(box.below.get(name, whole)))
                start = time.monotonic()
                if box.ended or verdict.misconception == "endless":    # the call goes on there: the rest gets another process
                    break
        return found | self.verdicts(names[len(found):], whole)

    def _not_run(self, work):
        """The `Verdict` on a .m file that is not run, or None."""
        if not work.octave:
            return None
        exercise, file = IN_OPS.get(work.name, work.name), work.place
        if why := unusable(work.name, work.cells[0], file):
            return why
        if not program():
            return Verdict(exercise, False, f"{file} was not run. {NO_OCTAVE}")
        if self.how == "limits":
            return Verdict(exercise, False, f"{file} was not run: at the weak level of isolation nothing keeps Octave from other files. Grade it on "
                                            "Linux, or look at it with check.octave.")
        return None

    def of_either(self, name, looked):
        """The `Looked` at an exercise that is there in Python, and was looked at, and in Octave too: that counts where Python does not pass."""
        python, octave = looked.work.place, looked.work.in_octave
        if looked.verdict.passed:
            return looked._replace(note=f"It is there in Python and in Octave. {python} counts, since it passes; {octave.place} was not looked at.")
        again = self.one(name, octave, whole=False)
        seconds = looked.seconds + again.seconds
        if again.verdict.passed:
            return Looked(octave, again.verdict, seconds,
                          f"It is there in Python and in Octave. {octave.place} counts, since it passes and {python} does not.")
        return looked._replace(seconds=seconds, note=f"It is there in Python and in Octave. {python} counts, since neither passes.")

    def one(self, name, work, whole):
        """The `Reading` of one exercise, answered by this work."""
        return self._replace(submission=self.submission._replace(works=self.submission.works | {name: work})).verdicts([name], whole)[name]

    def looked_at_again(self, name, looked, whole):
        """The `Looked` after other readings of the notebook, `whole` first, and after those of the other cells that answer the exercise."""
        best = self.better(name, looked.work, Reading(looked.verdict, looked.seconds), whole)
        seconds = best.seconds
        for other in reversed(looked.work.others if not best.verdict.passed else ()):
            again = self.better(name, other, self.one(name, other, whole=False))
            seconds += again.seconds
            if again.verdict.passed:
                return Looked(other._replace(others=(looked.work,)), again.verdict, seconds)
        return looked._replace(verdict=best.verdict, seconds=seconds)

    def better(self, name, work, first, whole=None):
        """The better of a `Reading` and other readings of the notebook: all of it, and its cells down to the exercise's.

        The first of these is what stands after Run All, the second what stood when the cell was run; they are the same if nothing below
        changes what is above.
        """
        if not first.verdict.passed:
            first = _chosen(first, whole or self.one(name, work, whole=True))
            if not first.verdict.passed and first.below:
                first = _chosen(first, self.one(name, work._replace(cells=work.cells[:work.own + 1]), whole=True))
        return first

    def _forward(self, name):
        """The student's forward function that goes with a backward function, or None."""
        forward, works = name.replace("backward", "forward"), self.submission.works
        return forward if forward != name and forward in works and not (works[name].handout or works[forward].handout) else None

    def _verdict(self, name, box):
        work, forward = self.submission.works[name], self._forward(name)
        if isinstance(why := box.failed.get(name), str):
            return Verdict(name, False, why, "endless" if "stopped after" in why else None)
        if box.ended:
            return _ended(name, box)
        try:
            verdict = _examined(name, work, box, self.seed, None if box.failed.get(forward) else forward, self.limits.seconds)
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
    if work.octave:
        return of_octave(work.name, lambda arguments, outputs: function(*arguments, outputs=outputs), seed, seconds)
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
