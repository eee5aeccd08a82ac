"""Check a student's function in fixed stages, and report the first problem in one verdict.

An `Exercise` is data: the right answer as plain loops, cases, and *wrong* functions, each the code of one known misconception. The stages
are: it runs; it returns the right number of results; shapes; number types; its arguments are unchanged; the example by hand; random cases
without symmetry; ties and edge cases; the same shapes with new numbers; finite differences. If something is wrong, `diagnosis` looks for
the cause.

Forward functions return (out, cache) and backward ones take (dout, cache), as in `lenet_core.ops`. The student chooses the content of the
cache: a backward function is called with the cache of its forward function.
"""

import ast
import dis
import functools
import inspect
import math
import re
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from lenet_core.gradcheck import numeric_gradient

from . import diagnosis, edits, guard
from .diagnosis import first_array
from .errors import Told, explained, message
from .verdict import NOT_WRITTEN, Verdict
from .wording import difference_map, kind_of, listed, shape_or_value, shown, two_numbers

SECONDS = 8                             # for all calls of one check together
MIXED = 2                               # random cases beside the chosen ones
_isclose, _array_equal = np.isclose, np.array_equal      # kept here, because a student's function may replace them
DOTS_USED = re.compile("'ellipsis' object (does not support item assignment|is not subscriptable|has no attribute)")
STAGES = {"hand": "an example by hand", "random": "random cases", "edge": "special cases"}


class Case(NamedTuple):
    """The arguments of one call: `stage` is a key of STAGES, `note` says what is special; backward exercises also have a `dout`."""

    stage: str
    args: tuple
    kwargs: dict = {}
    note: str = ""
    dout: np.ndarray | None = None


class Misconception(NamedTuple):
    """A misconception: its name, its explanation, and a function that has it (plain interface, as `Exercise.right`).

    `clue(tree)` is asked where several pieces of code have the same results: whether the syntax tree of the student's function is of
    this kind.
    """

    name: str
    text: str
    function: Callable
    clue: Callable | None = None


@dataclass
class Exercise:
    """One exercise: its results, cases, right answer and misconceptions.

    `right` has the plain interface: it takes a case's arguments (backward: after `dout`) and returns a tuple of the `results`.
    `forward` is the package's forward function if this is a backward exercise; `cached` says that the function returns
    (out, cache). `numeric(case, numeric_gradient)` returns {result: slopes} by finite differences, as an independent test.
    """

    name: str
    results: tuple
    cases: Callable
    right: Callable
    arguments: tuple
    wrongs: list = field(default_factory=list)
    forward: Callable | None = None
    cached: bool = False
    numeric: Callable | None = None
    one: Callable | None = None                             # one(rng): a random case in which all that can vary does
    covering: tuple = ()                                    # seeds of `one`: with them every pair of properties occurs (tests/mutation_study)
    views_matter: bool = True
    selects: bool = False                                   # the results are entries of the arguments or 0: nothing is rounded
    several: bool = False                                   # the results are a list, with an array for each one of the first argument
    known: tuple = ("im2col", "col2im", "windows_of")      # names that a function may count on everywhere

    def mixed(self, rng, number):
        """`number` random cases in which no two properties always come together."""
        return [self.one(rng) for _ in range(number)] if self.one else []

    def names(self, case):
        """The names of the results for a case."""
        return tuple(f"{self.results[0]}[{n}]" for n in range(len(case.args[0]))) if self.several else self.results

    def plain(self, function, case):
        """The results of `right` or of a wrong function for a case; if it raises, the type of the error."""
        dout = () if case.dout is None else (case.dout,)
        try:
            with np.errstate(all="ignore"):
                return tuple(np.asarray(part) for part in function(*dout, *case.args, **case.kwargs))
        except Exception as error:
            return type(error)


class Finding(Exception):
    """What is wrong, found at some stage; ends the examination."""

    def __init__(self, text, misconception=None, picture=""):
        super().__init__(text)
        self.text, self.misconception, self.picture = text, misconception, picture


def examine(exercise, function, forwards=(), seed=0, seconds=None, written=None):
    """The verdict on `function`; backward functions are tested with the caches of `forwards` in turn, until one passes.

    Random cases are drawn from `seed`; all calls together may take `seconds` (default: SECONDS). Where `function` is an adapter around
    the student's own, `written` is (the student's function, the function that adapts it): it is their source that is looked at.
    """
    if function is ... or function is None:
        return Verdict(exercise.name, False, NOT_WRITTEN)
    if not callable(function):
        return Verdict(exercise.name, False, f"{shown(function)} is not a function. Give the function itself: its name, without brackets behind it.")
    seconds = SECONDS if seconds is None else seconds
    until, tried = time.monotonic() + seconds, []
    for forward in list(dict.fromkeys(forwards)) or [None]:
        examination = Examination(exercise, function, forward, seed, seconds, until, written or (function, lambda changed: changed))
        verdict = examination.verdict()
        if verdict.passed or verdict.misconception == "endless":
            return verdict
        tried.append((examination.reached, verdict.misconception is not None, verdict))
    return max(tried, key=lambda one: one[:2])[2]


class Examination:
    """The check of one function with one forward function, until the time `until`; several of them share the `seconds`.

    `made` has one `Made` for each of the `cases`.
    """

    def __init__(self, exercise, function, forward, seed, seconds, until, written):
        self.exercise, self.function, self.forward, self.seconds, self.until = exercise, function, forward, seconds, until
        self.own, self.adapt = written
        self.rng = np.random.default_rng(seed)
        self.cases = [*exercise.cases(self.rng), *(exercise.one(np.random.default_rng(n)) for n in exercise.covering),
                      *exercise.mixed(self.rng, MIXED)]
        self.notes, self.doubled, self.made, self._right, self._more, self._in_forward = [], [], [], {}, [], False

    @functools.cached_property
    def source(self):
        """The student's function with its syntax tree (`edits.Written`), or None."""
        return edits.written(self.own)

    @functools.cached_property
    def has(self):
        """What the exercise has, of those things that not every exercise has: "windows", a "cache", "several" arrays in a list, a "function"."""
        found = {"windows": any(map(diagnosis.window, self.cases)), "cache": self.exercise.forward is not None,
                 "several": self.exercise.several, "function": any(callable(case.args[0]) for case in self.cases)}
        return {name for name, there in found.items() if there}

    @property
    def left(self):
        """The seconds that are left."""
        return self.until - time.monotonic()

    def guarded(self, function, *args, most=math.inf):
        """`guard.call` of a function in the time that is left, for `most` seconds."""
        return guard.call(function, args, {}, max(0.1, min(most, self.left)))

    def place(self, case):
        """The number of a case."""
        return next(n for n, one in enumerate(self.cases) if one is case)

    @property
    def reached(self):
        """The number of cases in which the function gave results of the right structure."""
        return sum(made.results is not None for made in self.made)

    def verdict(self):
        """The `Verdict` after all stages, or after the first that fails."""
        try:
            passed = self.run_stages()
        except Finding as found:
            return Verdict(self.exercise.name, False, found.text, found.misconception, picture=found.picture)
        text = "These checks pass: " + ", ".join(passed) + "."
        return Verdict(self.exercise.name, True, "\n".join([text, *self.notes]))

    def run_stages(self):
        """Run all stages in order; returns the names of those that passed, or raises a Finding."""
        self.fresh = [self.renumbered(case) for case in self.cases]
        both = self.calls([one for pair in zip(self.cases, self.fresh) for one in pair])      # in turn: same shapes one after the other
        self.made, self.again = both[::2], both[1::2]
        if any(made.unwritten for made in both):
            raise Finding(NOT_WRITTEN)
        for case, made in zip(self.cases, self.made):              # the simplest case comes first
            for stage in (self.runs, self.structure, self.shapes, self.types, self.arguments_unchanged, self.manners):
                stage(case, made)
        passed = ["it runs", f"returns {listed(self.exercise.results)}" + (" and a cache" if self.exercise.cached else ""),
                  "shapes", "number type", "arguments unchanged"]
        for stage, words in STAGES.items():
            several = [(case, made) for case, made in zip(self.cases, self.made) if case.stage == stage]
            for case, made in several:
                self.values(case, made)
            if several and stage == "edge":
                words += f" ({listed([case.note for case, _ in several])})"
            elif several and stage == "random":
                words = f"{len(several)} {words if len(several) > 1 else words[:-1]}"
            if several:
                passed.append(words)
        self.repeated()
        passed.append("new numbers")
        if self.exercise.numeric:
            self.finite_differences()
            passed.append("finite differences")
        if self.doubled:
            given = "dout" if self.exercise.forward else first_array(self.exercise, self.cases[0])
            calls = [one for one in self.exercise.known if one in _names_of(self.own)]
            self.note(f"Note: float32 goes in and {listed(self.doubled)} {'comes' if len(set(self.doubled)) == 1 else 'come'} out as float64, "
                      f"which makes training slower. An array made with {given}.dtype has the number type of {given}." +
                      (f" The float64 may also come from {listed(calls)}." if calls else ""))
        self.note_globals()
        return passed

    def note_globals(self):
        """Add a note if the function uses names of this notebook, since other notebooks then cannot use it."""
        try:
            used = inspect.getclosurevars(self.own).globals
        except (TypeError, ValueError):
            return
        loaded = {step.argval for step in dis.get_instructions(self.own) if step.opname == "LOAD_GLOBAL"}      # not attributes like .T
        own = [name for name, value in used.items() if name in loaded and not inspect.ismodule(value) and name not in self.exercise.known]
        if own:
            self.note(f"Note: it uses {listed(own)} of this notebook; so other notebooks cannot use it.")

    # ---------------------------------------------------------------------------------------------------------- calls

    def calls(self, cases):
        """Call the function on copies of the arguments of each case, on one guarded thread; returns a list of `Made`.

        Raises a Finding if it does not end, or if its forward function gives no cache.
        """
        made = []

        def work():
            for case in cases:
                made.append(self.one_call(self.function, case))
                last = made[-1]
                slow = self.left < self.seconds / 2
                if last.unwritten or last.results is None and (not last.error or slow or isinstance(last.error, (MemoryError, RecursionError))):
                    return                                         # the rest would say nothing more, or take very long

        outcome = self.guarded(work)
        if outcome.endless:
            where = self.where(cases[min(len(made), len(cases) - 1)])
            if self._in_forward:
                raise Finding(f"The forward function that goes with it gives no (out, cache): it does not end ({where}). Correct that one first.",
                              "endless")
            if made:
                raise Finding(f"It is too slow: {len(made)} of {len(cases)} small cases in {self.seconds:g} seconds, then stopped ({where}).",
                              "endless")
            raise Finding(f"It does not end: stopped after {self.seconds:g} seconds ({where}).", "endless")
        if outcome.error:                                          # a Finding about the forward function
            raise outcome.error
        if outcome.changed_state:
            raise Finding(f"It changes NumPy's global state: {outcome.changed_state}. That would affect the whole notebook.", "global state")
        if outcome.printed:
            first = outcome.printed.strip().splitlines()[:1]
            self.note(f"Note: it prints ({first[0][:60]!r} ...); in training that would be thousands of lines." if first else
                      "Note: it prints.")
        if outcome.figures:
            self.note("Note: it opens a figure; in training that would be thousands of them.")
        return made

    def one_call(self, function, case):
        """Call `function` on copies of a case's arguments; returns `Made`. Never raises the function's own error."""
        args, kwargs, cache = _copied(case.args), dict(case.kwargs), None
        if case.dout is not None:
            args, kwargs = (case.dout.copy(), self.cache(args, case)), {}
        kept = _copied(args)
        state = guard.numpy_state()
        try:
            value = function(*args, **kwargs)
        except guard.Stopped:
            raise
        except BaseException as error:                             # also SystemExit, so that the notebook continues
            return Made(None, error, None, [], args, None, guard.difference(state), _unwritten(self.own, error), None, None)
        results = self.unpacked(value, case)
        if self.exercise.cached and results is not None:
            cache = value[1]
        changed = [name for name, old, new in zip(self.argument_names(case), kept, args) if not _same(old, new)]
        # What comes later may write into the results: the checks look at copies, and at the end at the arrays themselves.
        kept = _copied(results), _copied(cache)
        return Made(value, None, kept[0], changed, args, cache, guard.difference(state), _unwritten(self.own, value), results, kept)

    def cache(self, args, case):
        """The cache of the forward function. Raises a Finding if that function, which may be the student's, does not return one."""
        self._in_forward = True
        try:
            value = self.forward(*args, **case.kwargs)
        except guard.Stopped:
            raise
        except BaseException as error:
            what, self._in_forward = message(error), False
        else:
            self._in_forward = False
            if isinstance(value, (tuple, list)) and len(value) == 2:
                return value[1]
            what = f"it returns {kind_of(value)}"
        raise Finding(f"The forward function that goes with it gives no (out, cache): {what} ({self.where(case)}). Correct that one first.")

    def argument_names(self, case):
        """The names of the arguments of a call, as the student sees them."""
        return ("dout", "cache") if case.dout is not None else self.exercise.arguments

    def unpacked(self, value, case):
        """The results as arrays, or None if they have the wrong structure."""
        wanted = len(self.exercise.names(case))
        if self.exercise.cached:
            if not (isinstance(value, (tuple, list)) and len(value) == 2):
                return None
            value = value[0]
        parts = list(value) if isinstance(value, Iterator) else value
        parts = parts if wanted > 1 or self.exercise.several else (parts,)
        if not isinstance(parts, (tuple, list)) or len(parts) != wanted or not all(isinstance(part, (np.ndarray, np.generic, float, int))
                                                                                  for part in parts):
            return None
        arrays = tuple(np.asarray(part) for part in parts)
        return None if any(array.dtype.kind not in "biuf" for array in arrays) else arrays

    def renumbered(self, case):
        """The case with new numbers in its arrays of floats; shapes, number types, memory order and options stay."""
        if not self.exercise.one:                                  # a formula about probabilities is only right for probabilities
            return self.exercise.cases(self.rng)[self.place(case)]

        def new(value):
            if isinstance(value, list):
                return [new(part) for part in value]
            if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
                return value
            made = np.empty_like(value)
            made[...] = self.rng.standard_normal(value.shape) * max(1.0, float(np.abs(value).max(initial=0.0)))
            return made
        return case._replace(args=tuple(new(arg) for arg in case.args), dout=new(case.dout))

    def right(self, case):
        """The right results of a case; each is computed once."""
        if id(case) not in self._right:
            self._right[id(case)] = case, self.exercise.plain(self.exercise.right, case)      # with the case, so that its id stays its own
        return self._right[id(case)][1]

    def more(self, number):
        """Random cases for a diagnosis; the same ones each time."""
        self._more += self.exercise.mixed(self.rng, number - len(self._more))
        return self._more[:number]

    # --------------------------------------------------------------------------------------------------------- stages

    def runs(self, case, made):
        """The function raises no error."""
        if not made.error:
            return
        found = None if isinstance(made.error, Told) else diagnosis.of_error(self, case, made)
        name, text = (found.name, "") if found else explained(made.error, _names_of(self.own), self.has)
        if not text.startswith("It raises") and not isinstance(made.error, Told):
            text = f"It raises {type(made.error).__name__}. {text}".strip()
        text = f"{text.rstrip('.')} ({self.where(case)}{_line_of(made.error, self.own)})."
        taken_apart = any(word in str(made.error) for word in ("unpack", "subscript", "indices", "no attribute", "dict", "index out of range"))
        if case.dout is not None and self.forward is self.exercise.forward and taken_apart and type(made.error).__name__ != "OctaveError":
            text += (" It was given the cache of the package's forward function; for that of your own write "
                     f"check.{self.exercise.name}(..., forward=...).")
        raise Finding(_lines(found.text if found else "", text), name)

    def structure(self, case, made):
        """It returns as many things as are wanted, of the right kind."""
        if made.results is not None:
            return
        value, wanted = made.value, [*self.exercise.names(case), *(["cache"] if self.exercise.cached else [])]
        got = kind_of(value)
        if value is None:
            raise Finding(f"It returns None. Is the return missing? Wanted: {listed(wanted)}.", "nothing returned")
        if "db" in wanted and isinstance(value, (tuple, list)) and len(value) == len(wanted) - 1:
            raise Finding(f"It returns {got}. Has db been forgotten? Wanted: {listed(wanted)}.", "db forgotten")
        if self.exercise.several:
            raise Finding(f"It returns {got}. Wanted: a list with one array for each of the {len(wanted)} in {self.exercise.arguments[0]}, of "
                          f"the same shapes ({self.where(case)}).", "not a list of arrays")
        parts = [value] if len(self.exercise.results) == 1 else value
        if self.exercise.cached and isinstance(value, (tuple, list)) and len(value) == 2:
            parts, got = [value[0]], kind_of(value[0])
        if isinstance(parts, (tuple, list)) and len(parts) == len(self.exercise.results):
            for name, part in zip(self.exercise.results, parts):
                if not isinstance(part, (np.ndarray, np.generic, float, int)) or np.asarray(part).dtype.kind not in "biuf":
                    raise Finding(f"{name} is {kind_of(part)}; wanted is an array of numbers.", "not an array")
        if self.exercise.cached and isinstance(value, np.ndarray):
            raise Finding("It returns one array. Wanted are two things: out, and a cache for the backward pass.", "cache forgotten")
        several = "" if len(wanted) == 1 else f"{len(wanted)} things, "
        raise Finding(f"It returns {got}. Wanted: {several}{listed(wanted)}.", "another number of results")

    def shapes(self, case, made):
        """The results have the right shapes."""
        for name, got, right in self.compared(case, made):
            if got.shape != right.shape:
                found = diagnosis.of_values(self, case, name)
                raise Finding(_lines(found.text, f"{name} has shape {got.shape}, expected {right.shape} ({self.where(case)})."), found.name)

    def types(self, case, made):
        """The results are floating-point numbers."""
        for name, got, _ in self.compared(case, made):
            if got.dtype.kind != "f":
                found = diagnosis.of_type(self, name)
                raise Finding(_lines(found.text if found else "", f"{name} holds {got.dtype} instead of floating-point numbers "
                                     f"({self.where(case)})."), found.name if found else "number type")
            single = [a.dtype == np.float32 for a in case.args if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
            if single and all(single) and got.dtype == np.float64 and got.ndim:
                self.doubled.append(name)

    def arguments_unchanged(self, case, made):
        """What the function was given is as it was."""
        if not made.changed:
            return
        rounded = all(_same(old, new, rounding=1e-9) for old, new in zip(_copied(case.args), made.args)) and case.dout is None
        if rounded:
            raise Finding(f"It changes the last digits of {listed(made.changed)} ({self.where(case)}): adding h and subtracting it again rounds. "
                          "Change a copy, or keep the old number and write it back: old = x[i]; ...; x[i] = old.", "not restored exactly")
        raise Finding(f"It changes what it was given: {listed(made.changed)} ({self.where(case)}). Make a new array: the caller of the "
                      "function still needs the old one.", "in place")

    def manners(self, case, made):
        """It changes none of NumPy's settings, and its results are arrays of their own."""
        if made.changed_state:
            raise Finding(f"It changes NumPy's global state: {made.changed_state}. That would affect the whole notebook.", "global state")
        if not self.exercise.views_matter:
            return
        arrays = [part for arg in made.args for part in (arg if isinstance(arg, list) else [arg]) if isinstance(part, np.ndarray)]
        for name, got in zip(self.exercise.names(case), made.live):
            if any(np.may_share_memory(got, arg) and np.shares_memory(got, arg) for arg in arrays):
                self.note(f"Note: {name} is a view of an argument: writing into one changes the other.")

    def values(self, case, made):
        """Every number is right."""
        for name, got, right in self.compared(case, made):
            close = self.close(got, right, case)
            if close.all():
                continue
            found = diagnosis.of_values(self, case, name)
            how_many = f"; {np.count_nonzero(~close)} of {close.size} entries differ" if close.size > 1 else ""
            evidence = f"{self.entry(name, got, right, close)} ({self.where(case)}{how_many})."
            more = [self.wrong_too(other, case) for other in self.exercise.names(case) if other != name] if found.partial else []
            raise Finding(_lines(found.text, evidence, *more), found.name, difference_map(name, close, _first_wrong(close)))

    def wrong_too(self, name, case):
        """A sentence that says whether a result is wrong in this case too, or where else it is wrong; "" if it is right everywhere."""
        wrong = [one for one, made in zip(self.cases, self.made) for other, got, right in self.compared(one, made)
                 if other == name and not self.equal(got, right, one)]
        if not wrong:
            return ""
        return f"{name} is wrong too." if any(one is case for one in wrong) else f"{name} is wrong in another case ({self.where(wrong[0])})."

    def entry(self, name, got, right, close, words="expected"):
        """The first wrong entry in words."""
        index = _first_wrong(close)
        place = f"{name}[{', '.join(map(str, index))}]" if index else name
        yours, expected = two_numbers(got[index], right[index])
        return f"{place} is {yours}, {words} {expected}"

    def repeated(self):
        """Call again with the same shapes and new numbers; then look at the results of the first calls once more."""
        for old, new, made in zip(self.cases, self.fresh, self.again):
            if made.error or made.results is None:
                said = explained(made.error, has=self.has)[1] if made.error else f"it returns {kind_of(made.value)}."
                raise Finding(f"Called a second time with arrays of the same shapes, it fails: {said} ({self.where(new)}).", "state between calls")
            for name, got, right in self.compared(new, made):
                if got.shape != right.shape or not self.close(got, right, new).all():
                    text = diagnosis.of_state(self, old, new, made, self.exercise.names(new).index(name))
                    raise Finding(f"{text} ({name}, {self.where(new)})", "state between calls")
        for case, made in zip(self.cases, self.made):
            changed = [name for name, kept, now in zip(self.exercise.names(case), made.kept[0], made.live) if not _same(kept, now)]
            if not changed and not _same(made.kept[1], made.cache):
                changed = ["cache"]
            if changed:
                raise Finding(f"Later calls change {listed(changed)} of an earlier call ({self.where(case)}): one array is used for every call. "
                              "Make a new one in each call.", "state between calls")

    def finite_differences(self):
        """Compare with the slopes of sum(dout * out), or of the loss, by central differences."""
        case, made = min(((case, made) for case, made in zip(self.cases, self.made) if case.stage == "random"),
                         key=lambda one: sum(np.size(arg) for arg in one[0].args) if _double(one[0]) else np.inf)
        for name, slope in self.exercise.numeric(case, numeric_gradient).items():
            got = made.results[self.exercise.results.index(name)]
            close = _isclose(got, slope, rtol=1e-2 if got.dtype == np.float32 else 1e-4, atol=1e-4)
            if not close.all():
                entry = self.entry(name, got, slope, close, "but the slope, by finite differences, is")
                raise Finding(f"{entry} ({self.where(case)}).", picture=difference_map(name, close, _first_wrong(close)))

    # ------------------------------------------------------------------------------------------------------- comparing

    def equal(self, a, b, case):
        """Whether two arrays have the same shape and are equal within the precision of the number types."""
        return a.shape == b.shape and bool(self.close(a, b, case).all())

    def close(self, got, right, case):
        """Which entries are equal within the precision of the number types, an array of bools."""
        if _array_equal(got, right):
            return np.ones(got.shape, bool)
        single = got.dtype == np.float32 or any(isinstance(arg, np.ndarray) and arg.dtype == np.float32 for arg in case.args)
        small = 0.0 if self.exercise.selects else 1e-4 if single else 1e-8
        with np.errstate(all="ignore"):
            return _isclose(got, right, rtol=1e-3 if single else 1e-5, atol=small, equal_nan=True)

    def compared(self, case, made):
        """(name, result of the student, right result) for each result of a case."""
        return zip(self.exercise.names(case), made.results, self.right(case))

    def fits(self, function, case):
        """Whether a function gives the right results for a case and leaves its arguments alone."""
        made = self.one_call(function, case)
        return made.results is not None and not made.changed and all(
            got.dtype.kind == "f" and self.equal(got, right, case) for _, got, right in self.compared(case, made))

    def where(self, case):
        """The case in words: the shapes or, for small arrays, the values of its arguments."""
        parts = [f"{name} {shape_or_value(arg)}" for name, arg in zip(self.exercise.arguments, case.args) if not callable(arg)]
        parts += [f"{name}={value}" for name, value in case.kwargs.items()]
        parts += [f"dout {shape_or_value(case.dout)}"] if case.dout is not None and case.dout.size <= 4 else []
        return "with " + ", ".join(parts) + (f": {case.note}" if case.note else "")

    def note(self, text):
        """Keep a remark for the verdict of a function that passes."""
        if text not in self.notes:
            self.notes.append(text)


class Made(NamedTuple):
    """One call of the function: its value or error, and the results as arrays (copies, or None).

    Also the names of changed arguments, the arguments, the cache, what changed in NumPy's state, and whether the function has not been
    written yet. `live` has the results themselves, `kept` copies of the results and of the cache."""

    value: object
    error: BaseException | None
    results: tuple | None
    changed: list
    args: tuple
    cache: object
    changed_state: str
    unwritten: bool
    live: tuple | None
    kept: tuple | None


def _unwritten(function, outcome):
    """Whether three dots remain in the function: in the value, in an error about them, or as a line of the body."""
    if outcome is ... or isinstance(outcome, (tuple, list)) and any(part is ... for part in outcome):
        return True
    failed = isinstance(outcome, BaseException)
    if failed and DOTS_USED.search(str(outcome)):                  # only code of the student's own writes into them
        return False
    if not failed and outcome is not None or failed and "ellipsis" not in str(outcome).lower():
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return failed
    if not failed:                                                 # it returns None: look for a line that is only three dots
        return any(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ... for node in ast.walk(tree))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Subscript) for part in ast.walk(node.slice)}      # dots of an index
    return any(isinstance(node, ast.Constant) and node.value is ... and id(node) not in inside for node in ast.walk(tree))


def _copied(value):
    """The same value with copied arrays; anything but an array, list, tuple or dict is not copied."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(part) for key, part in value.items()}
    return value


def _same(old, new, rounding=0.0):
    """Whether an argument, or the content of a cache, is unchanged; `rounding` is the largest difference that counts as none."""
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
        if old.shape != new.shape or old.dtype != new.dtype:
            return False
        if old.dtype.kind not in "biuf":
            return True
        if rounding:
            return bool(_isclose(old, new, rtol=0, atol=rounding, equal_nan=True).all())
        return _array_equal(old, new, equal_nan=old.dtype.kind == "f")
    if type(old) in (list, tuple) and type(new) is type(old):
        return len(old) == len(new) and all(_same(a, b, rounding) for a, b in zip(old, new))
    if type(old) is dict and type(new) is dict:
        return old.keys() == new.keys() and all(_same(old[key], new[key], rounding) for key in old)
    return True                                                    # numbers cannot be changed; the student's own objects are not compared


def _lines(*texts):
    return "\n".join(text for text in texts if text)


def _double(case):
    return all(arg.dtype != np.float32 for arg in case.args if isinstance(arg, np.ndarray))


def _first_wrong(close):
    return tuple(int(i) for i in np.argwhere(~close)[0]) if close.ndim else ()


def _names_of(function):
    code = getattr(function, "__code__", None)
    return [*code.co_varnames, *code.co_names, *code.co_freevars] if code else []


def _line_of(error, function):
    """The line of the student's function that raised the error, if it is known."""
    code, trace, line = getattr(function, "__code__", None), error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code is code:
            line = trace.tb_lineno - code.co_firstlineno + 1
        trace = trace.tb_next
    return f"; line {line} of your function" if line else ""
