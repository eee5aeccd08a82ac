"""What was written down, as tables: one line per case, with its seeds, times and versions. Nothing in a table is typed by hand."""

import csv
import io
from pathlib import Path

import numpy as np
from tabulate import tabulate

from .grid import records
from .studies import STUDIES, runs

RESULTS = Path(__file__).parents[2] / "results"
RECORD = RESULTS / "runs.jsonl"
README = RESULTS.parent / "README.md"
BEGIN, END = "<!-- experiments: begin -->", "<!-- experiments: end -->"


def stored(study, record=RECORD, smoke=False):
    """The records of a study that are written down, in the order of its cases: dicts as `learn` returns them, with "case", "seed",
    "seconds", "processors" and "versions"."""
    done, found = records(record), []
    for group in runs([study], smoke):
        found += [done[run.key] for run in group if run.key in done]
    order = [case.name for case in STUDIES[study]]
    return sorted(found, key=lambda one: (order.index(one["case"]), one["seed"]))


def lines(study, record=RECORD, smoke=False):
    """One dict per case of a study that has been run: seeds, outcomes, accuracies, steps, seconds, versions, the source's figure."""
    done = stored(study, record, smoke)
    for case in STUDIES[study]:
        ours = [one for one in done if one["case"] == case.name]
        if not ours:
            continue
        ended = [one for one in ours if one["outcome"] != "error"]
        accuracies = [one["accuracy"] for one in ended]
        yield {
            "study": study, "case": case.name, "row": case.row, "theirs": case.theirs, "seeds": _span([one["seed"] for one in ours]),
            "runs": len(ours), "learned": sum(one["outcome"] == "learned" for one in ours),
            "outcomes": ", ".join(f"{n} {kind}" for kind, n in _count([one["outcome"] for one in ours])),
            "mean": np.mean(accuracies) if ended else np.nan, "lowest": min(accuracies, default=np.nan),
            "highest": max(accuracies, default=np.nan), "steps": round(np.mean([one["steps"] for one in ended])) if ended else 0,
            "parameters": next((one["parameters"] for one in ended), 0), "data": next((one["data"] for one in ended), ""),
            "seconds": np.mean([one["seconds"] for one in ours]), "alone": case.alone, "processors": ours[0]["processors"],
            "versions": " / ".join(sorted({" ".join(f"{name} {v}" for name, v in one["versions"].items()) for one in ours})),
        }


def _count(kinds):
    return sorted(((kind, kinds.count(kind)) for kind in set(kinds)), key=lambda pair: (-pair[1], pair[0]))


def _span(seeds):
    return str(seeds[0]) if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)}" if len(seeds) == max(seeds) - min(seeds) + 1 else str(seeds)


def _percent(line):
    """The mean accuracy in percent, and from which to which."""
    if np.isnan(line["mean"]):
        return "-"
    if line["runs"] == 1:
        return f"{line['mean']:.2%}"
    return f"{line['mean']:.2%} ({line['lowest']:.2%} to {line['highest']:.2%})"


def study_markdown(study, record=RECORD, smoke=False):
    """The table of one study: every case, learned or not."""
    rows = [(line["case"], line["theirs"], f"{line['learned']} of {line['runs']}", line["outcomes"], _percent(line), line["seeds"],
             f"{line['steps']:,}", f"{line['seconds']:.0f} s") for line in lines(study, record, smoke)]
    return tabulate(rows, ["case", "the source says", "learned", "outcomes", "test accuracy", "seeds", "steps", "time of a run"], "github",
                    disable_numparse=True)


def networks_markdown(record=RECORD, smoke=False):
    """The table of the README: the networks of all sources, their figure beside ours."""
    rows = [(line["row"], f"{line['parameters']:,}", line["theirs"], _percent(line), line["seeds"],
             f"{line['seconds']:.0f} s" + ("" if line["alone"] else " *"))
            for study in STUDIES for line in lines(study, record, smoke) if line["row"]]
    table = tabulate(rows, ["network and data", "parameters", "the source says", "test accuracy here", "seeds", "time of a run"], "github",
                     disable_numparse=True)
    return table + "\n\n\\* on one of two processors, another run beside it\n"


def write(record=RECORD, smoke=False, readme=None):
    """Write `table.csv` (a line per case) and `table.md` (a table per study) beside the record, and the networks' table into `readme`."""
    everything = [line for study in STUDIES for line in lines(study, record, smoke)]
    text = io.StringIO()
    if everything:
        out = csv.DictWriter(text, everything[0], lineterminator="\n")
        out.writeheader()
        out.writerows(everything)
    versions = sorted({line["versions"] for line in everything})
    parts = [f"# What the experiments gave\n\nWritten by `python -m lenet_lab.experiments` with {'; '.join(versions)}.\n",
             f"## The networks\n\n{networks_markdown(record, smoke)}",
             *(f"## {study}\n\n{study_markdown(study, record, smoke)}\n" for study in STUDIES if any(lines(study, record, smoke)))]
    Path(record).with_name("table.csv").write_text(text.getvalue(), encoding="utf-8")
    Path(record).with_name("table.md").write_text("\n".join(parts), encoding="utf-8")
    if readme:
        before, _, rest = Path(readme).read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        Path(readme).write_text(f"{before}{BEGIN}\n{networks_markdown(record, smoke)}{END}{after}", encoding="utf-8")
