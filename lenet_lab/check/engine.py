"""Check a student's function in fixed stages, and report the first problem in one verdict.

An `Exercise` is data: the right answer as plain loops, cases, and *wrong* functions, each the code of one known misconception. The stages
are: it runs; it returns the right number of results; shapes; number types; its arguments are unchanged; the example by hand; random cases
without symmetry; ties and edge cases; finite differences. If something is wrong, the student's results are compared with those of every
wrong function on all cases. If one agrees in all cases, the verdict names its misconception.

Forward functions return (out, cache) and backward ones take (dout, cache), as in `lenet_core.ops`. The student chooses the content of the
cache: a backward function is called with the cache of its forward function.
"""

import ast
import dis
import inspect
import itertools
import reprlib
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

import numpy as np

from lenet_core.gradcheck import numeric_gradient

from .guard import call
from .verdict import NOT_WRITTEN, Verdict

SECONDS = 8                             # for all calls of one check together
LONGEST_MESSAGE = 300                   # characters of an error that are repeated
_isclose = np.isclose                   # kept here, because a student's function may replace np.isclose
STAGES = {"hand": "an example by hand", "random": "random cases", "edge": "special cases"}
COLUMNS_SHOWN = 12                      # of a difference map


class Case(NamedTuple):
    """The arguments of one call: `stage` is a key of STAGES, `note` says what is special; backward exercises also have a `dout`."""

    stage: str
    args: tuple
    kwargs: dict = {}
    note: str = ""
    dout: np.ndarray | None = None


class Misconception(NamedTuple):
    """A misconception: its name, its explanation, and a function that has it (plain interface, as `Exercise.right`)."""

    name: str
    text: str
    function: Callable


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
    views_matter: bool = True
    known: tuple = ("im2col", "col2im", "windows_of")      # names that a function may count on everywhere

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


def examine(exercise, function, forwards=(), seed=0, seconds=None):
    """The verdict on `function`; backward functions are tested with the caches of `forwards` in turn, until one passes.

    Random cases are drawn from `seed`; all calls together may take `seconds` (default: SECONDS).
    """
    if function is ... or function is None:
        return Verdict(exercise.name, False, NOT_WRITTEN)
    if not callable(function):
        return Verdict(exercise.name, False, f"{_repr(function)} is not a function. Give the function itself: its name, without brackets behind it.")
    seconds = SECONDS if seconds is None else seconds
    until, tried = time.monotonic() + seconds, []
    for forward in list(dict.fromkeys(forwards)) or [None]:
        examination = _Examination(exercise, function, forward, seed, seconds, until)
        verdict = examination.verdict()
        if verdict.passed or verdict.misconception == "endless":
            return verdict
        tried.append((verdict.misconception is not None, examination.reached, verdict))
    return max(tried, key=lambda one: one[:2])[2]


class _Examination:
    """The check of one function with one forward function, until the time `until`; several of them share the `seconds`."""

    def __init__(self, exercise, function, forward, seed, seconds, until):
        self.exercise, self.function, self.forward, self.seconds, self.until = exercise, function, forward, seconds, until
        self.cases = exercise.cases(np.random.default_rng(seed))
        self.notes, self.seen = [], []

    @property
    def reached(self):
        """The number of cases in which the function gave results of the right structure."""
        return sum(made.results is not None for made in self.seen)

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
        for case in self.cases:
            made = self.attempt(case)
            if made is UNWRITTEN:
                raise Finding(NOT_WRITTEN)
            if made.called.endless and self.seen:
                raise Finding(f"It is too slow: {len(self.seen)} of {len(self.cases)} small cases in {self.seconds:g} seconds, then stopped "
                              f"({self.where(case)}).", "endless")
            if made.called.endless:
                raise Finding(f"It does not end: stopped after {self.seconds:g} seconds ({self.where(case)}).", "endless")
            self.seen.append(made)
        for case, made in zip(self.cases, self.seen):              # the simplest case comes first
            for stage in (self.runs, self.structure, self.shapes, self.types, self.arguments_unchanged, self.manners):
                stage(case, made)
        passed = ["it runs", f"returns {_and(self.exercise.results)}" + (" and a cache" if self.exercise.cached else ""),
                  "shapes", "number type", "arguments unchanged"]
        for stage, words in STAGES.items():
            several = [(case, made) for case, made in zip(self.cases, self.seen) if case.stage == stage]
            for case, made in several:
                self.values(case, made)
            if several and stage == "edge":
                words += f" ({_and([case.note for case, _ in several])})"
            elif several and stage == "random":
                words = f"{len(several)} {words if len(several) > 1 else words[:-1]}"
            if several:
                passed.append(words)
        if self.exercise.numeric:
            self.finite_differences()
            passed.append("finite differences")
        self.note_globals()
        return passed

    def note_globals(self):
        """Add a note if the function uses names of this notebook, since other notebooks then cannot use it."""
        try:
            used = inspect.getclosurevars(self.function).globals
        except (TypeError, ValueError):
            return
        loaded = {step.argval for step in dis.get_instructions(self.function) if step.opname == "LOAD_GLOBAL"}      # not attributes like .T
        own = [name for name, value in used.items() if name in loaded and not inspect.ismodule(value) and name not in self.exercise.known]
        if own:
            self.note(f"Note: it uses {_and(own)} of this notebook; so other notebooks cannot use it.")

    # ------------------------------------------------------------------------------------------------------- one call

    def attempt(self, case):
        """Call the student's function on copies of a case's arguments; returns `Made`, or UNWRITTEN."""
        args, kwargs = _copied(case.args), dict(case.kwargs)
        if case.dout is not None:
            args, kwargs = (case.dout.copy(), self.cache(args, case)), {}
        kept = _copied(args)
        called = call(self.function, args, kwargs, max(0.1, self.until - time.monotonic()))
        if _unwritten(self.function, called):
            return UNWRITTEN
        results = self.unpacked(called.value) if not called.error and not called.endless else None
        changed = [name for name, old, new in zip(self.names(case), kept, args) if not _same(old, new)]
        return Made(called, results, changed, args)

    def cache(self, args, case):
        """The cache of the forward function. Raises a Finding if that function, which may be the student's, does not return one."""
        inner = call(self.forward, args, case.kwargs, max(0.1, self.until - time.monotonic()))
        if inner.error or inner.endless or not (isinstance(inner.value, (tuple, list)) and len(inner.value) == 2):
            what = _error(inner.error) if inner.error else "it does not end" if inner.endless else f"it returns {_describe(inner.value)}"
            raise Finding(f"The forward function that goes with it gives no (out, cache): {what} ({self.where(case)}). Correct that one first.")
        return inner.value[1]

    def names(self, case):
        return ("dout", "cache") if case.dout is not None else self.exercise.arguments

    def unpacked(self, value):
        """The results as arrays, or None if they have the wrong structure."""
        wanted = len(self.exercise.results)
        if self.exercise.cached:
            if not (isinstance(value, (tuple, list)) and len(value) == 2):
                return None
            value = value[0]
        parts = (value,) if wanted == 1 else value
        if not isinstance(parts, (tuple, list)) or len(parts) != wanted or not all(isinstance(part, (np.ndarray, np.generic, float, int))
                                                                                  for part in parts):
            return None
        arrays = tuple(np.asarray(part) for part in parts)
        return None if any(array.dtype.kind not in "biuf" for array in arrays) else arrays

    # --------------------------------------------------------------------------------------------------------- stages

    def runs(self, case, made):
        if made.called.error:
            error = made.called.error
            misconception, text = (None, "") if isinstance(error, (NameError, AttributeError)) else self.misconception()
            other = ""
            taken_apart = any(word in str(error) for word in ("unpack", "subscript", "indices", "no attribute"))
            if case.dout is not None and self.forward is self.exercise.forward and taken_apart:
                other = (" It was given the cache of the package's forward function; if it needs that of your own, write "
                         f"check.{self.exercise.name}(..., forward=...).")
            raise Finding(f"{text}It raises {_error(error)} ({self.where(case)}{_line_of(error, self.function)}).{other}", misconception)

    def structure(self, case, made):
        if made.results is not None:
            return
        value, wanted = made.called.value, [*self.exercise.results, *(["cache"] if self.exercise.cached else [])]
        got = _describe(value)
        if value is None:
            raise Finding(f"It returns None. Is the return missing? Wanted: {_and(wanted)}.", "nothing returned")
        if "db" in wanted and isinstance(value, (tuple, list)) and len(value) == len(wanted) - 1:
            raise Finding(f"It returns {got}. Has db been forgotten? Wanted: {_and(wanted)}.", "db forgotten")
        parts = [value] if len(self.exercise.results) == 1 else value
        if self.exercise.cached and isinstance(value, (tuple, list)) and len(value) == 2:
            parts, got = [value[0]], _describe(value[0])
        if isinstance(parts, (tuple, list)) and len(parts) == len(self.exercise.results):
            for name, part in zip(self.exercise.results, parts):
                if not isinstance(part, (np.ndarray, np.generic, float, int)) or np.asarray(part).dtype.kind not in "biuf":
                    raise Finding(f"{name} is {_describe(part)}; wanted is an array of numbers.", "not an array")
        if self.exercise.cached and isinstance(value, np.ndarray):
            raise Finding("It returns one array. Wanted are two things: out, and a cache for the backward pass.", "cache forgotten")
        several = "" if len(wanted) == 1 else f"{len(wanted)} things, "
        raise Finding(f"It returns {got}. Wanted: {several}{_and(wanted)}.")

    def shapes(self, case, made):
        for name, got, right in self.compared(case, made):
            if got.shape != right.shape:
                misconception, text = self.misconception(name)
                raise Finding(f"{text}{name} has shape {got.shape}, expected {right.shape} ({self.where(case)}).", misconception)

    def types(self, case, made):
        for name, got, _ in self.compared(case, made):
            if got.dtype.kind != "f":
                misconception, text = self.misconception(name)
                raise Finding(f"{text}{name} holds {got.dtype} instead of floating-point numbers ({self.where(case)}).",
                              misconception or "number type")
            single = [a.dtype == np.float32 for a in case.args if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
            if single and all(single) and got.dtype == np.float64 and got.ndim:
                self.note(f"Note: float32 goes in and {name} comes out as float64, which makes training slower. An array made with x.dtype "
                          "has the number type of x.")

    def arguments_unchanged(self, case, made):
        if made.changed:
            raise Finding(f"It changes what it was given: {_and(made.changed)} ({self.where(case)}). Make a new array: the caller of the "
                          "function still needs the old one.", "in place")

    def manners(self, case, made):
        called = made.called
        if called.changed_state:
            raise Finding(f"It changes NumPy's global state: {called.changed_state}. That would affect the whole notebook.",
                          "global state")
        if called.printed:
            first = called.printed.strip().splitlines()[:1]
            self.note(f"Note: it prints ({first[0][:60]!r} ...); in training that would be thousands of lines." if first else
                      "Note: it prints.")
        if called.figures:
            self.note("Note: it opens a figure; in training that would be thousands of them.")
        if not self.exercise.views_matter:
            return
        arrays = [part for arg in made.args for part in (arg if isinstance(arg, list) else [arg]) if isinstance(part, np.ndarray)]
        for name, got in zip(self.exercise.results, made.results):
            if any(np.shares_memory(got, arg) for arg in arrays):
                self.note(f"Note: {name} is a view of an argument: writing into one changes the other.")

    def values(self, case, made):
        for name, got, right in self.compared(case, made):
            close = self.close(got, right, case)
            if close.all():
                continue
            index = tuple(int(i) for i in np.argwhere(~close)[0]) if got.ndim else ()
            misconception, text = self.misconception(name)
            entry = f"{name}[{', '.join(map(str, index))}]" if index else name
            yours, expected = _two_numbers(got[index], right[index])
            raise Finding(f"{text}{self.other_mistakes(name, misconception)}{entry} is {yours}, expected {expected} ({self.where(case)}; "
                          f"{np.count_nonzero(~close)} of {close.size} entries differ).", misconception, _map(name, close, index))

    def other_mistakes(self, name, misconception):
        """The misconceptions in the other results, in sentences; a function may have two mistakes."""
        said = ""
        for n, other in enumerate(self.exercise.results):
            if other != name and not all(self.equal(made.results[n], self.exercise.plain(self.exercise.right, case)[n], case)
                                         for case, made in zip(self.cases, self.seen)):
                known, text = self.misconception(other)
                said += f"And in {other}: {text}" if known and known != misconception else ""
        return said

    def finite_differences(self):
        """Compare with the slopes of sum(dout * out), or of the loss, by central differences."""
        case, made = next((case, made) for case, made in zip(self.cases, self.seen) if case.stage == "random")
        for name, slope in self.exercise.numeric(case, numeric_gradient).items():
            got = made.results[self.exercise.results.index(name)]
            close = np.isclose(got, slope, rtol=1e-2 if got.dtype == np.float32 else 1e-4, atol=1e-4)
            if not close.all():
                index = tuple(int(i) for i in np.argwhere(~close)[0])
                yours, expected = _two_numbers(got[index], slope[index])
                raise Finding(f"{name}[{', '.join(map(str, index))}] is {yours}, but the slope, by finite differences, is {expected} "
                              f"({self.where(case)}).", picture=_map(name, close, index))

    # ------------------------------------------------------------------------------------------------------ misconceptions

    def misconception(self, name=None):
        """(name, explanation) of the wrong function that gives the same results on every case; else (None, "").

        One that agrees in all results is preferred; else one that agrees in the result `name`, since a function may have two mistakes.
        """
        for names in (self.exercise.results, (name,) if name else ()):
            for wrong in self.exercise.wrongs:
                if names and self.agrees(wrong.function, [self.exercise.results.index(one) for one in names]):
                    return wrong.name, wrong.text + "\n"
        for order in list(itertools.permutations(range(len(self.exercise.results))))[1:]:
            def reordered(*args, order=order, **kwargs):
                results = tuple(self.exercise.right(*args, **kwargs))
                return tuple(results[n] for n in order)
            if self.agrees(reordered, range(len(order))):
                return "order of the results", f"These are the right results in another order; wanted: {_and(self.exercise.results)}.\n"
        return None, ""

    def agrees(self, function, places):
        """Whether `function` gives the same results as the student's in every case, and differs from the right ones in one."""
        differs = compared = False              # two functions that always raise do not count as equal
        for case, made in zip(self.cases, self.seen):
            theirs, right = self.exercise.plain(function, case), self.exercise.plain(self.exercise.right, case)
            if made.results is None or isinstance(theirs, type):
                if made.results is not None or type(made.called.error) is not theirs:
                    return False
                differs = True
                continue
            compared = True
            for n in places:
                if not self.equal(made.results[n], theirs[n], case):
                    return False
                differs = differs or not self.equal(theirs[n], right[n], case)
        return differs and compared

    def equal(self, a, b, case):
        return a.shape == b.shape and bool(self.close(a, b, case).all())

    def close(self, got, right, case):
        """Which entries are equal within the precision of the number types, an array of bools."""
        single = got.dtype == np.float32 or any(isinstance(arg, np.ndarray) and arg.dtype == np.float32 for arg in case.args)
        with np.errstate(all="ignore"):
            return _isclose(got, right, rtol=1e-3 if single else 1e-5, atol=1e-4 if single else 1e-8, equal_nan=True)

    def compared(self, case, made):
        return zip(self.exercise.results, made.results, self.exercise.plain(self.exercise.right, case))

    def where(self, case):
        """The case in words: the shapes or, for small arrays, the values of its arguments."""
        shown = [f"{name} {_shape_or_value(arg)}" for name, arg in zip(self.exercise.arguments, case.args) if not callable(arg)]
        shown += [f"{name}={value}" for name, value in case.kwargs.items()]
        shown += [f"dout {_shape_or_value(case.dout)}"] if case.dout is not None and case.dout.size <= 4 else []
        return "with " + ", ".join(shown) + (f": {case.note}" if case.note else "")

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)


class Made(NamedTuple):
    """One call of the student's function: a `guard.Called`, the results as arrays (or None), the names of changed arguments."""

    called: object
    results: tuple | None
    changed: list
    args: tuple


UNWRITTEN = object()


def _unwritten(function, called):
    """Whether three dots remain in the function: in the result, in an error about them, or as a line of the body."""
    value = called.value
    if value is ... or isinstance(value, (tuple, list)) and any(part is ... for part in value):
        return True
    if called.endless or value is not None or (called.error is not None and "ellipsis" not in str(called.error).lower()):
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return called.error is not None
    if called.error is None:                                       # it returns None: look for a line that is only three dots
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


def _same(old, new):
    """Whether an argument, or the content of a cache, is unchanged up to rounding errors (as x += h, x -= h leaves)."""
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
        if old.shape != new.shape or old.dtype != new.dtype:
            return False
        return old.dtype.kind not in "biuf" or bool(_isclose(old, new, rtol=0, atol=1e-9, equal_nan=True).all())
    if type(old) in (list, tuple) and type(new) is type(old):
        return len(old) == len(new) and all(map(_same, old, new))
    if type(old) is dict and type(new) is dict:
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    return True                                                    # numbers cannot be changed; the student's own objects are not compared


def _error(error):
    """An error in words: its type and its text, truncated."""
    try:
        said = str(error)
    except Exception:
        said = ""
    said = said if len(said) <= LONGEST_MESSAGE else said[:LONGEST_MESSAGE] + " ..."
    return type(error).__name__ + (f": {said}" if said else "")


def _repr(value):
    try:
        return reprlib.repr(value)
    except Exception:
        return f"A {type(value).__name__}"


def _line_of(error, function):
    """The line of the student's function that raised the error, if it is known."""
    code, trace, line = getattr(function, "__code__", None), error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code is code:
            line = trace.tb_lineno - code.co_firstlineno + 1
        trace = trace.tb_next
    return f"; line {line} of your function" if line else ""


def _describe(value):
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)} thing{'s' * (len(value) != 1)}"
    if isinstance(value, np.ndarray):
        return f"one array of {value.dtype}"
    return f"a {type(value).__name__}"


def _shape_or_value(arg):
    if isinstance(arg, np.ndarray):
        return str(arg.round(3).tolist()) if arg.size <= 4 else str(arg.shape)
    return f"of {len(arg)} arrays" if isinstance(arg, list) else "" if callable(arg) else repr(arg)


def _two_numbers(a, b):
    """Two numbers with enough digits to show that they differ."""
    for digits in (6, 9, 12, 17):
        first, second = (f"{float(value):.{digits}g}" for value in (a, b))
        if first != second:
            break
    return first, second


def _and(words):
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _map(name, close, index):
    """The places of the differences: the last two axes at the first wrong entry, as an HTML table of dots and crosses."""
    if close.ndim < 2 or close.size < 4:
        return ""
    plane = close[index[:-2]][:COLUMNS_SHOWN, :COLUMNS_SHOWN]
    rows = "".join("<tr>" + "".join(f'<td style="padding:0 4px;text-align:center">{"·" if ok else "<b>✗</b>"}</td>' for ok in row) + "</tr>"
                   for row in plane)
    title = f"{name}[{', '.join([*map(str, index[:-2]), ':', ':'])}]: ✗ differs, · agrees"
    return (f'<table style="font-family:monospace;line-height:1.1;margin:4px 0"><caption style="text-align:left;white-space:nowrap">'
            f"{escape(title)}</caption>{rows}</table>")
