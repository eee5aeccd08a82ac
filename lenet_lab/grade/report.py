"""A result as text: a table, plain JSON, and the formats of Gradescope and Autolab.

Gradescope reads `results.json` (its "Autograder Specifications", output format). Autolab reads the last line of the output ("Guide for
Lab Authors", autoresult); there the twelve questions of the toy network are one problem, "QnA", as in the homework. Students see the seed
only if it was drawn for this one grading: with a known seed a function could return stored answers.
"""

import json

from tabulate import tabulate

from .files import printable as in_a_line
from .grading import BY_PEOPLE, MISSING, PASSED, UNWRITTEN
from .points import BY_HAND, TOTAL
from .walls import PROTECTION, WALLS

WIDE = 78                                # width of the column of verdicts, in characters
MARKS = {PASSED: "✓", UNWRITTEN: "…", MISSING: "…", BY_PEOPLE: " "}
LONGEST = 2000                           # characters of a verdict, at most


def table(result, repeat_seed=True):
    """The result as a table for the terminal."""
    rows = [(row.item.question, row.item.exercise or row.item.title,
             "by hand" if row.status == BY_PEOPLE else f"{row.points}/{row.item.points}", MARKS.get(row.status, "✗"),
             said(row) if row.status not in (PASSED, BY_PEOPLE) else "") for row in result.rows]
    weak = result.isolation and result.isolation not in WALLS
    words = [f"The student's code ran with {PROTECTION[result.isolation]}."] if weak else []
    words += [f"{in_a_line(result.name)}: {result.score} of {result.worth} points", ""]
    words.append(tabulate(rows, ["", "exercise", "points", "", "what was found"], disable_numparse=True, maxcolwidths=[None] * 4 + [WIDE]))
    words += ["", f"{sum(item.points for item in BY_HAND)} of {TOTAL} points are given by hand (questions 8 to 10)."]
    words += [in_a_line(note) for note in result.notes]
    if result.isolation and not weak:
        words.append(f"The student's code ran with {PROTECTION[result.isolation]}.")
    return "\n".join([*words, f"Seed {result.seed}: the same seed gives the same cases."] if repeat_seed else words)


def said(row):
    """The text of a row, with the name of the misconception."""
    name = f"[{row.misconception}] " if row.misconception else ""
    return name + clean(row.text)[:LONGEST]


def clean(text):
    """The text without control characters, which a terminal would execute, but with its lines."""
    return "\n".join(map(in_a_line, text.split("\n")))


def as_json(result):
    """The whole result as a dict for JSON, which `statistics` reads too."""
    return {
        "submission": in_a_line(result.name), "score": result.score, "worth": result.worth, "total": TOTAL, "seed": result.seed,
        "isolation": result.isolation, "fingerprint": result.fingerprint, "notes": [in_a_line(note) for note in result.notes],
        "guesses": dict(result.guesses), "concepts": dict(result.concepts),
        "rows": [{"question": row.item.question, "exercise": row.item.exercise, "title": row.item.title, "worth": row.item.points,
                  "points": row.points, "status": row.status, "misconception": row.misconception, "text": clean(row.text)[:LONGEST],
                  "place": in_a_line(row.place), "seconds": round(row.seconds, 3)} for row in result.rows]}


def gradescope(result):
    """The dict of Gradescope's results.json, without the questions graded by hand, for which Gradescope has its own questions."""
    tests = [{"score": row.points, "max_score": row.item.points, "status": "passed" if row.status == PASSED else "failed",
              "name": f"{row.item.title} ({row.item.exercise})", "number": row.item.question or row.item.exercise, "output": said(row),
              "output_format": "text"} for row in result.rows if row.status != BY_PEOPLE]
    return {"score": result.score, "output": "\n".join([f"{result.score} of {result.worth} points.", *map(in_a_line, result.notes)]),
            "output_format": "text", "stdout_visibility": "hidden", "tests": tests,
            "extra_data": {"seed": result.seed, "isolation": result.isolation}}


def autolab(result, repeat_seed=False):
    """The output for Autolab: the table, and the scores as the last line."""
    scores = {}
    for row in result.rows:
        if row.status != BY_PEOPLE and row.item.points:
            problem = row.item.question.split()[0]
            scores[problem] = scores.get(problem, 0) + row.points
    return f"{table(result, repeat_seed)}\n{json.dumps({'scores': scores})}"


def written(result, form, drawn):
    """The result as text in one of the formats "table", "json", "gradescope", "autolab"; `drawn`: the seed was drawn for this grading."""
    if form == "table":
        return table(result)
    if form == "autolab":
        return autolab(result, repeat_seed=drawn)
    return json.dumps(gradescope(result) if form == "gradescope" else as_json(result), indent=1, ensure_ascii=False)
