"""Twelve questions about what the lessons teach, before notebook 01 and after notebook 05: two parallel forms.

Each question is a function that draws its numbers and returns the text, the right answer and three wrong ones, each computed with a
misconception that the checks know. The two forms have the same questions with other numbers and another order of the choices; they are the
same for everyone. What was answered is kept with the progress.

`lenet exam 90417` prints a form of its own for this seed, for an examination on paper; with `--key` its right letters.
`marks(90417, "abcd-abcdabc")` marks what was written on it.
"""

import argparse
import random
import textwrap
from typing import NamedTuple

import numpy as np
from IPython.display import display

from lenet_core import ops
from lenet_core.training import sgd_momentum

from . import progress_store

FORMS = ("before", "after")
LETTERS = "abcd"
WIDE = 100                               # characters of a line


class Question(NamedTuple):
    """One question: its topic, the text, the choices in their order, the index of the right one."""

    topic: str
    text: str
    choices: tuple
    right: int


def _sizes(draw):
    h, k, s = draw.choice([(11, 3, 2), (13, 4, 3), (14, 3, 2), (10, 3, 2)])
    right = ops.output_size(h, k, s)
    return (f"A window of {k} pixels moves in steps of {s} along {h} pixels, without padding. How many windows fit?",
            right, [right + 1, right - 1, h - k + 1])


def _filter(draw):
    c, f = draw.choice([(3, 8), (4, 6), (5, 12)])
    return (f"A convolution has {f} filters. Its input has {c} channels. How many maps does its output have?", f, [c * f, c, f + c])


def _weights(draw):
    c, f, k = draw.choice([(3, 8, 5), (4, 6, 3), (2, 10, 3)])
    return (f"A convolution has {f} filters of {k}x{k} and an input of {c} channels. How many weights does it have, without the biases?",
            f * c * k * k, [f * k * k, c * k * k, f * c * k])


def _flip(draw):
    w = draw.sample(range(1, 6), 2)
    x = draw.sample(range(1, 6), 2)
    right = w[0] * x[0] + w[1] * x[1]
    turned = w[1] * x[0] + w[0] * x[1]
    return (f"The filter ({w[0]}, {w[1]}) lies on the pixels ({x[0]}, {x[1]}). Which number does the layer of a network compute?",
            right, [turned, max(w[0] * x[0], w[1] * x[1]), sum(w) * sum(x)])


def _transposed(draw):
    n, d, m = draw.choice([(5, 3, 4), (6, 2, 3), (4, 5, 3)])
    return (f"Z = X W, with X of shape ({n}, {d}) and W of shape ({d}, {m}). dZ is the gradient of Z. Which product is the gradient of W? "
            "(' transposes.)",
            "X' dZ", ["dZ X'", "dZ' X W", "dZ W'"])


def _relu(draw):
    x, g = [draw.choice([-3, -2, -1]), 0, draw.choice([1, 2, 3])], draw.sample([4, 5, 6, 7], 3)
    right = [gradient if value > 0 else 0 for value, gradient in zip(x, g)]
    open_at_0 = [gradient if value >= 0 else 0 for value, gradient in zip(x, g)]
    shut = [gradient if value < 0 else 0 for value, gradient in zip(x, g)]
    return (f"A ReLU got x = ({_row(x)}). The gradient of its output is ({_row(g)}). What is the gradient of x in this workbook?",
            f"({_row(right)})", [f"({_row(one)})" for one in (open_at_0, shut, g)])


def _tie(draw):
    top, g = draw.choice([7, 8, 9]), draw.choice([4, 6, 10])
    return (f"A pooling window holds {top}, {top}, 1, 5 in reading order. The gradient of its output is {g}. Which gradients do the four entries get "
            "in this workbook?", f"({g}, 0, 0, 0)", [f"({g}, {g}, 0, 0)", f"({g // 2}, {g // 2}, 0, 0)", f"({g}, {g}, {g}, {g})"])


def _overlap(draw):
    a, b = draw.sample([2, 3, 5, 10], 2)
    return (f"An entry is the largest of two pooling windows that overlap. The gradients of their outputs are {a} and {b}. What does it get?",
            a + b, [max(a, b), b if b != max(a, b) else a, a * b])


def _kink(draw):
    below, above = draw.choice([(-2, 4), (-1, 3), (2, 8)])
    return (f"At one weight the loss has a kink: its slope is {below} from below and {above} from above. What does a central difference "
            "measure there?",
            str((below + above) // 2), [str(below), str(above), str(below + above)])


def _mean(draw):
    n, lr = draw.choice([(32, 0.32), (64, 0.64), (50, 0.5)])
    right = lr / n
    return (f"With the mean of the loss over a batch of {n}, the rate {lr:g} works. Which rate takes the same steps with the sum?",
            f"{right:g}", [f"{lr:g}", f"{lr * n:g}", f"{lr / 10:g}"])


def _bias(draw):
    n, m = draw.choice([(3, 2), (4, 2)])
    g = np.array([[draw.randint(1, 5) for _ in range(m)] for _ in range(n)])
    rows = "; ".join(_row(row) for row in g.tolist())
    return (f"An inner product has {m} outputs. The gradient of its output, for a batch of {n} images as rows, is ({rows}). What is the gradient of "
            "its biases?", f"({_row(g.sum(axis=0).tolist())})",
            [f"({_row((g.sum(axis=0) / n).round(2).tolist())})", f"({_row(g.sum(axis=1).tolist())})", f"({int(g.sum())})"])


def _momentum(draw):
    mu, lr = draw.choice([(0.9, 0.01), (0.8, 0.1), (0.75, 0.2)])
    p, v = np.zeros(1), np.zeros(1)
    for _ in range(200):
        before, (p, v) = p, sgd_momentum(p, v, np.ones(1), lr, mu)
    step = float((before - p)[0])
    return (f"θ = {mu:g} θ + {lr:g} · gradient, w = w - θ. The gradient stays at 1 for a long time. How long does a step become?",
            f"{step:g}", [f"{lr:g}", f"{lr * (1 - mu):g}", f"{lr * mu:g}"])


def _row(values):
    return ", ".join(f"{value:g}" for value in values)


TOPICS = {"sizes": _sizes, "what a filter sums over": _filter, "shared weights": _weights, "filters are not turned": _flip,
          "transposed": _transposed, "ReLU at 0": _relu, "a tie": _tie, "windows that overlap": _overlap, "a kink": _kink,
          "mean or sum": _mean, "gradient of a bias": _bias, "momentum": _momentum}


# Where each topic is taught: the notebook and its heading.
PLACES = {"sizes": ("01", "Forward: sizes"), "what a filter sums over": ("02", "Convolution: the definition"),
          "shared weights": ("02", "Where the work is"), "filters are not turned": ("02", "Convolution: the definition"),
          "transposed": ("03", "The same batch in rows"), "ReLU at 0": ("03", "ReLU"), "a tie": ("03", "Max pooling"),
          "windows that overlap": ("01", "Backward: the winners"), "a kink": ("04", "A kink is not a bug"),
          "mean or sum": ("05", "The batch: a mean of slopes"), "gradient of a bias": ("03", "The same batch in rows"),
          "momentum": ("05", "Momentum")}


def form(when):
    """The twelve questions of a form: "before", "after", or a seed (int) for an examination. Raises ValueError for anything else."""
    if isinstance(when, int) and not isinstance(when, bool):
        return [next(_drawn(topic, make, f"{topic} {when}")) for topic, make in TOPICS.items()]
    _known(when)
    questions = []
    for topic, make in TOPICS.items():
        several = _drawn(topic, make, topic)
        one = next(several)
        questions.append(one if when == "before" else next(other for other in several if other.text != one.text))
    return questions


def _known(when):
    if when not in FORMS:
        raise ValueError(f'The questions are "before" notebook 01 or "after" notebook 05; got {when!r}.')


def _drawn(topic, make, seed):
    """Questions on a topic, drawn one after the other; those in which two choices are the same are left out."""
    draw = random.Random(seed)
    while True:
        text, right, wrong = make(draw)
        choices = [str(right), *map(str, wrong)]
        draw.shuffle(choices)
        if len({*choices}) == len(choices):
            yield Question(topic, text, tuple(choices), choices.index(str(right)))


def marks(when, letters):
    """Whether each of the twelve answers is right; "-" stands for no answer. Raises ValueError if these are not twelve letters."""
    questions, said = form(when), "".join(str(letters).lower().split())
    if len(said) != len(TOPICS) or set(said) - {*LETTERS, "-"}:
        raise ValueError(f"Write {len(TOPICS)} letters from a to d in quotes, one for each question; - stands for no answer.")
    return [LETTERS.find(letter) == question.right for letter, question in zip(said, questions)]


class Text:
    """Plain text that a cell shows."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def concepts(when, letters=...):
    """Show the questions of a form, or keep its first answers, twelve letters; after notebook 05 show what is right and what was learned.

    Raises ValueError for another form.
    """
    _known(when)
    if letters is ...:
        display(Text(f"Twelve questions, {when} the lessons: about five minutes.\n"
                     f'Write twelve letters in place of the dots, as in "abcd-abcdabc"; - stands for no answer.\n{_as_text(form(when))}'))
        return
    try:
        right = marks(when, letters)
    except ValueError as sentence:
        display(Text(str(sentence)))
        return
    progress_store.record_concepts(when, right)
    kept = progress_store.concepts()
    display(Text(f"{_of_these(when, right, kept)}{_learned({when: right} | kept)}"))


def _of_these(when, right, kept):
    """Whether these answers count: "Kept.", or that the first ones do; nothing where they cannot be kept, which a warning says."""
    if kept.get(when, right) != right:
        return "Only your first answers count. " if when == "before" else (                  # no marks before the lessons
            f"Of these, {sum(right)} of {len(right)} are right, but only your first answers count:\n")
    return "Kept. " if when == "before" and kept else ""


def _learned(kept):
    """What is right after the lessons, and was before if that is known, topic by topic; for what is not right now, where to read."""
    if "after" not in kept:
        return "The same questions, with other numbers, come after notebook 05: then you see what you have learned."
    after, before = kept["after"], kept.get("before")
    lines = [f"{sum(after)} of {len(after)} are right." if before is None else
             f"{sum(before)} of {len(before)} right before, {sum(after)} of {len(after)} after."]
    for topic, now, was in zip(TOPICS, after, before or [None] * len(after)):
        word = {None: "right", True: "known", False: "learned"}[was] if now else "look again"
        where = "" if now else f" → {', '.join(PLACES[topic])}{' (right before)' * bool(was)}"
        lines.append(f"  {word + ':':11} {topic}{where}")
    return "\n".join(lines)


def _as_text(questions):
    """The questions with their numbers and the letters of their choices, an empty line before each."""
    lines = []
    for number, one in enumerate(questions, 1):
        text = textwrap.fill(f"{number}. {one.text}", WIDE, subsequent_indent="   ")
        lines += ["", text, *(f"   {letter}) {choice}" for letter, choice in zip(LETTERS, one.choices))]
    return "\n".join(lines)


def main(arguments=None):
    """`lenet exam`: print the form of a seed, or its key; returns the exit status."""
    ask = argparse.ArgumentParser(prog="lenet exam", description="Print twelve questions for an examination on paper, or their key.")
    ask.add_argument("seed", type=int, help="a number that the class does not know")
    ask.add_argument("--key", action="store_true", help="print the right letters instead of the questions")
    options = ask.parse_args(arguments)
    questions = form(options.seed)
    if options.key:
        print("".join(LETTERS[one.right] for one in questions))
    else:
        print(f"Name:\n\nFor each question write one letter.\n{_as_text(questions)}")
    return 0
