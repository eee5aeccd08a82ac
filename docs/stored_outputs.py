"""`make notebooks`: run the notebooks and store what came out, but nothing that a reader is to predict.

Of a cell between a `predict` and its `compare` the notebook keeps no output, so a reader sees the result only when the cell runs. Nor does
it of other cells that would give answers away; they have `{"lenet": {"predicted": true}}` in their metadata. A guess that is
taken long before its result has `{"lenet": {"early": true}}`: then only marked cells are without output. These outputs are kept in
`results/outputs/NAME.json`, {id of the cell: outputs}: the only copy, from which the web pages and the tests take them (`put_back`).

Of a widget the notebook keeps the picture and the text: what shows a stored notebook without a network, or does not trust it, shows no widget,
and its picture only where there is none. The states of the widgets are in `results/widgets/NAME.json`, for the web pages (`put_widgets_back`).
`results/predicted.json` has the result of every prediction, by which the guesses of a class are judged.
"""

import argparse
import ast
import json
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from lenet_lab.check.reasons import REASONS

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS, OUTPUTS, PREDICTED = ROOT / "notebooks", ROOT / "results" / "outputs", ROOT / "results" / "predicted.json"
WIDGETS = ROOT / "results" / "widgets"
VIEW, STATE = "application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"
CODE = ("_esm", "_css")                  # of a widget's state: its script and its style sheet, which are in `lenet_lab/widgets`


def calls(cell, function):
    """The names of the predictions for which a code cell calls `predict` or `compare`."""
    if cell["cell_type"] != "code" or f"{function}(" not in "".join(cell["source"]):
        return []
    tree = ast.parse("".join(cell["source"]))
    known = {name for group in REASONS.values() for name in group}
    if not any(isinstance(node, ast.Call) and getattr(node.func, "id", None) == function for node in ast.walk(tree)):
        return []
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in known]


def to_predict(notebook):
    """The code cells whose output would give a result away: those after a `predict`, up to the one that has its `compare`, and those marked."""
    open_, found = set(), []
    for cell in notebook["cells"]:
        marked = cell["metadata"].get("lenet", {}).get("predicted")
        if cell["cell_type"] == "code" and (marked or open_ and not calls(cell, "predict")):
            found.append(cell)
        open_ |= set() if cell["metadata"].get("lenet", {}).get("early") else {*calls(cell, "predict")}
        open_ -= {*calls(cell, "compare")}
    return found


def take_out(notebook, name):
    """Move the outputs of these cells from a notebook into its file of outputs."""
    kept = {}
    for cell in to_predict(notebook):
        kept[cell["id"]], cell["outputs"], cell["execution_count"] = cell["outputs"], [], None
    _write(OUTPUTS, name, kept)


def put_back(notebook, name):
    """Give the cells of a notebook, or of a copy of it, the outputs that were taken out, and a number: nbval takes a cell without one for unrun."""
    path = OUTPUTS / f"{name}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for cell in notebook["cells"]:
        if cell.get("id") in kept:
            cell["outputs"], cell["execution_count"] = [nbformat.from_dict(output) for output in kept[cell["id"]]], 1


def take_widgets_out(notebook, name):
    """Move the widgets of a notebook into its file of widgets: the views out of the outputs, and their states without the code."""
    states = notebook["metadata"].pop("widgets", {}).get(STATE, {}).get("state", {})
    kept = {}
    for cell in notebook["cells"]:
        for place, output in enumerate(cell.get("outputs", ())):
            if view := output.get("data", {}).pop(VIEW, None):
                state = states[view["model_id"]]["state"]
                kept.setdefault(cell["id"], {})[str(place)] = {trait: value for trait, value in state.items() if trait not in CODE}
    _write(WIDGETS, name, kept)


def put_widgets_back(notebook, name):
    """Give the outputs of a notebook, or of a copy of it, the states of their widgets, in the place of the views."""
    path = WIDGETS / f"{name}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for cell in notebook["cells"]:
        for place, state in kept.get(cell.get("id"), {}).items():
            cell["outputs"][int(place)]["data"][VIEW] = state


def _write(folder, name, kept):
    path = folder / f"{name}.json"
    path.unlink(missing_ok=True)
    if kept:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_predicted():
    """Write the result of every prediction, found in the outputs that were taken out, in the order of the notebooks."""
    outputs = [output for path in OUTPUTS.glob("*.json") for kept in json.loads(path.read_text(encoding="utf-8")).values() for output in kept]
    made = [output["metadata"]["lenet"] for output in outputs if "lenet" in output.get("metadata", {})]
    found = {one["prediction"]: one["result"] for one in made}
    ordered = {name: found[name] for group in REASONS.values() for name in group if name in found}
    PREDICTED.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def join_printed(notebook):
    """Make one output of pieces of printed text that follow each other: on a busy machine a line can arrive in two."""
    for cell in notebook["cells"]:
        joined = []
        for output in cell.get("outputs", ()):
            before = joined[-1] if joined else {}
            if output["output_type"] == before.get("output_type") == "stream" and output["name"] == before["name"]:
                before["text"] += output["text"]
            else:
                joined.append(output)
        if cell["cell_type"] == "code":
            cell["outputs"] = joined


def run(path):
    """Run a notebook in its folder and store what came out."""
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=None, record_timing=False, resources={"metadata": {"path": str(path.parent)}}).execute()
    join_printed(notebook)
    take_widgets_out(notebook, path.stem)
    take_out(notebook, path.stem)
    nbformat.write(notebook, path)


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("notebooks", nargs="*", type=Path, help="the notebooks (default: all)")
    for path in ask.parse_args().notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        run(path)
    write_predicted()


if __name__ == "__main__":
    main()
