"""Statistics of a folder of submissions: for each exercise the share solved, the checks that failed, and the misconceptions.

The result of every submission is stored (`results/*.json`), so that the grading of a large folder can be interrupted and continued, and
results from other machines (`--format json`) can be combined. `separates` is the discrimination of an exercise: the point-biserial
correlation of solving it with the points in all other exercises. It has no value if all students solved the exercise, or none.
"""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from lenet_core._files import in_a_sentence, is_folder

from .grading import MISSING, PASSED, UNWRITTEN, grade
from .points import GRADED, PRACTICE
from .report import as_json, clean
from .submission import NotASubmission, read

# The check at which an exercise failed, from the text of its verdict: the first pattern that matches.
CHECKS = (
    ("time", r"It does not end|It is too slow|It was stopped after"),
    ("process", r"^Its process |^It wrote more than |^Its answer |^It closed "),
    ("reads", r"^The submission is too large|^Its cell cannot be read|there is no \S+.* in it"),
    ("forward first", r"The forward function that goes with it"),
    ("runs", r"It raises |^Its cell raises "), ("shapes", r" has shape "), ("number type", r" instead of floating-point numbers "),
    ("arguments unchanged", r"It changes what it was given"), ("global state", r"It changes NumPy's global state"),
    ("finite differences", r"by finite differences, is"), ("values", r", expected \S+ \("),
    ("returns", r"It returns |wanted is an array|is not a function"), ("answer", r""),
)


def write(folder, out, seed, drawn, limits, practice):
    """Grade all submissions in `folder`, write tables and a figure into `out`, and return the tables as text.

    Raises NotASubmission if there is no folder, or no submission in it.
    """
    if not is_folder(folder):
        raise NotASubmission(f"There is no folder {folder}.")
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    (out / "results").mkdir(parents=True, exist_ok=True)
    results, said = results_of(paths, out / "results", seed, drawn, limits, practice)
    if not results:
        raise NotASubmission(" ".join([f"{folder} holds no submissions that can be graded.", *dict.fromkeys(said)]))
    lines, why = items(results), failures(results)
    _table(out / "items.csv", lines)
    _table(out / "failures.csv", why)
    from lenet_lab.plots import base, grading  # only here: matplotlib takes longer to load than a submission to grade

    caption = in_words(lines, why)
    (out / "items.png").write_bytes(base.png(grading.items(lines)))
    (out / "items.txt").write_text(caption + "\n", encoding="utf-8")
    mean = np.mean([one["score"] for one in results])
    return "\n".join([*said, f"{len(results)} submissions, {mean:.1f} of {results[0]['worth']} points on average.", "",
                      _in_table(lines), "", _in_table(why), "", caption,
                      f"In {out}: items.csv, failures.csv, items.png, its caption items.txt, and the folder results."])


def results_of(paths, kept, seed, drawn, limits, practice):
    """(results as dicts, sentences about files that were omitted) for every submission in `paths`; stored results are used again."""
    results, said = [], []
    wanted = {*GRADED, *(PRACTICE if practice else ())}
    for path in tqdm(paths, unit="submission", disable=None):
        try:
            if path.suffix == ".json":
                found = _result(path)
                if found is None:
                    raise NotASubmission(f"{path.name} is not a result of --format json.")
                results.append(found)
                continue
            submission = read(path)
        except (NotASubmission, OSError) as error:
            said.append(f"Omitted: {clean(in_a_sentence(error))}")
            continue
        place = kept / f"{path.name}.json"
        found = _result(place)
        if not (found and found["fingerprint"] == submission.fingerprint and (drawn or found["seed"] == seed)
                and wanted == {row["exercise"] for row in found["rows"] if row["exercise"]}):
            found = as_json(grade(submission, seed, limits, practice))
            place.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
        results.append(found)
    return results, said


def _result(path):
    """A result of `as_json`, read from a file; None if the file has none. Raises OSError if it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if {"rows", "score", "worth", "seed", "fingerprint"} <= found.keys() else None
    except (FileNotFoundError, ValueError, AttributeError):
        return None


# ------------------------------------------------------------------------------------------------------------------------- counting


def items(results):
    """One dict per exercise: the numbers of submissions that wrote and solved it, mean points, and its discrimination ("separates")."""
    lines = []
    for exercise in (*GRADED, *PRACTICE):
        rows = [next((row for row in one["rows"] if row["exercise"] == exercise), None) for one in results]
        if not any(rows):
            continue
        rows = [row or {"status": MISSING, "points": 0, "worth": 0, "question": ""} for row in rows]
        solved = np.array([int(row["status"] == PASSED) for row in rows])
        points = np.array([row["points"] for row in rows])
        rest = np.array([one["score"] for one in results]) - points
        lines.append({
            "question": max(row["question"] for row in rows), "exercise": exercise, "worth": max(row["worth"] for row in rows),
            "submissions": len(rows), "written": sum(row["status"] not in (MISSING, UNWRITTEN) for row in rows),
            "solved": int(solved.sum()), "share solved": round(float(solved.mean()), 3), "mean points": round(float(points.mean()), 2),
            "separates": round(float(np.corrcoef(solved, rest)[0, 1]), 2) if np.ptp(solved) and np.ptp(rest) else None})
    return lines


def failures(results):
    """One dict per kind of failure of an exercise: the check, the misconception, the number of submissions; the most frequent first."""
    counts = Counter((row["exercise"], check_of(row), row["misconception"] or "") for one in results for row in one["rows"]
                     if row["exercise"] and row["status"] != PASSED)
    order = [*GRADED, *PRACTICE]
    often_first = sorted(counts.items(), key=lambda one: (order.index(one[0][0]), -one[1], one[0]))
    return [{"exercise": exercise, "stopped at": check, "misconception": misconception, "submissions": number,
             "share": round(number / len(results), 3)} for (exercise, check, misconception), number in often_first]


def check_of(row):
    """The check at which a row failed, found from its text."""
    if row["status"] in (MISSING, UNWRITTEN):
        return row["status"]
    return next(check for check, words in CHECKS if re.search(words, row["text"], re.M))


def in_words(lines, why):
    """The content of the figure in two or three sentences."""
    graded = [line for line in lines if line["written"]] or lines
    hard, easy = min(graded, key=lambda line: line["share solved"]), max(graded, key=lambda line: line["share solved"])
    text = (f"Share of {lines[0]['submissions']} submissions that solve each exercise: from {hard['share solved']:.0%} "
            f"({hard['exercise']}) to {easy['share solved']:.0%} ({easy['exercise']}).")
    separating = [line for line in lines if line["separates"] is not None]
    if separating:
        best = max(separating, key=lambda line: line["separates"])
        text += f" {best['exercise']} separates strong and weak submissions best (correlation {best['separates']:.2f})."
    often = max((one for one in why if one["misconception"]), key=lambda one: one["submissions"], default=None)
    if often:
        text += f" The most frequent misconception: {often['misconception']} in {often['exercise']} ({often['submissions']} submissions)."
    return text


def _in_table(lines):
    rows = [["-" if value is None else value for value in line.values()] for line in lines]
    return tabulate(rows, list(lines[0]) if lines else (), "simple")


def _table(path, lines):
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        if lines:
            table = csv.DictWriter(file, list(lines[0]))
            table.writeheader()
            table.writerows(lines)
