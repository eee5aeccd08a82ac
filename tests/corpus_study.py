"""Both corpora of submissions at every level of isolation, as the user who calls and, where root calls, as an ordinary user too.

    python -m tests.corpus_study [--levels namespaces,kernel] [--every 5] [--ordinary]

It prints how many of the right submissions got all points, how many of the hostile ones got none and reached nothing, and the names of the
others. `docs/grader.md` has the result. It takes about ten minutes on two processors for every level.
"""

import argparse
import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lenet_lab.grade import grading, report, submission, walls
from lenet_lab.grade.sandbox import Limits, NotStarted, Sandbox

from . import honest_work, hostile_work
from .ordinary_user import NOBODY, opened_for_all

LIMITS = Limits(seconds=3, statement=2, loading=8)
SECRET = "what nobody may read"
OPENED = "LENET_TESTS_OPENED"


def right(name, how, folder):
    """What is wrong with the result of a form of right work; empty if nothing is."""
    rows = grading.grade(submission.read(honest_work.handed_in(name, folder)), 7, how=how).rows
    return ", ".join(row.item.exercise for row in rows if row.item.exercise and row.status != "passed")


def hostile(name, how, folder):
    """What a hostile submission has gained or reached; empty if nothing."""
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            if name in hostile_work.ATTEMPTS:
                path = hostile_work.write(hostile_work.ATTEMPTS[name], folder / "work", CANARY=folder / "canary", SECRET=folder / "secret",
                                          PARENT=process.pid)
            else:
                (folder / "out").mkdir()
                path = hostile_work.ARCHIVES[name](folder / "out")
            gained = []
            with contextlib.suppress(submission.NotASubmission):
                result = grading.grade(submission.read(path), 7, LIMITS, practice=True, how=how)
                said = report.table(result)
                gained = [row.item.exercise for row in result.rows if row.status == "passed"]
                gained += [word for word in ("REACHED", SECRET, "The grader failed") if word in said]
            return ", ".join([*gained, *["wrote outside"] * (folder / "canary").exists(), *["ended a process"] * (process.poll() is not None)])
        finally:
            process.kill()


def _one(job):
    kind, name, how = job
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            return kind, name, {"right": right, "hostile": hostile}[kind](name, how, Path(folder))
        except Exception as error:
            return kind, name, f"{type(error).__name__}: {error}"


def main(arguments=None):
    """Run the corpora and print the table."""
    ask = argparse.ArgumentParser(prog="python -m tests.corpus_study", description=__doc__.partition("\n")[0])
    ask.add_argument("--levels", default=",".join(walls.PROTECTION), help="default: %(default)s")
    ask.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th submission")
    ask.add_argument("--ordinary", action="store_true", help="as an ordinary user, where root calls")
    args = ask.parse_args(arguments)
    if os.geteuid() == 0 and OPENED not in os.environ:                # every user can read Python there
        program = [sys.executable, "-m", "tests.corpus_study", *(one for one in sys.argv[1:] if one != "--ordinary")]
        rights = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if args.ordinary else []
        with tempfile.TemporaryDirectory() as hold:
            environment = os.environ | {"HOME": "/tmp", "TMPDIR": "/tmp", OPENED: "1"}
            return subprocess.run(opened_for_all([*rights, *program], hold), env=environment).returncode
    names = {"right": [*honest_work.FORMS, *honest_work.PACKAGES],
             "hostile": [*hostile_work.ATTEMPTS, *(name for name in hostile_work.ARCHIVES if "result" not in name)]}
    for how in args.levels.split(","):
        try:
            with Sandbox({}, how=how):
                pass
        except NotStarted as error:
            print(f"{how}: not on this machine, for this user. {error}", flush=True)
            continue
        jobs = [(kind, name, how) for kind in names for name in sorted(names[kind])[::args.every]]
        with multiprocessing.get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=20) as pool:
            found = list(pool.imap_unordered(_one, jobs))
        for kind in names:
            several = [(name, text) for what, name, text in found if what == kind]
            print(f"user {os.geteuid()}, {how}, {kind}: {sum(not text for _, text in several)} of {len(several)}", flush=True)
            for name, text in sorted(several):
                if text:
                    print(f"    {name}: {text[:200]}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
