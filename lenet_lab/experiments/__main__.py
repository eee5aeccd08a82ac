"""Redo the table of the five networks: `python -m lenet_lab.experiments --help`."""

import argparse
import sys
from pathlib import Path

from lenet_core.data import DataError

from .grid import forget, work_off
from .learn import pictures
from .studies import STUDIES, runs
from .table import README, RECORD, RESULTS, write

SMOKE = RESULTS.parent / "build" / "smoke" / "runs.jsonl"


def main(arguments=None):
    ask = argparse.ArgumentParser(
        prog="python -m lenet_lab.experiments",
        description="Train the networks of all sources, with all seeds, and write the tables of the README. What is written down "
                    "already is not done again, so that a stopped redo goes on where it was.")
    ask.add_argument("studies", nargs="*", metavar="STUDY", help=f"which ones (default: all): {', '.join(STUDIES)}")
    ask.add_argument("--data", metavar="FOLDER", help="where MNIST and CIFAR-10 lie (else LENET_DATA, the cache, a download)")
    ask.add_argument("--record", type=Path, metavar="FILE", help="where runs are written down, and beside it the tables "
                     "(default: results/runs.jsonl, from which the README's table is made; with --smoke build/smoke/runs.jsonl)")
    ask.add_argument("--again", action="store_true", help="forget what is written down of these studies, and do them anew")
    ask.add_argument("--smoke", action="store_true", help="a few steps on a few images, to see that everything runs")
    ask.add_argument("--jobs", type=int, default=2, metavar="N", help="runs side by side (default: 2)")
    ask.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler, as tcp://HOST:8786: its workers do the runs")
    ask.add_argument("--tables", action="store_true", help="only write the tables of what is there")
    args = ask.parse_args(arguments)
    unknown = [name for name in args.studies if name not in STUDIES]
    if unknown:
        ask.error(f"there is no study {unknown[0]!r}; there are: {', '.join(STUDIES)}.")
    names = args.studies or list(STUDIES)
    record = args.record or (SMOKE if args.smoke else RECORD)
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        if not args.tables:
            _refuse_other_data(names, args.data)
            if args.again:
                forget(record, names)
            together, alone = runs(names, args.smoke)
            work_off(together, record, args.data, args.jobs, args.cluster)
            work_off(alone, record, args.data, 1, args.cluster)
        write(record, args.smoke, README if record == RECORD else None)
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on with what is left", file=sys.stderr)
        return 130
    except (DataError, OSError) as error:
        print(f"{ask.prog}: {error}", file=sys.stderr)
        return 1
    return 0


def _refuse_other_data(names, folder):
    """The tables are about MNIST and CIFAR-10: raise DataError now, not after an hour, if one of them is not here."""
    wanted = {case.settings.get("data", "mnist") for name in names for case in STUDIES[name]}
    if wanted - {"cifar10"} and (found := pictures("mnist", folder)).name != "MNIST":
        raise DataError(f"The experiments need MNIST; there is only {found}.")
    if "cifar10" in wanted:
        pictures("cifar10", folder)


if __name__ == "__main__":
    sys.exit(main())
