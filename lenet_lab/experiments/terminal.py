"""Repeat the experiments and write the tables of results: `lenet experiments --help`."""

import argparse
import importlib.util
import sys
from pathlib import Path

from lenet_core._files import in_a_sentence
from lenet_core.data import DataError, load_cifar10, load_mnist

from .grid import do_missing, merge
from .studies import STUDIES, runs
from .table import PAGE, RECORD, RESULTS, around_table, write

SMOKE = RESULTS.parent / "build" / "smoke" / "runs.jsonl"


def main(arguments=None):
    """`lenet experiments`: do the missing runs and write the tables; returns the exit status."""
    ask = argparse.ArgumentParser(
        prog="lenet experiments",
        description="Train the networks of all sources, with all seeds, and write the tables of results. Recorded runs are not done "
                    "again, so an interrupted command can be continued by calling it again.")
    ask.add_argument("studies", nargs="*", metavar="STUDY", help=f"names of studies (default: all): {', '.join(STUDIES)}")
    ask.add_argument("--data", metavar="FOLDER", help="folder with MNIST and CIFAR-10 (else LENET_DATA, the cache, a download)")
    ask.add_argument("--record", type=Path, metavar="FILE", help="the record of the runs; the tables are written beside it "
                     "(default: results/runs.jsonl, from which the table in docs/results.md is made; with --smoke build/smoke/runs.jsonl)")
    ask.add_argument("--again", action="store_true", help="do these studies anew, in a second record that replaces the old one at the "
                                                          "end; an interrupted repetition is continued")
    ask.add_argument("--smoke", action="store_true", help="a few steps on a few images, to test that everything runs")
    ask.add_argument("--jobs", type=int, default=2, metavar="N", help="number of runs at the same time (default: 2)")
    ask.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler, as tcp://HOST:8786: its workers do the runs, except the "
                                                          "timed ones, which are done on this machine, one after the other")
    ask.add_argument("--tables", action="store_true", help="only write the tables of the recorded runs")
    args = ask.parse_args(arguments)
    unknown = [name for name in args.studies if name not in STUDIES]
    if unknown:
        ask.error(f"there is no study {unknown[0]!r}; there are: {', '.join(STUDIES)}.")
    if args.jobs < 1:
        ask.error(f"--jobs must be 1 or greater, and is {args.jobs}.")
    if args.cluster and not importlib.util.find_spec("distributed"):
        ask.error("--cluster needs dask.distributed: pip install distributed.")
    names, failed = args.studies or list(STUDIES), []
    record = (args.record or (SMOKE if args.smoke else RECORD)).resolve()
    page = PAGE if record == RECORD and PAGE.parent.is_dir() else None
    try:
        if page:
            around_table(page)                                            # raise now, not after an hour of training
        record.parent.mkdir(parents=True, exist_ok=True)
        if not args.tables:
            _refuse_other_data(names, args.data)
            target = record.with_name("again.jsonl") if args.again else record
            together, alone = runs(names, args.smoke)
            done = [*do_missing(together, target, args.data, args.jobs, args.cluster), *do_missing(alone, target, args.data, jobs=1)]
            failed = [one for one in done if one["outcome"] == "error"]
            if args.again and not failed:
                merge(record, target)
        write(record, args.smoke, page)
    except KeyboardInterrupt:
        print("\nstopped; the same command continues with the missing runs", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:                                  # DataError is a ValueError
        print(f"{ask.prog}: {in_a_sentence(error)}", file=sys.stderr)
        return 1
    if failed:
        print(f"{ask.prog}: {len(failed)} of {len(done)} runs failed, the first with {failed[0]['message']!r}; the same command repeats "
              "them.", file=sys.stderr)
    return 1 if failed else 0


def _refuse_other_data(names, folder):
    """Raise DataError if MNIST or CIFAR-10 is needed and missing, before the first run."""
    wanted = {case.settings.get("data", "mnist") for name in names for case in STUDIES[name]}
    if wanted - {"cifar10"} and (found := load_mnist(folder)).name != "MNIST":
        raise DataError(f"The experiments need MNIST; there is only {found}.")
    if "cifar10" in wanted:
        load_cifar10(folder)
