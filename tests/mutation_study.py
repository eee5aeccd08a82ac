"""How many wrong versions of the solutions do the checks refuse? `python -m tests.mutation_study` prints the table in docs/checks.md.

Four kinds of wrong versions are made by program, so nobody has chosen them:

- *one change* and *two changes*: edits of the solution's source (`lenet_lab.check.edits`);
- *narrowed*: right except where a case has a property, for every property in `lenet_lab.check.diagnosis.PROPERTIES` and for every pair that
  occurs together in practice: right for square images only, for one image, without padding, ...;
- *state*: something is kept between calls, in six ways.

A version counts as wrong if it differs from the solution in any of many random cases, other ones than those of the check. A version that
never differs is *equivalent*, and the check should accept it.
"""

import argparse
import ast
import contextlib
import itertools
import linecache
import os
import sys
import tempfile
import time
from collections import Counter
from typing import NamedTuple

import numpy as np

from lenet_core import ops
from lenet_lab.check import diagnosis, edits
from lenet_lab.check.engine import Case, Examination, examine
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.check.solutions import blocks

SEED = 20_000                           # of the cases that decide whether a version is wrong
CASES = 120
LIMIT = 2.0                             # seconds for a version to be decided


class Version(NamedTuple):
    """A version of a solution: its kind, what was changed, and the function."""

    kind: str
    change: str
    function: object


def solution(name):
    """The kept solution of an exercise, as a function with its source."""
    space = {"np": np, "ops": ops}
    source = blocks()[name].split("\ncheck.")[0]
    return defined(source, name, f"<solution of {name}>", space)


def defined(source, name, file, space):
    """The function `name` of a source, which inspect finds again."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), space)
    return space[name]


def mutants(name, number=None, rng=None):
    """Versions with one change; with `number`, that many at random."""
    made = edits.edits(edits.written(solution(name)))
    if number is not None and len(made) > number:
        made = [made[n] for n in sorted(rng.choice(len(made), number, replace=False))]
    for n, edit in enumerate(made):
        with contextlib.suppress(SyntaxError, ValueError, TypeError):
            yield Version("one change", f"{edit.before} -> {edit.after}", _from(edit.tree, name, f"<mutant {n} of {name}>"))


def pairs(name, number, rng):
    """Versions with two changes, at random."""
    first = edits.edits(edits.written(solution(name)))
    for n in range(number):
        one = first[int(rng.integers(len(first)))]
        with contextlib.suppress(SyntaxError, ValueError, TypeError, AttributeError):
            again = edits.edits(edits.Written(solution(name), one.tree))
            two = again[int(rng.integers(len(again)))]
            yield Version("two changes", f"{one.before} -> {one.after}; {two.before} -> {two.after}",
                          _from(two.tree, name, f"<pair {n} of {name}>"))


def _from(tree, name, file):
    return defined(ast.unparse(ast.fix_missing_locations(tree)), name, file, {"np": np, "ops": ops})


def narrowed(name):
    """Versions that are right except where the case has a property, or two at once; there one number is wrong."""
    exercise, right = EXERCISES[name], solution(name)
    forward = solution(name.replace("backward", "forward")) if exercise.forward else None
    properties = list(diagnosis.both_ways(diagnosis.PROPERTIES))
    sample = exercise.mixed(np.random.default_rng(SEED), 4 * CASES)
    common = [(words, test) for words, test in properties if 0.05 < np.mean([bool(test(case)) for case in sample]) < 0.95]
    chosen = [(words, test) for words, test in common]
    for (a, one), (b, two) in itertools.combinations(common, 2):
        if np.mean([bool(one(case) and two(case)) for case in sample]) > 0.1:
            chosen.append((f"{a} and {b}", lambda case, one=one, two=two: one(case) and two(case)))
    for words, test in chosen:
        yield Version("narrowed", f"wrong where {words}", _only_right_without(exercise, right, forward, test))


def _only_right_without(exercise, right, forward, test):
    def function(*args, **kwargs):
        value = right(*args, **kwargs)
        if exercise.forward:
            dout, cache = args
            case = Case("", *_arguments(exercise, cache), dout=dout)
        else:
            case = Case("", args, kwargs)
        return _spoilt(exercise, value) if test(case) else value
    return function


def _arguments(exercise, cache):
    """The arguments and options of the forward call that a cache of the package's forward function comes from."""
    if exercise.name == "relu_backward":
        return (cache,), {}
    if exercise.name == "inner_product_backward":
        return (*cache, np.zeros(cache[1].shape[1])), {}
    if exercise.name == "max_pool_backward":
        x, _, k, stride = cache
        return (x,), {"k": k} | ({} if stride == k else {"stride": stride})      # the cache does not say whether k was the default
    cols, x_shape, W, stride, pad = cache
    return (x_shape, W), {"stride": stride, "pad": pad}


def _spoilt(exercise, value):
    """The same results with one number changed."""
    parts = value[0] if exercise.cached else value
    several = isinstance(parts, (tuple, list))
    arrays = [np.array(part) for part in (parts if several else [parts])]
    last = arrays[-1]
    last[(-1,) * last.ndim] += 1 + abs(last[(-1,) * last.ndim])
    made = type(parts)(arrays) if several else arrays[0]
    return (made, value[1]) if exercise.cached else made


def stateful(name):
    """Versions that keep something between calls."""
    exercise = EXERCISES[name]
    for kind, wrap in STATES.items():
        yield Version("state", kind, wrap(solution(name), exercise))


def _key(args, kwargs):
    def shape(value):
        if isinstance(value, np.ndarray):
            return value.shape, value.dtype.str
        if isinstance(value, (list, tuple)):
            return tuple(map(shape, value))
        return value if isinstance(value, (int, float, type(None))) else type(value).__name__
    return shape(args), tuple(sorted(kwargs.items()))


def _remembers(right, exercise):
    seen = {}
    return lambda *args, **kwargs: seen.setdefault(_key(args, kwargs), right(*args, **kwargs))


def _remembers_without_types(right, exercise):
    seen = {}
    return lambda *args, **kwargs: seen.setdefault(str(_key(args, kwargs)).replace("<f4", "").replace("<f8", ""), right(*args, **kwargs))


def _results(exercise, value):
    parts = value[0] if exercise.cached else value
    return list(parts) if isinstance(parts, (tuple, list)) else [parts]


def _adds(right, exercise):
    before = {}

    def function(*args, **kwargs):
        value = right(*args, **kwargs)
        parts = [np.asarray(part) for part in _results(exercise, value)]
        key = _key(args, kwargs)
        sums = [a + b for a, b in zip(parts, before.get(key, [0 * part for part in parts]))]
        before[key] = sums
        return _as(exercise, value, sums)
    return function


def _reuses_a_buffer(right, exercise):
    buffers = {}

    def function(*args, **kwargs):
        value = right(*args, **kwargs)
        parts = [np.asarray(part) for part in _results(exercise, value)]
        kept = buffers.setdefault(_key(args, kwargs), [part.copy() for part in parts])
        for buffer, part in zip(kept, parts):
            buffer[...] = part
        return _as(exercise, value, kept)
    return function


def _first_call_only(right, exercise):
    calls = Counter()

    def function(*args, **kwargs):
        calls[_key(args, kwargs)] += 1
        value = right(*args, **kwargs)
        return value if calls[_key(args, kwargs)] == 1 else _spoilt(exercise, value)
    return function


def _last_result(right, exercise):
    """Returns what was computed in the call before, where the shapes are the same."""
    last = {}

    def function(*args, **kwargs):
        value, key = right(*args, **kwargs), _key(args, kwargs)
        before, last[key] = last.get(key, value), value
        return before
    return function


def _as(exercise, value, parts):
    shaped = value[0] if exercise.cached else value
    made = type(shaped)(parts) if isinstance(shaped, (tuple, list)) else parts[0]
    return (made, value[1]) if exercise.cached else made


STATES = {"remembers the result for a shape": _remembers, "remembers it for a shape of any number type": _remembers_without_types,
          "adds to the result of the last call": _adds, "returns one array for every call": _reuses_a_buffer,
          "right in the first call only": _first_call_only, "returns the result of the call before": _last_result}


# --------------------------------------------------------------------------------------------------------------- deciding


def is_wrong(name, version):
    """Whether a version differs from the solution in any of the cases of the study: the same shapes twice, so that state shows too."""
    exercise = EXERCISES[name]
    forward = exercise.forward
    check = Examination(exercise, version.function, forward, SEED, LIMIT, time.monotonic() + LIMIT, (version.function, lambda f: f))
    cases = [*check.cases, *exercise.mixed(np.random.default_rng(SEED + 1), CASES)]
    calls = []
    for one in (twin for case in cases for twin in (case, check.renumbered(case))):
        if not check.fits(version.function, one):
            return True
        calls.append((one, check.one_call(version.function, one)))             # the same call again
        if not calls[-1][1].results or check.left < 0:
            break
    return any(not call.results or not all(map(check.equal, call.live, check.right(one), [one] * len(call.live))) for one, call in calls)


def reason(name, version):
    """Why a version is equivalent: it gives the same numbers in every call, or they differ by rounding, or only in the cache."""
    exercise, solved = EXERCISES[name], solution(name)
    check = Examination(exercise, version.function, exercise.forward, SEED, LIMIT, time.monotonic() + LIMIT, (version.function, lambda f: f))
    same_cache = True
    for case in [*check.cases, *exercise.mixed(np.random.default_rng(SEED + 1), CASES)]:
        mine, right = check.one_call(version.function, case), check.one_call(solved, case)
        if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(mine.results, right.results)):
            return "differs by rounding only"
        same_cache = same_cache and repr(mine.cache) == repr(right.cache)
    return "the same numbers in every call" if same_cache else "differs only in the cache, which is the student's choice"


def judged(name, version):
    """(wrong, refused, named) of a version."""
    verdict = examine(EXERCISES[name], version.function, [EXERCISES[name].forward] if EXERCISES[name].forward else [])
    if not verdict.passed:
        return True, True, verdict.misconception is not None
    return is_wrong(name, version), False, False


def study(names, number=None, two=60, seed=0, show_all=False):
    """{(exercise, kind): Counter} for the exercises, and {reason: number} of the equivalent versions.

    `number` mutants with one change (None: all), `two` with two. Wrong ones that are accepted are printed; with `show_all` the
    equivalent ones too.
    """
    table, reasons = {}, Counter()
    for name in names:
        rng = np.random.default_rng(seed)
        for version in itertools.chain(mutants(name, number, rng), pairs(name, two, rng), narrowed(name), stateful(name)):
            wrong, refused, named = judged(name, version)
            counts = table.setdefault((name, version.kind), Counter())
            counts.update(made=1, refused=int(refused), accepted=int(wrong and not refused), equivalent=int(not wrong), named=int(named))
            why = "" if wrong else reason(name, version)
            reasons.update([why] if why else [])
            if show_all and why or wrong and not refused:
                print(f"{name}, {version.kind}: {why or 'ACCEPTED'}: {version.change}", file=sys.stderr)
    return table, reasons


def as_table(table):
    """The counts as lines of Markdown, one for each exercise and kind, and their sum."""
    lines = ["| exercise | kind | made | equivalent | wrong | refused | named |", "| --- | --- | --: | --: | --: | --: | --: |"]
    total = Counter()
    for (name, kind), counts in table.items():
        lines.append(_line(name, kind, counts))
        total.update(counts)
    return "\n".join([*lines, _line("**all**", "", total)])


def _line(name, kind, c):
    return f"| {name} | {kind} | {c['made']} | {c['equivalent']} | {c['made'] - c['equivalent']} | {c['refused']} | {c['named']} |"


def covering(name, candidates=600, rare=0.05):
    """Seeds of `Exercise.one` with which, beside the chosen cases, every pair of properties occurs that is not `rare`."""
    exercise, properties = EXERCISES[name], list(diagnosis.both_ways(diagnosis.PROPERTIES))

    def having(cases):
        return np.array([[bool(test(case)) for _, test in properties] for case in cases])

    of_candidates = having([exercise.one(np.random.default_rng(n)) for n in range(candidates)])
    of_cases = having(exercise.cases(np.random.default_rng(0)))
    pairs = of_candidates[:, :, None] & of_candidates[:, None, :]
    wanted = np.triu(pairs.mean(axis=0) > rare) & ~(of_cases[:, :, None] & of_cases[:, None, :]).any(axis=0)
    seeds = []
    while wanted.any():                                   # the case with the most pairs that are still wanted
        seeds.append(int((pairs & wanted).sum(axis=(1, 2)).argmax()))
        wanted &= ~pairs[seeds[-1]]
    return tuple(seeds)


def main(args=None):
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation_study", description=__doc__.splitlines()[0])
    parser.add_argument("exercises", nargs="*", default=list(EXERCISES), help="their names; default: all")
    parser.add_argument("--number", type=int, help="that many versions with one change, at random; default: all")
    parser.add_argument("--two", type=int, default=60, help="versions with two changes (%(default)s)")
    parser.add_argument("--show", action="store_true", help="print every equivalent version with the reason")
    parser.add_argument("--covering", action="store_true", help="print the seeds for `Exercise.covering` instead")
    given = parser.parse_args(args)
    if given.covering:
        print(*(f"{name}: {covering(name)}" for name in given.exercises), sep="\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LENET_PROGRESS"] = folder
        table, reasons = study(given.exercises, given.number, given.two, show_all=given.show)
    print(as_table(table))
    print("\nEquivalent: " + "; ".join(f"{number} {why}" for why, number in reasons.most_common()) + ".")


if __name__ == "__main__":
    main()
