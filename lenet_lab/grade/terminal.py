"""Grade homework from a terminal: `lenet grade --help`."""

import argparse
import os
import secrets
import sys
from pathlib import Path

from lenet_core._files import in_a_sentence

from . import statistics
from .grading import grade, nothing
from .report import clean, written
from .sandbox import Limits, NotStarted
from .submission import NotASubmission, read

SEED = "LENET_GRADE_SEED"


def main(arguments=None):
    """`lenet grade`: grade a submission, or a folder of them; returns the exit status."""
    ask = argparse.ArgumentParser(
        prog="lenet grade",
        description="Grade a submission: a notebook, a folder of notebooks or of Python files with the homework's seven functions, or a "
                    "hw7.tar. Every exercise runs in a separate process, with limits.",
        epilog="Exit status: 0 if it has been graded, whatever the points; 2 if there is nothing to grade; 1 if nothing could run.")
    ask.add_argument("submission", type=Path, nargs="?", metavar="SUBMISSION", help="the submission")
    ask.add_argument("--statistics", type=Path, metavar="FOLDER", help="grade all submissions in FOLDER, and write statistics of the exercises")
    ask.add_argument("--format", choices=("table", "gradescope", "autolab", "json"), default="table", help="default: table")
    ask.add_argument("--out", type=Path, metavar="FILE",
                     help="write to FILE, not to the terminal (--statistics: a folder, default: statistics)")
    ask.add_argument("--seed", type=int, metavar="N",
                     help=f"the hidden seed of the random cases (default: {SEED} in the environment, else a new one). The environment is "
                          "safer: a submission that runs without full isolation can read the command line in the list of processes")
    ask.add_argument("--seconds", type=float, default=Limits().seconds, metavar="S", help="limit for one exercise (default: %(default)g)")
    ask.add_argument("--practice", action="store_true", help="grade the exercises without points too")
    args = ask.parse_args(arguments)
    if (args.submission is None) == (args.statistics is None):
        ask.error("name a SUBMISSION, or a folder of them with --statistics.")
    if not args.seconds > 0:
        ask.error(f"--seconds must be greater than 0, and is {args.seconds:g}.")
    given = args.seed if args.seed is not None else os.environ.pop(SEED, None)
    try:
        seed = secrets.randbits(53) if given is None else int(given)        # every reader of JSON keeps 53 bits
        if seed < 0:
            raise ValueError
    except ValueError:
        ask.error(f"the seed is a whole number from 0 on, and is {given!r}.")
    limits = Limits(seconds=args.seconds)
    try:
        if args.statistics:
            print(statistics.write(args.statistics, args.out or Path("statistics"), seed, given is None, limits, args.practice))
            return 0
        status, result = 0, grade(read(args.submission), seed, limits, args.practice)
    except KeyboardInterrupt:
        print(f"\n{ask.prog}: stopped" + ("; the same command continues with the rest" if args.statistics else ""), file=sys.stderr)
        return 130
    except NotStarted as error:
        print(f"{ask.prog}: {error}", file=sys.stderr)
        return 1
    except (NotASubmission, OSError) as error:
        print(f"{ask.prog}: {clean(in_a_sentence(error))}", file=sys.stderr)
        if args.statistics or args.format not in ("gradescope", "autolab"):
            return 2
        status, result = 2, nothing(args.submission.name, seed, in_a_sentence(error))        # the student reads the reason there, with 0 points
    text = written(result, args.format, drawn=given is None)
    if not args.out:
        print(text)
        return status
    try:
        args.out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        print(f"{ask.prog}: {args.out} cannot be written ({error.strerror}).", file=sys.stderr)
        return 1
    return status
