"""A result in words and in files: a table, plain JSON, and what Gradescope and Autolab read.

Gradescope reads `results.json` (its "Autograder Specifications", output format); Autolab the last line of what is printed ("Guide for
Lab Authors", autoresult), where the twelve questions of the toy network are one problem, "QnA", as they were in the homework. What
students get to see repeats a seed only if it was drawn for this one grading: with a known seed one could write down the answers.
"""

import json

from tabulate import tabulate

from .grading import BY_PEOPLE, MISSING, PASSED, UNWRITTEN
from .points import BY_HAND, TOTAL
from .sandbox import PROTECTION

WIDE = 78                                # characters of a verdict in a line of the table
MARKS = {PASSED: "✓", UNWRITTEN: "…", MISSING: "…", BY_PEOPLE: " "}
LONGEST = 2000                           # characters of a verdict


def table(result, repeat_seed=True):
    """The result for the terminal."""
    rows = [(row.item.question, row.item.exercise or row.item.title,
             "by hand" if row.status == BY_PEOPLE else f"{row.points}/{row.item.points}", MARKS.get(row.status, "✗"),
             said(row) if row.status not in (PASSED, BY_PEOPLE) else "") for row in result.rows]
    words = [f"{clean(result.name)}: {result.score} of {result.worth} points", ""]
    words.append(tabulate(rows, ["", "exercise", "points", "", "what was found"], disable_numparse=True, maxcolwidths=[None] * 4 + [WIDE]))
    words += ["", f"{sum(item.points for item in BY_HAND)} of {TOTAL} points are given by hand (questions 8 to 10)."]
    words += [clean(note) for note in result.notes]
    if result.isolation:
        words.append(f"The submission ran within {PROTECTION[result.isolation]}.")
    return "\n".join([*words, f"Seed {result.seed}: the same seed gives the same cases."] if repeat_seed else words)


def said(row):
    """The sentences of a row, with the misconception's name."""
    name = f"[{row.misconception}] " if row.misconception else ""
    return name + clean(row.text)[:LONGEST]


def clean(text):
    """Text of a submission without what a terminal would obey."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def as_json(result):
    """Everything, as a dict that `statistics` reads too."""
    return {
        "submission": clean(result.name), "score": result.score, "worth": result.worth, "total": TOTAL, "seed": result.seed,
        "isolation": result.isolation, "fingerprint": result.fingerprint, "notes": [clean(note) for note in result.notes],
        "rows": [{"question": row.item.question, "exercise": row.item.exercise, "title": row.item.title, "worth": row.item.points,
                  "points": row.points, "status": row.status, "misconception": row.misconception, "text": clean(row.text)[:LONGEST],
                  "place": clean(row.place), "seconds": round(row.seconds, 3)} for row in result.rows]}


def gradescope(result):
    """The dict of Gradescope's results.json; what is graded by hand is not in it, Gradescope has questions of its own for that."""
    tests = [{"score": row.points, "max_score": row.item.points, "status": "passed" if row.status == PASSED else "failed",
              "name": f"{row.item.title} ({row.item.exercise})", "number": row.item.question or row.item.exercise, "output": said(row),
              "output_format": "text"} for row in result.rows if row.status != BY_PEOPLE]
    return {"score": result.score, "output": "\n".join([f"{result.score} of {result.worth} points.", *map(clean, result.notes)]),
            "output_format": "text", "stdout_visibility": "hidden", "tests": tests,
            "extra_data": {"seed": result.seed, "isolation": result.isolation}}


def autolab(result, repeat_seed=False):
    """What to print for Autolab: the table, and as the last line the scores."""
    scores = {}
    for row in result.rows:
        if row.status != BY_PEOPLE and row.item.points:
            problem = row.item.question.split()[0]
            scores[problem] = scores.get(problem, 0) + row.points
    return f"{table(result, repeat_seed)}\n{json.dumps({'scores': scores})}"


def written(result, form, drawn):
    """The result as text in one of the formats "table", "json", "gradescope", "autolab"; `drawn` says that the seed was drawn for it."""
    if form == "table":
        return table(result)
    if form == "autolab":
        return autolab(result, repeat_seed=drawn)
    return json.dumps(gradescope(result) if form == "gradescope" else as_json(result), indent=1, ensure_ascii=False)
