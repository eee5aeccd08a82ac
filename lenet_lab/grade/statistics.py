"""Statistics of a folder of submissions: points, exercises, predictions, and what the class has learned.

There are the points of each submission. For each exercise there are the share solved, the checks that failed and the misconceptions; for
each prediction the share of guesses that were close; for each of the twelve questions what the class has learned.

The result of every submission is stored (`results/*.json`), so that the grading of a large folder can be interrupted and continued, and
results of several machines can be combined. A stored result is used only if it is complete and of the same submission. Submissions are
graded on all processors; whatever happens to one, the others are graded. `separates` is the discrimination of an exercise: the
point-biserial correlation of solving it with the points in all other exercises. It has no value if all students solved it, or none.
"""

import csv
import hashlib
import json
import multiprocessing
import os
import re
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from lenet_core._files import in_a_sentence, is_folder, matching
from lenet_lab.check.concept_test import FORMS, TOPICS
from lenet_lab.check.predictions import by_name
from lenet_lab.check.reasons import REASONS

from .grading import BY_PEOPLE, FAILED, MISSING, PASSED, UNWRITTEN, grade
from .points import GRADED, PRACTICE
from .report import as_json, in_a_line
from .sandbox import isolation
from .submission import NotASubmission, read

# The check at which an exercise failed, from the text of its verdict: the first pattern that matches.
CHECKS = (
    ("time", r"It does not end|Its cell does not end|It is too slow|It was stopped after"),
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

    Raises NotASubmission if there is no folder, or no submission in it, and NotStarted if no submission can be run on this machine.
    """
    if not is_folder(folder):
        raise NotASubmission(f"There is no folder {folder}.")
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.absolute() != out.absolute())
    isolation()                                                       # before anybody is graded
    (out / "results").mkdir(parents=True, exist_ok=True)
    wanted = [*GRADED, *(PRACTICE if practice else ())]
    jobs = [(path, out / "results" / kept_as(path.name), seed, drawn, limits, wanted) for path in paths]
    return _tables(folder, out, dict(tqdm(graded(jobs), unit="submission", total=len(jobs), disable=None)))


def combine(folder, out):
    """The same tables of results that are in `folder` already (`*.json`). Raises NotASubmission if there are none."""
    out.mkdir(parents=True, exist_ok=True)
    found = {path: _result(path) or f"Omitted: {in_a_line(path.name)} is not a whole result of --format json."
             for path in matching(folder, "*.json")}
    return _tables(folder, out, found)


def _tables(folder, out, found):
    """Write the tables of what was found, {path: a result as a dict, or the sentence why there is none}, and return them as text."""
    found = dict(sorted(found.items()))
    results = [one for one in found.values() if isinstance(one, dict)]
    omitted = [one for one in found.values() if isinstance(one, str)]
    if not results:
        raise NotASubmission(" ".join([f"{folder} holds no submissions that can be graded.", *dict.fromkeys(omitted)]))
    lines, why, guessed, learned = items(results), failures(results), predictions(results), gains(results)
    _table(out / "scores.csv", [
        {"submission": in_a_line(path.name), "points": one["score"], "worth": one["worth"], "notes": " ".join(one["notes"])}
        if isinstance(one, dict) else {"submission": in_a_line(path.name), "points": "", "worth": "", "notes": one}
        for path, one in found.items()])
    _table(out / "items.csv", lines)
    _table(out / "failures.csv", why)
    _table(out / "predictions.csv", guessed)
    _table(out / "concepts.csv", learned)
    from lenet_lab.plots import base, grading  # only here: matplotlib takes longer to load than a submission to grade

    caption = in_words(lines, why)
    (out / "items.png").write_bytes(base.png(grading.items(lines)))
    (out / "items.txt").write_text(caption + "\n", encoding="utf-8")
    mean = np.mean([one["score"] for one in results])
    return "\n".join([*omitted, f"{len(results)} submissions, {mean:.1f} of {results[0]['worth']} points on average.", "",
                      _in_table(lines), "", _in_table(why), "", *([_in_table(guessed), ""] if guessed else []),
                      *([_in_table(learned), ""] if learned else []), caption,
                      f"In {out}: scores.csv, items.csv, failures.csv, predictions.csv, concepts.csv, items.png and its caption items.txt."])


def kept_as(name):
    """The name of the file of a submission's result: that of the submission, shortened where a system could not write it."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{name}.json" if len(os.fsencode(name)) < 200 else f"{os.fsdecode(os.fsencode(name)[:150])}-{digest}.json"


def graded(jobs):
    """Yield (path, result as a dict or a sentence) for every job, as they end; on all processors where that is of use."""
    waiting = {job[0]: job for job in jobs}
    processes = min(len(jobs), os.cpu_count() or 1)
    if processes > 1:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            try:
                futures = {pool.submit(_one, *job): path for path, job in waiting.items()}
                for future in as_completed(futures):
                    if not isinstance(future.exception(), BrokenProcessPool):
                        yield futures[future], future.result()
                        del waiting[futures[future]]
            except BrokenProcessPool:
                pass
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        for path, job in list(waiting.items()):                       # a process of the grader was ended: the rest goes one by one
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
                try:
                    yield path, alone.submit(_one, *job).result()
                except BrokenProcessPool:
                    yield path, f"Omitted: {in_a_line(path.name)}: the grader's process was ended while it graded it. Grade it by hand."
            del waiting[path]
    for path, job in waiting.items():
        yield path, _one(*job)


def _one(path, kept, seed, drawn, limits, wanted):
    """The result of one submission as a dict, or a sentence that says why there is none; a stored result is used again."""
    try:
        if path.is_symlink():                                         # it would be the file of somebody else
            return f"Omitted: {in_a_line(path.name)} is a link."
        submission = read(path)
        found = _result(kept)
        made = {"limits": list(limits), "version": version("lenet-workbook")}
        if not (found and found["fingerprint"] == submission.fingerprint and (drawn or found["seed"] == seed)
                and found["isolation"] == isolation() and made.items() <= found.items()
                and set(wanted) == {row["exercise"] for row in found["rows"] if row["exercise"]}):
            found = as_json(grade(submission, seed, limits, bool({*PRACTICE} & {*wanted}))) | made
            kept.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
        return found
    except (NotASubmission, OSError) as error:
        return f"Omitted: {in_a_line(in_a_sentence(error))}"
    except Exception as error:                                        # whatever it is, the others are graded
        return f"Omitted: {in_a_line(path.name)}: the grader failed on it ({in_a_line(f'{type(error).__name__}: {error}')}). Grade it by hand."


def _result(path):
    """A whole result of `as_json`, read from a file, or None. Raises OSError if it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if _whole(found) else None
    except (FileNotFoundError, ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return None


def _whole(found):
    """Whether a result has every graded exercise once, with the points that its status gives, and their sum."""
    rows = {row["exercise"]: row for row in found["rows"] if row["status"] != BY_PEOPLE}
    known = {**GRADED, **PRACTICE}
    right = all(name in known and row["worth"] == known[name].points and row["status"] in (PASSED, FAILED, UNWRITTEN, MISSING)
                and row["points"] == row["worth"] * (row["status"] == PASSED) and isinstance(row["text"], str)
                and isinstance(row["question"], str) and isinstance(row["misconception"], str | None) for name, row in rows.items())
    return (right and {*GRADED} <= rows.keys() and len(rows) == sum(row["status"] != BY_PEOPLE for row in found["rows"])
            and found["score"] == sum(row["points"] for row in rows.values()) and found["worth"] == sum(row["worth"] for row in rows.values())
            and all(name in by_name() and type(close) is bool for name, close in found.get("guesses", {}).items())
            and all(when in FORMS and [type(one) for one in right] == [bool] * len(TOPICS) for when, right in found.get("concepts", {}).items())
            and type(found["seed"]) is int and isinstance(found["fingerprint"], str) and all(isinstance(note, str) for note in found["notes"]))


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


def predictions(results):
    """One dict per prediction that somebody made: its notebook, the number of guesses, and how many and which share of them were close."""
    lines = []
    for notebook, names in REASONS.items():
        for name in names:
            made = [one["guesses"][name] for one in results if name in one.get("guesses", {})]
            if made:
                lines.append({"notebook": notebook, "prediction": name, "guesses": len(made), "close": sum(made),
                              "share close": round(sum(made) / len(made), 3)})
    return lines


def gains(results):
    """One dict per topic of the twelve questions, of the submissions that answered both forms: the shares right, and the gain.

    The gain is the mean over the students of right after minus right before (1, 0 or -1), with its 95 % confidence interval by the normal
    distribution: 1.96 times the standard error of that mean. It has no interval for fewer than two students.
    """
    both = [one["concepts"] for one in results if {*FORMS} <= one.get("concepts", {}).keys()]
    lines = []
    for n, topic in enumerate(TOPICS if both else ()):
        before, after = (np.array([int(one[when][n]) for one in both]) for when in FORMS)
        change = after - before
        gain, half = change.mean(), 1.96 * change.std(ddof=1) / len(both) ** 0.5 if len(both) > 1 else None
        lines.append({"topic": topic, "students": len(both), "right before": round(float(before.mean()), 3),
                      "right after": round(float(after.mean()), 3), "gain": round(float(gain), 3),
                      "from": None if half is None else round(float(gain - half), 3),
                      "to": None if half is None else round(float(gain + half), 3)})
    return lines


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
