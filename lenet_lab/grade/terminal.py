"""Grade homework from a terminal: `lenet grade --help`."""

import argparse
import os
import secrets
import sys
from pathlib import Path

from lenet_core._files import in_a_sentence

from . import statistics
from .grading import grade, nothing
from .report import in_a_line, written
from .sandbox import Limits, NotStarted, isolation
from .submission import NotASubmission, read
from .walls import PROTECTION, WALLS

SEED = "LENET_GRADE_SEED"
LONGEST = 3600                           # seconds


def main(arguments=None):
    """`lenet grade`: grade a submission, or a folder of them; returns the exit status."""
    ask = argparse.ArgumentParser(
        prog="lenet grade",
        description="Grade a submission: a notebook, a folder of notebooks, or of Python or .m files with the homework's seven functions, "
                    "a hw7.tar or a zip. GNU Octave runs the .m files. The student's code runs in a separate process, with limits.",
        epilog="Exit status: 0 if it has been graded, whatever the points; 2 if there is nothing to grade; 1 if nothing could run.")
    ask.add_argument("submission", type=Path, nargs="?", metavar="SUBMISSION", help="the submission")
    ask.add_argument("--statistics", type=Path, metavar="FOLDER",
                     help="grade all submissions in FOLDER, on all processors, and write the points of each and statistics of the exercises")
    ask.add_argument("--combine", type=Path, metavar="FOLDER", help="statistics of results that are there already, made with --format json or "
                                                                    "by --statistics on several machines")
    ask.add_argument("--format", choices=("table", "gradescope", "autolab", "json"), default="table", help="default: table")
    ask.add_argument("--out", type=Path, metavar="FILE",
                     help="write to FILE, not to the terminal (--statistics and --combine: a folder, default: statistics)")
    ask.add_argument("--seed", type=int, metavar="N",
                     help=f"the hidden seed of the random cases (default: {SEED} in the environment, else a new one). The environment is "
                          "safer: a submission that runs without full isolation can read the command line in the list of processes")
    ask.add_argument("--seconds", type=float, default=Limits().seconds, metavar="S",
                     help="limit for the checks of one function (default: %(default)g). A statement of a cell has "
                          f"{Limits().statement:g} seconds, all that an exercise needs of its notebook {Limits().loading:g}, imports included. "
                          "What did not pass is looked at once more with the whole notebook")
    ask.add_argument("--require-walls", action="store_true",
                     help="refuse to grade where a submission could avoid its isolation (the report names the level: "
                          f"{' and '.join(PROTECTION[level].partition(':')[0] for level in WALLS)} are enough)")
    ask.add_argument("--practice", action="store_true", help="grade the exercises without points too")
    args = ask.parse_args(arguments)
    if sum(one is not None for one in (args.submission, args.statistics, args.combine)) != 1:
        ask.error("name a SUBMISSION, or a folder of them with --statistics, or a folder of results with --combine.")
    if not 0 < args.seconds <= LONGEST:
        ask.error(f"--seconds must be greater than 0 and at most {LONGEST}, and is {args.seconds:g}.")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")                      # not every terminal has the signs of the table
    given = args.seed if args.seed is not None else os.environ.pop(SEED, None)
    try:
        seed = secrets.randbits(53) if given is None else int(given)        # every reader of JSON keeps 53 bits
        if seed < 0:
            raise ValueError
    except ValueError:
        ask.error(f"the seed is a whole number from 0 on, and is {given!r}.")
    limits, out = Limits(seconds=args.seconds), args.out or Path("statistics")
    try:
        if args.combine:
            print(statistics.combine(args.combine, out))
            return 0
        if args.require_walls and isolation() not in WALLS:
            raise NotStarted(f"Nothing was graded: --require-walls asks for more than this machine allows, which is {PROTECTION[isolation()]}.")
        if args.statistics:
            print(statistics.write(args.statistics, out, seed, given is None, limits, args.practice))
            return 0
        status, result = 0, grade(read(args.submission), seed, limits, args.practice)
    except KeyboardInterrupt:
        print(f"\n{ask.prog}: stopped" + ("; the same command continues with the rest" if args.statistics else ""), file=sys.stderr)
        return 130
    except NotStarted as error:
        print(f"{ask.prog}: {error}", file=sys.stderr)
        return 1
    except (NotASubmission, OSError) as error:
        print(f"{ask.prog}: {in_a_line(in_a_sentence(error))}", file=sys.stderr)
        if args.submission is None or args.format not in ("gradescope", "autolab"):
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
