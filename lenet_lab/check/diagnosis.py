"""The cause of a wrong result: what is named in a verdict.

The sources of a name, in this order, and why each can be trusted:

1. *State.* The same call gives another result, or a fresh copy of the function is right.
2. *A known misconception.* A function that has it gives the same results as the student's on every case.
3. *The memory.* The same numbers, row by row in memory, give the right result.
4. *An edit.* One small change of the student's own source makes every case right (`edits`): so the cause stands in that line.
5. *A known misconception of one result*, dW or db, where the others have another cause.
6. *The numbers.* What is true of the wrong results themselves: the opposite sign, a factor, other places, one image only.
7. *The cases.* All cases with a property are wrong, all others are right: "wrong wherever height and width differ".

The examination that is passed in is an `engine.Examination`.
"""

import ast
import itertools
import math
from typing import NamedTuple

import numpy as np

from .edits import UNCHANGED, calls_in, edits
from .errors import said_by
from .wording import listed

SEARCH_SECONDS = 4.0                   # for trying edits
MORE = 12                              # random cases that an edit must make right too
EXPERIMENTS = 60                       # random cases that a property must separate
EXPERIMENT_SECONDS = 2.0
LONGEST_CODE = 60                      # characters of a piece of code that are shown
AROUND = 20                            # characters that are shown before and after a difference in a longer one


class Found(NamedTuple):
    """The name of a cause (None: it has none), the sentences about it, and whether they are about one of several results only."""

    name: str | None
    text: str
    partial: bool = False


def of_error(examination, case, made):
    """The cause of an error that a call raised, beyond what the error itself says; or None."""
    if "ellipsis" in said_by(made.error) and examination.source:
        return _dots(examination)
    if isinstance(made.error, (NameError, AttributeError)):
        return None
    return _kept(examination, case) or _known(examination) or _edited(examination, case)


def of_type(examination, name):
    """The cause of a wrong number type of the result `name`: a known misconception, or None."""
    return _known(examination) or _known(examination, name)


def of_values(examination, case, name):
    """The cause of a wrong result `name`, first seen in a case."""
    with np.errstate(all="ignore"):                         # a wrong result may be anything
        found = (_state(examination, case, name) or _kept(examination, case) or _known(examination) or _memory_order(examination, case)
                 or _edited(examination, case))
        return found or (_known(examination, name) or _numbers(examination, name) or _cases(examination) or _shapes(examination, name)
                         or Found(None, ""))._replace(partial=True)


# ------------------------------------------------------------------------------------------------------------------ known


def _known(examination, name=None):
    """A misconception that gives the same results on every case; with `name`, the same in this result."""
    exercise = examination.exercise
    names = (name,) if name else exercise.results
    places = [exercise.results.index(one) for one in names] if not exercise.several else None
    source = examination.source
    for wrong in exercise.wrongs:
        if (wrong.clue is None or source and wrong.clue(source.tree)) and _agrees(examination, wrong.function, places):
            return Found(wrong.name, wrong.text)
    if not exercise.several:
        for order in list(itertools.permutations(range(len(exercise.results))))[1:]:
            def reordered(*args, order=order, **kwargs):
                results = tuple(exercise.right(*args, **kwargs))
                return tuple(results[n] for n in order)
            if _agrees(examination, reordered, range(len(order))):
                return Found("order of the results", f"These are the right results in another order; wanted: {listed(exercise.results)}.")
    return None


def _agrees(examination, function, places):
    """Whether `function` gives the same results as the student's in every case, and differs from the right ones in one."""
    exercise = examination.exercise
    differs = compared = False              # two functions that always raise do not count as equal
    for case, made in zip(examination.cases, examination.made):
        theirs, right = exercise.plain(function, case), examination.right(case)
        if made.results is None or isinstance(theirs, type):
            nothing = not isinstance(theirs, type) and any(part.size == 0 for part in theirs)      # NumPy may refuse to make an empty array
            if made.results is not None or not nothing and type(made.error) is not theirs:
                return False
            differs = True
            continue
        compared = True
        for n in range(len(right)) if places is None else places:
            if not examination.equal(made.results[n], theirs[n], case):
                return False
            differs = differs or not examination.equal(theirs[n], right[n], case)
    return differs and compared


def _memory_order(examination, case):
    """Whether the same numbers, row by row in memory, give the right result."""
    if all(arg.flags.c_contiguous for arg in case.args if isinstance(arg, np.ndarray)):
        return None
    tidy = case._replace(args=tuple(np.ascontiguousarray(arg) if isinstance(arg, np.ndarray) else arg for arg in case.args))
    if examination.guarded(examination.fits, examination.function, tidy).value is not True:
        return None
    x = first_array(examination.exercise, case)
    return Found("memory order", f"The same numbers give the right result when {x} lies row by row in memory, as np.ascontiguousarray({x}) does. "
                 "Here it lies in another order: count on shapes, not on the memory (strides, data, order).")


def _dots(examination):
    """A name that still holds three dots where it is used, as an array is."""
    left = [target.id for node in ast.walk(examination.source.tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            and node.value.value is ... for target in node.targets if isinstance(target, ast.Name)]
    if not left:
        return None
    names = listed(f"`{one}`" for one in left)
    return Found("three dots left", f"{names} {'is' if len(left) == 1 else 'are'} still three dots where the function writes into it or uses it: "
                                    "make an array first, as np.zeros(...) or np.full(...), or a list [].")


# ------------------------------------------------------------------------------------------------------------------ edits

CAUSES = {                              # of an edit: the name of the cause, and a next step
    "comparison": ("comparison", "Ask what must happen where both sides are equal, and which side is larger."),
    "sign": ("sign", "Try the signs with one number on paper."),
    "axis": ("wrong axis", "Say aloud what each axis counts."),
    "argument": ("wrong arguments", "Compare the call with what the function takes."),
    "padded": ("padding counted twice", "The padding is counted twice: x is padded already, so its own height and width contain it."),
    "keepdims": ("keepdims", "max, sum and mean drop the axis; with keepdims=True it stays, with length 1, so that each row meets its own number."),
    "constant": ("wrong number", "Where does this number come from?"),
    "function": ("another function", "Compare it with the formula."),
    "operator": ("wrong operator", "Compare it with the formula."),
    "brackets": ("brackets", "Operators bind in another order than you read them."),
    "assignment": ("= and +=", "Ask whether earlier values should be kept here: = replaces, += adds."),
    "order": ("order", "Ask what must come first."),
    "lines": ("order", "Ask what each line needs from the other."),
    "copy": ("no copy", "`a = b` gives an array a second name; it makes no second array."),
    "slice": ("slice", "Write down the first and the last index that it takes."),
    "transpose": ("wrong transpose", "Write the shape behind each line."),
    "dropped": ("something too much", "Compare this line with the formula."),
    "name": ("another name", "Ask what each name holds here."),
}


def _edited(examination, case):
    """One change of the student's source that makes every case right."""
    if examination.source is None:
        return None
    others = [one for one in examination.cases if one is not case] + examination.more(MORE)
    worked = []

    def search():
        for edit in edits(examination.source):
            if _makes_right(examination, edit, [case, *others]):
                worked.append(edit)
                return

    examination.guarded(search, most=min(SEARCH_SECONDS, examination.left - 0.5))
    if not worked:
        return None
    edit, (name, step) = worked[0], CAUSES[worked[0].kind]
    place = "" if examination.source.is_one_line else f"Line {edit.line}, "
    if edit.kind == "lines":
        before, after = (_beginning(one) for one in (edit.before, edit.after))
        return Found(name, f"{place}`{before}`{',' if place else ''} must come after the next one, `{after}`: then every case is right. {step}")
    if edit.after == UNCHANGED:
        return Found(name, f"{place}`{_beginning(edit.before)}`: without this line every case is right. {step}")
    before, after = quoted(edit.before, edit.after)
    lines = [f"line {one}" for one in edit.others if one != edit.line]
    others = f", and the same in {listed(lines) if lines else 'the other call beside it'}," if edit.others else ""
    return Found(name, f"{place}`{before}`: with `{after}` in its place{others} every case is right. {step}")


def _makes_right(examination, edit, cases):
    try:
        function = examination.adapt(edit.function())
    except (SyntaxError, ValueError, TypeError, AttributeError, KeyError):
        return False
    return all(examination.fits(function, case) for case in cases)


def _beginning(code):
    """A piece of code on one line, the end of a long one cut off."""
    code = " ".join(code.split())
    return code if len(code) <= LONGEST_CODE else code[:LONGEST_CODE] + " ..."


def quoted(before, after):
    """Two pieces of code, each on one line; of long ones only the part in which they differ, with a little before and after it."""
    before, after = " ".join(before.split()), " ".join(after.split())
    if max(len(before), len(after)) <= LONGEST_CODE:
        return before, after
    shorter = min(len(before), len(after))
    first = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    last = next((n for n in range(shorter - first) if before[-1 - n] != after[-1 - n]), shorter - first)       # equal at the end
    start = max(0, first - AROUND)
    while start and (before[start - 1].isalnum() or before[start - 1] == "_"):                                 # not within a name
        start -= 1
    return tuple(_part(code, start, len(code) - last + AROUND) for code in (before, after))


def _part(code, start, end):
    while end < len(code) and (code[end].isalnum() or code[end] == "_"):
        end += 1
    end = min(end, start + 2 * LONGEST_CODE)
    return ("... " if start else "") + code[start:end] + (" ..." if end < len(code) else "")


# ------------------------------------------------------------------------------------------------------------------ cases


def _first(case):
    return next((arg for arg in case.args if isinstance(arg, np.ndarray)), None)


def first_array(exercise, case):
    """The name of the first argument that is an array, as the student writes it; of a list of arrays, that of its first."""
    return next((f"{name}[0]" if isinstance(arg, list) else name for name, arg in zip(exercise.arguments, case.args)
                 if isinstance(arg, (np.ndarray, list))), "x")


def _shape(case):
    """(N, C, H, W) of the images of a case, or None."""
    for arg in case.args:
        if isinstance(arg, np.ndarray) and arg.ndim == 4:
            return arg.shape
        if isinstance(arg, tuple) and len(arg) == 4:
            return arg
    return None


def _of_images(test):
    return lambda case: _batch(case) is not None and _shape(case) is not None and bool(test(_shape(case)))


def _of_first(test):
    return lambda case: _first(case) is not None and bool(test(_first(case)))


def window(case):
    """(k, stride, pad) of the windows of a case, or None."""
    k = case.kwargs.get("k")
    if k is None and len(case.args) > 1 and all(isinstance(one, np.ndarray) and one.ndim == 4 for one in case.args[:2]):
        k = case.args[1].shape[-1]                          # images and filters
    return None if k is None else (k, case.kwargs.get("stride"), case.kwargs.get("pad", 0))


def _of_window(test):
    return lambda case: window(case) is not None and bool(test(*window(case)))


def _partial(case):
    if window(case) is None or _shape(case) is None:
        return False
    (k, stride, pad), shape = window(case), _shape(case)
    return any((size + 2 * pad - k) % (stride or k) for size in shape[2:])


PROPERTIES = [                          # words for the cases that have it, for those that do not, and the test; {x}: the first array's name
    ("there is padding (pad > 0)", "pad is 0", _of_window(lambda k, stride, pad: pad > 0)),
    ("pad is above 1", "pad is 0 or 1", _of_window(lambda k, stride, pad: pad > 1)),
    ("k is above 3", "k is at most 3", _of_window(lambda k, stride, pad: k > 3)),
    ("the stride is above 1", "the stride is 1", _of_window(lambda k, stride, pad: (stride or 1) > 1)),
    ("a stride is given that is not k", "the stride is k", _of_window(lambda k, stride, pad: stride not in (None, k))),
    ("no stride is given", "a stride is given", _of_window(lambda k, stride, pad: stride is None)),
    ("windows overlap (stride below k)", "windows do not overlap", _of_window(lambda k, stride, pad: (stride or k) < k)),
    ("stride and padding come together", "there is only one of stride and padding", _of_window(lambda k, stride, pad: pad and (stride or 1) > 1)),
    ("the last window would be cut off (the stride does not divide)", "the stride divides", _partial),
    ("height and width differ", "height and width are equal", _of_images(lambda s: s[2] != s[3])),
    ("the images are higher than wide", "the images are not higher than wide", _of_images(lambda s: s[2] > s[3])),
    ("there are several images", "there is one image only", lambda case: (_batch(case) or 1) > 1),
    ("there are several channels", "there is one channel", _of_images(lambda s: s[1] > 1)),
    ("{x} holds maps (four axes)", "{x} holds rows", _of_first(lambda x: x.ndim == 4)),
    ("{x} has more than one axis", "{x} has one axis", _of_first(lambda x: x.ndim > 1)),
    ("the numbers are float32", "the numbers are float64", _of_first(lambda x: x.dtype == np.float32)),
    ("{x} does not lie row by row in memory", "{x} lies row by row in memory", _of_first(lambda x: not x.flags.c_contiguous)),
    ("several entries are equal", "no entries are equal", _of_first(lambda x: len(np.unique(x)) < x.size)),
    ("all entries are negative", "some entries are positive", _of_first(lambda x: bool((x < 0).all()))),
    ("there are very large numbers", "the numbers are small", _of_first(lambda x: float(np.abs(x).max()) > 100)),
    ("there are entries of 0 or almost 0", "no entry is almost 0", _of_first(lambda x: float(np.abs(x).min()) < 1e-6)),
    ("decay is not 0", "decay is 0", lambda case: bool(case.kwargs.get("decay"))),
    ("mu is given", "mu is left at its default", lambda case: "mu" in case.kwargs),
    ("mu is not 0.9", "mu is 0.9", lambda case: case.kwargs.get("mu", 0.9) != 0.9),
    ("h is given", "h is left at its default", lambda case: "h" in case.kwargs),
    ("there is not exactly a pair of arrays", "there are two arrays", lambda case: isinstance(case.args[0], list) and len(case.args[0]) != 2),
    ("the gradients are longer than largest", "the gradients are short enough",
     lambda case: isinstance(case.args[0], list) and math.sqrt(sum((g ** 2).sum() for g in case.args[0])) > case.args[1]),
]


def _cases(examination):
    """A property of the cases that separates the wrong ones from the right ones, also in many random cases more."""
    cases = [*examination.cases, *examination.more(EXPERIMENTS)]
    wrong = [_is_wrong(examination, one, made) for one, made in zip(examination.cases, examination.made)]
    if not any(wrong):
        return None

    def experiment():
        for one in cases[len(wrong):]:          # one by one: the time may be up before the last
            wrong.append(_is_wrong(examination, one, examination.one_call(examination.function, one)))      # noqa: PERF401

    examination.guarded(experiment, most=EXPERIMENT_SECONDS)
    cases = cases[:len(wrong)]
    if sum(not bad for bad in wrong) < 3 or len(cases) < len(examination.cases) + FEWEST:
        return None
    first = first_array(examination.exercise, cases[0])
    tested = [(words.format(x=first), [bool(test(one)) for one in cases]) for words, test in both_ways(PROPERTIES)]
    pairs = [(f"{a} and {b}", [x and y for x, y in zip(having, other)]) for (a, having), (b, other) in itertools.combinations(tested, 2)]
    for words, having in [*tested, *pairs]:
        if having == wrong and sum(wrong) >= FEWEST_WRONG:
            return Found(f"wrong where {words}", f"It is wrong in each of {sum(wrong)} cases where {words}, and right in the "
                                                 f"{len(wrong) - sum(wrong)} others.")
    only = [(sum(having), words) for words, having in tested if all(has for has, bad in zip(having, wrong) if bad)]
    if only and sum(wrong) >= FEWEST_WRONG and min(only)[0] <= 2 * sum(wrong) and min(only)[0] < 0.7 * len(cases):
        number, words = min(only)
        return Found(f"wrong where {words}", f"All of its {sum(wrong)} wrong cases are among the {number} where {words}; the "
                                             f"{len(wrong) - number} others are right.")
    return None


FEWEST, FEWEST_WRONG = 20, 4            # experiments, and wrong cases, without which nothing is concluded


def both_ways(properties):
    """(words, test) for each of the properties and for its opposite."""
    for has, has_not, test in properties:
        yield has, test
        yield has_not, lambda case, test=test: not test(case)


def _is_wrong(examination, case, made):
    right = examination.right(case)
    return made.results is None or any(got.shape != one.shape or not examination.equal(got, one, case) for got, one in zip(made.results, right))


# ---------------------------------------------------------------------------------------------------------------- numbers


def _numbers(examination, name):
    """What is true of the numbers of the wrong results of `name` in every case."""
    return _described(examination, name, (_of_zeros, _of_bound, _of_rounding, _of_factor, _of_offset, _of_places, _of_first_image))


def _shapes(examination, name):
    """What is true of the shapes of the wrong results, or that they are nan."""
    return _described(examination, name, (_of_shape, _of_nan))


def _described(examination, name, describers):
    exercise, pairs = examination.exercise, []
    for one, made in zip(examination.cases, examination.made):
        names = exercise.names(one)
        if made.results is None or name not in names:
            return None
        n = names.index(name)
        pairs.append((one, made.results[n], examination.right(one)[n]))
    wrong = [(one, got, right) for one, got, right in pairs if got.shape != right.shape or not examination.equal(got, right, one)]
    return next(filter(None, (describe(name, wrong) for describe in describers)), None)


def _of_shape(name, wrong):
    if all(got.shape == right.shape for _, got, right in wrong):
        return None
    wrong = [(one, got, right) for one, got, right in wrong if got.shape != right.shape]
    windows = any(window(one) for one, _, _ in wrong)
    if all(got.shape == right.shape[::-1] for _, got, right in wrong):
        return Found("transposed", f"{name} has its axes in reverse order.")
    if all(got.ndim == right.ndim and sorted(got.shape) == sorted(right.shape) for _, got, right in wrong):
        return Found("axes exchanged", f"{name} has the right sizes, in another order of the axes.")
    if all(got.size == right.size for _, got, right in wrong):
        return Found("not reshaped", f"{name} has the right number of entries, in another shape.")
    if all(got.size == 0 for _, got, right in wrong):
        return Found("empty", f"{name} is empty in some case.{' A slice [pad:-pad] with pad 0 takes nothing.' if windows else ''}")
    if all(got.ndim == right.ndim for _, got, right in wrong):
        more = [[a - b for a, b in zip(got.shape, right.shape)] for _, got, right in wrong]
        axes = [n for n in range(max(map(len, more))) if any(one[n] for one in more if n < len(one))]
        signs = {value > 0 for one in more for value in one if value}
        words = "" if len(signs) != 1 else "larger" if True in signs else "smaller"
        if words:
            return Found(f"{name} too {'large' if words == 'larger' else 'small'}",
                         f"{name} is {words} than it should be along {'axis' if len(axes) == 1 else 'axes'} {listed(map(str, axes))}." +
                         (" Count the windows, or the padding, again." if windows else ""))
    return Found("another number of axes", f"{name} has another number of axes than wanted: has too much been summed, or too little?") \
        if all(got.ndim != right.ndim for _, got, right in wrong) else None


def _of_nan(name, wrong):
    if all(np.isnan(got).any() or np.isinf(got).any() for _, got, right in wrong):
        return Found("nan or infinity", f"{name} is nan or infinite: a number too large for a float, a logarithm of 0, or 0/0.")
    return None


def _of_zeros(name, wrong):
    return Found("all zero", f"All of {name} is 0. Is it computed, or only made?") if all(not got.any() for _, got, right in wrong) else None


def _of_bound(name, wrong):
    """The right result with a limit from below or above, the same number in every case."""
    for bound, limit, words, step in ((np.minimum, np.max, "above", "Larger numbers are cut off."),
                                      (np.maximum, np.min, "below", "Smaller numbers are raised to it: does something start at this number?")):
        if any(got.shape != right.shape or not got.size for _, got, right in wrong):
            return None
        limits = [float(limit(got)) for _, got, _ in wrong]
        if np.allclose(limits, limits[0], rtol=1e-6) and all(
                np.allclose(got, bound(right, limits[0]), rtol=1e-5, atol=1e-8) for _, got, right in wrong):
            return Found("limit", f"No entry of {name} is {words} {limits[0]:.6g}. {step}")
    return None


def _of_rounding(name, wrong):
    for digits in range(1, 7):
        if all(got.shape == right.shape and got.size > 1 and np.allclose(got, np.round(right, digits), rtol=1e-9, atol=1e-12)
               for _, got, right in wrong):
            return Found("rounded", f"{name} is rounded to {digits} decimals. Round only what is printed.")
    return None


def _of_factor(name, wrong):
    """The result is a number times the right one, in every wrong case."""
    factors = []
    for one, got, right in wrong:
        big = np.abs(right) > 1e-9 * max(1.0, float(np.abs(right).max(initial=0)))
        if not big.any() or got.shape != right.shape:
            return None
        ratio = got[big] / right[big]
        if not np.allclose(ratio, ratio.flat[0], rtol=1e-3) or not np.allclose(got[~big], 0, atol=1e-6):
            return None
        factors.append((one, float(ratio.flat[0])))
    if all(math.isclose(factor, -1, rel_tol=1e-3) for _, factor in factors):
        return Found("sign", f"{name} has the opposite sign.")
    for words, value in FACTORS:
        numbers = [value(one) for one, _ in factors]
        for text, function in ((f"{words} times too large", lambda v: v), (f"{words} times too small", lambda v: 1 / v)):
            if all(number and math.isclose(factor, function(number), rel_tol=1e-3) for (_, factor), number in zip(factors, numbers)):
                return Found("factor", f"{name} is {text} in every wrong case.")
    if len(factors) > 1 and all(math.isclose(factor, factors[0][1], rel_tol=1e-3) for _, factor in factors):
        return Found("factor", f"{name} is {factors[0][1]:.4g} times what it should be, in every wrong case.")
    several = all(right.size > 2 for _, _, right in wrong)          # every number is a multiple of another
    return Found("factor", f"{name} is a multiple of what it should be, with another factor in each case.") if len(factors) > 1 and several else None


def _batch(case):
    """The number of images of a case; None where there are no images, as in an update."""
    if callable(case.args[0]) or "lr" in case.kwargs:
        return None
    first = _first(case)
    return _shape(case)[0] if _shape(case) else len(first) if first is not None and first.ndim > 1 else None


def _classes(case):
    first = None if _batch(case) is None else _first(case)
    return first.shape[1] if first is not None and first.ndim > 1 else None


FACTORS = [("the batch size", _batch), ("the number of columns (classes, channels)", _classes),
           ("the learning rate", lambda case: case.kwargs.get("lr")),
           ("mu", lambda case: case.kwargs.get("mu", 0.9) if "lr" in case.kwargs else None),
           ("1 - mu", lambda case: 1 - case.kwargs.get("mu", 0.9) if "lr" in case.kwargs else None),
           ("the window's number of pixels", lambda case: window(case)[0] ** 2 if window(case) else None)]


def _of_offset(name, wrong):
    if any(got.shape != right.shape for _, got, right in wrong):
        return None
    offsets = [(got - right) for _, got, right in wrong]
    if all(one.size > 1 and np.allclose(one, one.flat[0], rtol=1e-3, atol=1e-9) for one in offsets):
        return Found("offset", f"Every entry of {name} is wrong by the same amount: something is added, or missing, everywhere.")
    return None


def _of_places(name, wrong):
    if all(got.shape == right.shape and np.allclose(np.sort(got, axis=None), np.sort(right, axis=None), rtol=1e-3, atol=1e-6)
           for _, got, right in wrong):
        return Found("right numbers in wrong places", f"{name} has the right numbers in wrong places. Look at the order of the axes, at each "
                     "reshape and transpose.")
    return None


def _of_first_image(name, wrong):
    several = [(one, got, right) for one, got, right in wrong if got.shape == right.shape and got.ndim > 1 and len(got) > 1]
    if several and len(several) == len(wrong) and all(
            np.allclose(got[0], right[0], rtol=1e-3, atol=1e-6) and not np.allclose(got[1:], right[1:], rtol=1e-3, atol=1e-6)
            for _, got, right in several):
        return Found("first image only", f"Only {name}[0] is right; the others are not.")
    return None


# ------------------------------------------------------------------------------------------------------------------ state


def _state(examination, case, name):
    """Whether the result of a case depends on earlier calls: the same call again gives other numbers, or other numbers the same result."""
    made, new = _once(examination, case), examination.renumbered(case)
    if made is None or made.results is None:
        return None
    first, n = examination.made[examination.place(case)], examination.exercise.names(case).index(name)
    if first.results is None:
        return None
    if not examination.equal(made.results[n], first.results[n], case):
        return _uninitialised(examination) or Found(
            "state between calls", "The same call gives another result the second time: something is kept between calls (a global variable, a "
            "default argument, a buffer). Make everything anew in each call.")
    other = _once(examination, new)
    right = examination.right(new)[n]
    if other is not None and other.results is not None and len(np.unique(made.results[n])) > 2 \
            and not examination.equal(other.results[n], right, new) and np.array_equal(other.results[n], made.results[n]):
        return _known(examination) or Found("state between calls", REMEMBERED)     # what ignores an argument need not remember anything
    return None


def _kept(examination, case):
    """Whether a fresh copy of the function, which has been called for nothing else, is right in this case."""
    if examination.source is None:
        return None

    def alone():
        return examination.fits(examination.adapt(examination.source.fresh()), case)

    if examination.guarded(alone, most=1.0).value is True:
        return _uninitialised(examination) or Found(
            "state between calls", "Called for this case alone it is right, after other calls it is wrong: something of them is kept (a default "
            "argument, a global variable). Make everything anew in each call.")
    return None


def _uninitialised(examination):
    """The `Found` for a function that makes an array without values: what comes out depends on what was in memory before. Else None."""
    names = calls_in(examination.source.tree) & {"empty", "empty_like"} if examination.source else ()
    return Found("uninitialised array", f"np.{min(names)} holds whatever was in memory before, so the result changes from call to call. Begin "
                 "with numbers of your own: np.zeros for a sum, np.full(shape, -np.inf) for a maximum.") if names else None


REMEMBERED = ("With other numbers of the same shapes it returns the same result: it remembers an earlier call. Compute everything anew in each "
              "call.")


def of_state(examination, old, new, made, n):
    """In words, what a second call with the same shapes returned in place of the right result number n."""
    got, before, right = made.results[n], examination.right(old)[n], examination.right(new)[n]
    first = examination.made[examination.place(old)].results[n]
    if examination.equal(got, before, new) or got.shape == right.shape and np.array_equal(got, first):
        return REMEMBERED
    if got.shape == right.shape == before.shape and examination.equal(got - right, before, new):
        return ("Called a second time with the same shapes, it adds to the result of the call before. Start from zero in each call.")
    return ("Called a second time with arrays of the same shapes, it is wrong: something is kept between calls (a global variable, a default "
            "argument, a buffer). Make everything anew in each call.")


def _once(examination, case):
    """One more call, guarded; None if it does not end."""
    outcome = examination.guarded(examination.one_call, examination.function, case)
    return None if outcome.endless or outcome.error else outcome.value

