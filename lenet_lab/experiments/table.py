"""Tables of the recorded runs: one line per case, with its seeds and versions.

Times are given only for cases that were measured on an idle machine.
"""

import csv
import io
from pathlib import Path

import numpy as np
from tabulate import tabulate

from lenet_core._files import atomic_write
from lenet_lab._material import material

from .grid import records
from .learn import LEARNED, WINDOW
from .studies import STUDIES, runs

RESULTS = material("results")
RECORD = RESULTS / "runs.jsonl"
PAGE = RESULTS.parent / "docs" / "results.md"                 # in a clone of the repository only; a wheel has no folder docs
BEGIN, END = "<!-- experiments: begin -->", "<!-- experiments: end -->"
MANY = 20                                               # from this number of runs on, a share has a confidence interval


def stored(study, record=RECORD, smoke=False):
    """The records of a study, in the order of its cases.

    They are dicts as `learn` returns them, with "case", "seed", "seconds", "processors" and "versions".
    """
    done, found = records(record), []
    for group in runs([study], smoke):
        found += [done[run.key] for run in group if run.key in done]
    order = [case.name for case in STUDIES[study]]
    return sorted(found, key=lambda one: (order.index(one["case"]), one["seed"]))


def lines(study, record=RECORD, smoke=False):
    """One dict per case of a study that has been run: seeds, outcomes, accuracies of the runs that learned, steps, seconds, versions."""
    done = stored(study, record, smoke)
    for case in STUDIES[study]:
        ours = [one for one in done if one["case"] == case.name]
        ended = [one for one in ours if one["outcome"] != "error"]
        if not ours:
            continue
        accuracies = [one["accuracy"] for one in ended if one["outcome"] == "learned"]
        kinds = [one["outcome"] for one in ours]
        yield {
            "study": study, "case": case.name, "row": case.row, "the source says": case.theirs,
            "seeds": _span([one["seed"] for one in ours]), "runs": len(ours), "learned": len(accuracies),
            "outcomes": ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind))),
            "mean": float(np.mean(accuracies)) if accuracies else None, "lowest": min(accuracies, default=None),
            "highest": max(accuracies, default=None), "steps": round(np.mean([one["steps"] for one in ended])) if ended else None,
            "parameters": next((one["parameters"] for one in ended), None), "data": next((one["data"] for one in ended), None),
            "seconds alone": round(float(np.mean([one["seconds"] for one in ours])), 1) if case.alone else None,
            "processors": ours[0]["processors"],
            "versions": "; ".join(sorted({" ".join(f"{name} {v}" for name, v in one["versions"].items()) for one in ours})),
        }


def line(study, case):
    """The dict of `lines` for one case. Raises LookupError if it has not been run."""
    for one in lines(study):
        if one["case"] == case:
            return one
    raise LookupError(f"There is no record of the case {case!r} of the study {study!r}.")


def _span(seeds):
    return str(seeds[0]) if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)}" if len(seeds) == max(seeds) - min(seeds) + 1 else str(seeds)


def _accuracy(line):
    """The mean accuracy of the runs that learned, with the lowest and the highest."""
    if line["mean"] is None:
        return "-"
    spread = f" ({line['lowest']:.2%} to {line['highest']:.2%})" if line["learned"] > 1 else ""
    return f"{line['mean']:.2%}{spread}"


def _interval(line):
    """Wilson's 95 % confidence interval of the share that learned, for at least `MANY` runs, else ""."""
    if line["runs"] < MANY:
        return ""
    from scipy.stats import binomtest  # only here, as in `plane`

    low, high = binomtest(line["learned"], line["runs"]).proportion_ci(method="wilson")
    return f"{low:.0%} to {high:.0%}"


def _seconds(line):
    return "" if line["seconds alone"] is None else f"{line['seconds alone']:.0f} s"


def _markdown(head, rows):
    used = [n for n in range(len(head)) if any(row[n] for row in rows)]         # no empty column
    return tabulate([[row[n] for n in used] for row in rows], [head[n] for n in used], "github", disable_numparse=True)


def study_markdown(study, record=RECORD, smoke=False, only=""):
    """The table of one study: every case whose name begins with `only`, or with one of several texts."""
    return _markdown(["case", "the source says", "learned", "95 % interval", "outcomes", "accuracy of those", "seeds", "steps", "time alone"],
                     [(line["case"], line["the source says"], f"{line['learned']} of {line['runs']}", _interval(line),
                       line["outcomes"], _accuracy(line), line["seeds"],
                       f"{line['steps']:,}" if line["steps"] is not None else "-", _seconds(line))
                      for line in lines(study, record, smoke) if line["case"].startswith(only)])


def networks_markdown(record=RECORD, smoke=False, data=""):
    """The table of docs/results.md: the networks of all sources, with the sources' results and ours; only those whose data begins with `data`."""
    return _markdown(["network", "parameters", "data", "the source says", "test accuracy here", "seeds", "time alone"],
                     [(line["row"], f"{line['parameters']:,}" if line["parameters"] else "-", line["data"], line["the source says"],
                       _accuracy(line), line["seeds"], _seconds(line))
                      for study in STUDIES for line in lines(study, record, smoke) if line["row"] and (line["data"] or "").startswith(data)]) + "\n"


def around_table(page):
    """The text before and after the table of the networks. Raises ValueError when one of its two marks is missing."""
    before, begin, rest = Path(page).read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the table. Write the lines {BEGIN} and {END} where it belongs.")
    return before, after


def write(record=RECORD, smoke=False, page=None):
    """Write `table.csv` (a line per case) and `table.md` (a table per study) beside the record, and the networks' table into `page`.

    Raises ValueError, and does not change `page`, if one of the two marks of the table is missing there.
    """
    everything = [line for study in STUDIES for line in lines(study, record, smoke)]
    text = io.StringIO()
    if everything:
        out = csv.DictWriter(text, everything[0], lineterminator="\n")
        out.writeheader()
        out.writerows(everything)
    versions = sorted({line["versions"] for line in everything})
    parts = [f"# Results of the experiments\n\nWritten by `lenet experiments`, with {'; '.join(versions)}. Accuracies are the mean of the "
             "runs that learned, with the lowest and the highest in brackets. The column *95 % interval* has the confidence interval of "
             f"the share that learned, where there are many runs. *Steps* are updates, on average over the runs. "
             f"A run *learned* if at least {LEARNED:.0%} of the test images are right (guessing: 10 %). It *diverged* if the loss "
             f"was no longer a finite number. It is *dead* if the weights of a layer had gradient 0 for {WINDOW} steps, and otherwise "
             "*stuck*. *Time alone* was measured on an idle machine.\n",
             f"## The networks\n\n{networks_markdown(record, smoke)}",
             *(f"## {study}\n\n{study_markdown(study, record, smoke)}\n" for study in STUDIES if any(line["study"] == study for line in everything))]
    _replace(Path(record).with_name("table.csv"), text.getvalue())
    _replace(Path(record).with_name("table.md"), "\n".join(parts))
    if page:
        before, after = around_table(page)
        _replace(page, f"{before}{BEGIN}\n{networks_markdown(record, smoke)}{END}{after}")


def _replace(path, text):
    with atomic_write(path) as file:
        file.write(text.encode())
