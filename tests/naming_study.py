"""How many wrong functions do the checks refuse, and how many do they name? `python -m tests.naming_study FILE...` prints the table.

A file has two lists, WRONG and RIGHT, of (exercise, name, what is wrong, function); the exercise "derive:NAME" is a step of notebook 03. Each
function is checked in a process of its own, since some keep state. Whether a name is true can only be judged by reading the verdict
beside the function: `--show` prints both, and `--untrue NAME ...` counts those that were judged untrue.
"""

import argparse
import importlib.util
import multiprocessing
import os
import sys
import tempfile
from collections import Counter

from lenet_lab import check

SECONDS = 60                            # for one function


def _loaded(path):
    spec = importlib.util.spec_from_file_location(os.path.basename(path).removesuffix(".py"), path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module                     # where inspect looks for a source
    spec.loader.exec_module(module)
    return module


def _check(entry, answer):
    exercise, _, _, function = entry
    verdict = check.derivation(exercise.removeprefix("derive:"), function) if exercise.startswith("derive:") else getattr(check, exercise)(function)
    answer.put((verdict.passed, verdict.misconception, verdict.text))


def verdict_of(entry):
    """(passed, misconception, text) of one entry, from a process of its own."""
    context = multiprocessing.get_context("fork")
    answer = context.SimpleQueue()
    process = context.Process(target=_check, args=(entry, answer))
    process.start()
    process.join(SECONDS)
    if answer.empty():
        process.kill()
        return False, None, "no verdict: the check did not end, or its process died"
    return answer.get()


def study(files, show=False, untrue=()):
    """{exercise: Counter} of the wrong functions of files, and the number of right ones and of those that were refused."""
    table, right = {}, Counter()
    for module in map(_loaded, files):
        for entry in module.WRONG:
            passed, name, text = verdict_of(entry)
            counts = table.setdefault(entry[0], Counter())
            counts.update(wrong=1, refused=int(not passed), named=int(name is not None), true=int(name is not None and entry[1] not in untrue))
            if show or passed or name is None:
                print(f"{entry[0]}, {entry[1]}: {entry[2]}\n    {'ACCEPTED' if passed else name}: {text}\n", file=sys.stderr)
        for entry in module.RIGHT:
            passed, _, text = verdict_of(entry)
            right.update(right=1, refused=int(not passed))
            if not passed:
                print(f"REFUSED {entry[0]}, {entry[1]}: {entry[2]}\n    {text}\n", file=sys.stderr)
    return table, right


def as_table(table):
    """The counts as lines of Markdown."""
    lines = ["| exercise | wrong functions | refused | named | true |", "| --- | --: | --: | --: | --: |"]
    total = sum(table.values(), Counter())
    for name, c in [*sorted(table.items()), ("**all**", total)]:
        lines.append(f"| {name} | {c['wrong']} | {c['refused']} | {c['named']} | {c['true']} |")
    return "\n".join(lines)


def main(args=None):
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.naming_study", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="Python files with lists WRONG and RIGHT")
    parser.add_argument("--show", action="store_true", help="print every verdict beside what is wrong")
    parser.add_argument("--untrue", nargs="*", default=(), help="names of functions whose verdict was judged untrue")
    given = parser.parse_args(args)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LENET_PROGRESS"] = folder
        table, right = study(given.files, given.show, given.untrue)
    print(as_table(table))
    print(f"\nRight functions: {right['right']}, of them refused: {right['refused']}.")


if __name__ == "__main__":
    main()
