"""Where the libraries part ways: one question for each convention, the answers of five libraries, and this workbook's with its reason.

`show("pooling_tie")` is for notebooks: it asks every library that is installed, and shows the stored answer of the others.
`answers_to("pooling_tie")` has the same answers as text. `python -m lenet_lab.libraries.conventions` asks the libraries that are installed,
stores their answers in `results/libraries.json`, and writes the tables of `docs/libraries.md` again. Each library is asked in a process of
its own, since two of them in one process get in each other's way.
"""

import datetime
import functools
import importlib.util
import json
import math
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from IPython.display import Markdown

from lenet_core._files import atomic_write
from lenet_lab._material import material

from .answers import LIBRARIES, Workbook, versions

STORE = material("results") / "libraries.json"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "libraries.md"
PATIENCE = 60                            # seconds that a notebook waits for all libraries together; on a busy machine PyTorch alone took 15
NAN = np.nan


class Question(NamedTuple):
    """A question: its name, its words, the function that answers it for a library, what this workbook does and why, further packages."""

    name: str
    words: str
    ask: object
    ours: str
    packages: dict = {}


# ------------------------------------------------------------------------------------------------------- answers in words


def _paid(dx):
    """Which entries of a window get the gradient, in words."""
    dx = np.ravel(dx)
    if np.isnan(dx).all():
        return "all NaN"
    if np.allclose(dx, 1 / dx.size):
        return "each a quarter"
    return f"the {dx.argmax() + 1}. alone" if np.count_nonzero(dx) == 1 else " ".join(f"{value:g}" for value in dx)


def _tie(library):
    return _paid(library.pooling(np.ones((2, 2), np.float32))[1]).replace("the 1. alone", "the first")


def _overlap(library):
    dx = library.pooling(np.ones((3, 3), np.float32))[1]
    shares = "; ".join(" ".join(f"{value * (1 if (dx == dx.round()).all() else 4):g}" for value in row) for row in dx)
    return f"[{shares}]" + ("" if (dx == dx.round()).all() else "/4")


def _with_nan(*window):
    def ask(library):
        x = np.array(window, np.float32).reshape(2, 2)
        out, dx = library.pooling(x)
        value = "NaN" if np.isnan(out[0, 0]) else f"{out[0, 0]:g}"
        if np.isnan(dx).all():
            return f"{value}; all NaN"
        paid = x.ravel()[dx.argmax()]
        return f"{value}; {'the NaN' if np.isnan(paid) else f'the {paid:g}'} is paid"
    return ask


def _shared(library):
    return _paid(library.shared(np.ones(4, np.float32))[1]).replace("the 1. alone", "the first")


def _fraction(slope):
    return {0.0: "0", 0.5: "1/2", 1.0: "1"}.get(slope, "-" if slope is None else f"{slope:g}")


def _slopes(*names):
    def ask(library):
        return "; ".join(_fraction(library.slope(name, 0)) for name in names)
    return ask


def _checker(library):
    said = []
    for name, check in library.checker().items():
        try:
            check()
            said.append(f"accepts {name}")
        except (AssertionError, RuntimeError):
            said.append(f"refuses {name}")
    return ", ".join(said)


SCORES = np.linspace(-1, 1, 10).astype(np.float32)


def _label(label):
    right = np.exp(SCORES) / np.exp(SCORES).sum()

    def in_words(loss):
        try:
            value, gradient = loss(SCORES, label)
        except Exception as error:
            return type(error).__name__
        finite = "NaN gradient" if np.isnan(gradient).any() else "finite gradient"
        if np.isnan(value):
            return f"loss nan, {finite}"
        wrong = np.flatnonzero(np.abs(gradient - right) > 0.5)
        if np.allclose(gradient, 0):
            return f"loss {abs(value):g}, no gradient"
        return f"loss {value:.2f}, taken for class {wrong[0]}" if len(wrong) else "a finite loss, and no class gains by it"

    def ask(library):
        return "; ".join(f"{name}: {in_words(loss)}" if name else in_words(loss) for name, loss in library.losses().items())
    return ask


def _momentum(library):
    inside, outside, found = -2.0, -1.19, library.descent([1.0, 0.1])
    said = "inside" if abs(found - inside) < 1e-3 else "outside" if abs(found - outside) < 1e-3 else f"{found:g}"
    if library.name == "tinygrad":
        said += f" (classic=True: {'inside' if abs(library.descent([1.0, 0.1], classic=True) - inside) < 1e-3 else 'outside'})"
    return said


def _dampening(library):
    if library.name not in ("PyTorch", "MLX"):
        return None
    return "undamped" if abs(library.descent([1.0], dampening=0.5) + 1) < 1e-6 else "damped"


def _argmax(library):
    place = library.argmax(np.array([NAN, 1, 3, 2], np.float32))
    return {0: "the NaN", 2: "the largest number", 4: "one past the end"}.get(place, f"place {place}")


def _weights(library):
    def in_words(values):
        largest, spread = np.abs(values).max(), values.std()
        if largest == 0:
            return "0"
        if abs(spread * 3 ** 0.5 / largest - 1) < 0.02:                     # the largest is then very near the bound
            return f"U(±{largest:.3g})"
        return f"normal, cut at ±{largest:.2g}, standard deviation {spread:.2g}"
    return "; ".join(map(in_words, library.first_weights()))


def _average(library):
    return {0.25: "yes", 1.0: "no"}[library.average(np.ones((3, 3), np.float32))]


def _sum(library):
    row = np.full(60_000, 0.1, np.float32)
    exact = 60_000 * float(row[0])
    return f"{abs(library.total(row) / exact - 1):.0e}".replace("e-0", "e-")


OPTAX, FLAX, KERAS = {"jax": ("optax",)}, {"jax": ("flax",)}, {"tensorflow": ("keras",)}
QUESTIONS = {one.name: one for one in (
    Question("pooling_tie", "2x2 window of four equal values, max-pool: who is paid", _tie,
             "The first, in reading order. One entry is the output, so one gets the gradient; the order is that of the homework's loops."),
    Question("pooling_overlap", "the same, 3x3 map of equals, stride 1", _overlap, "As above, and an entry that wins several windows gets the sum."),
    Question("largest_tie", "the largest of four equal numbers (amax, max, reduce_max): who is paid", _shared,
             "There is no such operation in this workbook."),
    Question("nan_first", "a NaN in the window, [nan 1; 3 2]: the value; who is paid", _with_nan(NAN, 1, 3, 2),
             "The NaN is the value and is paid. A NaN must not be lost, and the gradient goes where the value came from. "
             "Of several, the first is paid."),
    Question("nan_last", "the same with NaN last, [3 2; 1 nan]", _with_nan(3, 2, 1, NAN), "As above."),
    Question("nan_middle", "the same, [1 3; nan 2]", _with_nan(1, 3, NAN, 2), "As above."),
    Question("relu_slope", "slope at 0 of relu; of maximum(x, 0)", _slopes("relu", "maximum"),
             "0 for ReLU: an input of exactly 0 counts as shut. That is the homework's rule, and ReLU networks are the same elsewhere."),
    Question("clip_slope", "slope at 0 of clamp/clip from below by 0; of abs", _slopes("clip", "abs"), "There is neither in this workbook."),
    Question("checker", "their own gradient checker at that kink", _checker,
             "`check_net` calls it a kink, neither pass nor fail: it holds every switch and measures again."),
    Question("label_10", "label 10 of ten classes (counted from 1, as in MATLAB)", _label(10),
             "ValueError, with the range of the labels: a wrong label must not become a loss.", {"jax": ("optax", "keras")}),
    Question("label_minus_1", "label -1", _label(-1), "ValueError, too: NumPy would take it for the last class.", {"jax": ("optax", "keras")}),
    Question("momentum", "momentum when the rate falls: is the rate inside the velocity?", _momentum,
             "Inside, as in the homework: a step keeps the rate that it was made with.", OPTAX | KERAS),
    Question("dampening", "first step with dampening 0.5", _dampening, "There is no dampening in this workbook."),
    Question("argmax", "argmax of scores with a NaN first", _argmax, "The NaN, as NumPy has it: a NaN shows."),
    Question("first_weights", "first weights of a 5x5 convolution on 1 channel (20 filters); bias", _weights,
             "The homework's: sqrt(3 / inputs of the layer), for 28x28 pixels; biases 0. Others are in `initializers`.", FLAX | KERAS),
    Question("average_padding", "does average pooling count the padding?", _average, "There is no average pooling in this workbook.", FLAX | KERAS),
    Question("sum", "sum of 60,000 times 0.1 in float32: relative error", _sum, "NumPy's sum, which adds in pairs."),
)}


def answers_of(library, key=None):
    """{question: {"answer": in words, "versions": of the packages}} of one library, for the questions that it has an answer to."""
    found = {}
    for question in QUESTIONS.values():
        try:
            answer = question.ask(library)
        except AttributeError as error:
            if getattr(error, "obj", None) is not library:
                raise
            answer = None                                                   # the library has nothing of this kind
        if answer is not None:
            found[question.name] = {"answer": answer, "versions": versions(*library.packages, *question.packages.get(key, ()))}
    return found


# ------------------------------------------------------------------------------------------------------ asked, stored, shown


def installed(key):
    """Whether all packages are there that the questions to a library need."""
    return all(map(importlib.util.find_spec, needed(key)))


def needed(key):
    """The packages that the questions to a library need."""
    return sorted({*LIBRARIES[key].packages, *(name for question in QUESTIONS.values() for name in question.packages.get(key, ()))})


def asked(keys, seconds=None):
    """{library: its answers}, each from a process of its own, side by side; a library that fails, or takes longer, is left out."""
    until = time.monotonic() + (seconds or math.inf)
    running = {key: subprocess.Popen([sys.executable, "-m", f"{__package__}.conventions", key], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, text=True) for key in keys}
    found = {}
    for key, process in running.items():
        try:
            said = process.communicate(timeout=max(0.1, until - time.monotonic()) if seconds else None)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            continue
        lines = [line for line in said.splitlines() if line.startswith("{")]
        if process.returncode == 0 and lines:
            found[key] = json.loads(lines[-1])
    return found


@functools.cache
def asked_now():
    """The answers of the libraries that are installed and answer within `PATIENCE`."""
    return asked([key for key in LIBRARIES if installed(key)], PATIENCE)


@functools.cache
def stored():
    """{library: {question: its stored entry}}, each with its date."""
    return json.loads(STORE.read_text(encoding="utf-8"))


def answers_to(name):
    """{name of a library: its answer in words} to one question: asked now where the library is installed, else as it is stored."""
    return {LIBRARIES[key].name: answer for key, (answer, _) in _found(name).items()}


def show(*names):
    """The answers to some of the questions as a table: of the libraries that are installed, asked now; of the others, as they are stored.

    Raises ValueError for a question that is not there.
    """
    rows = []
    for name in names:
        found = _found(name)
        own = answers_of_workbook().get(name, {"answer": "-"})["answer"]
        rows += [f"**{QUESTIONS[name].words}**", "", "| | answer | from |", "| --- | --- | --- |", f"| this workbook | {own} | asked now |"]
        rows += [f"| {LIBRARIES[key].name} | {answer} | {where} |" for key, (answer, where) in found.items()]
        rows.append("")
    return Markdown("\n".join(rows))


def _found(name):
    """{library: (its answer in words, where that is from)} for one question, without the libraries that have no answer."""
    if name not in QUESTIONS:
        raise ValueError(f"There is no question {name!r}; there are: {', '.join(QUESTIONS)}.")
    found = {}
    for key in LIBRARIES:
        entry, kept = asked_now().get(key, {}).get(name), stored()[key].get(name)
        if entry:
            found[key] = entry["answer"], f"asked now, {entry['versions']}"
        elif kept:
            silent = f" (installed here, but gave no answer in {PATIENCE} s)" if key not in asked_now() and installed(key) else ""
            found[key] = kept["answer"], f"stored on {kept['date']}, {kept['versions']}{silent}"
    return found


@functools.cache
def answers_of_workbook():
    """The answers of this workbook."""
    return answers_of(Workbook())


def tables():
    """The table of all answers, and the list with this workbook's convention and reason for each question, for `docs/libraries.md`."""
    names = [LIBRARIES[key].name for key in LIBRARIES]
    lines = [f"| | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    for question in QUESTIONS.values():
        cells = [f"{entry['answer']}<br><small>{entry['versions']}</small>" if (entry := stored()[key].get(question.name)) else "-"
                 for key in LIBRARIES]
        lines.append(f"| {question.words} | {' | '.join(cells)} |")
    own = ["| | this workbook | why |", "| --- | --- | --- |"]
    for question in QUESTIONS.values():
        answer = answers_of_workbook().get(question.name, {"answer": "-"})["answer"]
        own.append(f"| {question.words} | {answer} | {question.ours} |")
    return {"answers": "\n".join(lines), "ours": "\n".join(own)}


def page_with(tables, text):
    """The page with its tables between their marks replaced."""
    for name, table in tables.items():
        text = re.sub(rf"(<!-- {name} -->\n\n).*?(\n\n<!-- /{name} -->)", lambda found, table=table: found[1] + table + found[2], text, flags=re.S)
    return text


def main(arguments):
    """Ask one library and print its answers as JSON; or, without an argument, ask all that are installed, and store the answers."""
    if arguments:
        if arguments[0] not in LIBRARIES:
            sys.exit(f"There is no library {arguments[0]!r}; there are: {', '.join(LIBRARIES)}.")
        if not installed(arguments[0]):
            sys.exit(f"{LIBRARIES[arguments[0]].name} is not installed, or a package that its answers need: {', '.join(needed(arguments[0]))}.")
        print(json.dumps(answers_of(LIBRARIES[arguments[0]](), arguments[0])))
        return
    today, kept = datetime.date.today().isoformat(), stored() if STORE.exists() else {}
    for key in LIBRARIES:
        found = asked([key]).get(key) if installed(key) else None
        print(f"{LIBRARIES[key].name}: {f'{len(found)} answers' if found else 'not asked (not installed, or it failed)'}")
        kept[key] = {name: entry | {"date": today} for name, entry in found.items()} if found else kept.get(key, {})
    with atomic_write(STORE) as file:
        file.write((json.dumps(kept, indent=1, ensure_ascii=False) + "\n").encode())
    stored.cache_clear()
    PAGE.write_text(page_with(tables(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
