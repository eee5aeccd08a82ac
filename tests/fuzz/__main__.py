"""Fuzz one reader: `pip install atheris`, then `python -m tests.fuzz idx --seconds 600` (Linux; Python 3.11 to 3.13).

Atheris changes inputs at random and keeps those that reach new lines of the readers. Whatever comes out of a reader that it does not
document, a call that lasts longer than two seconds, and one that wants more than a gigabyte, is a finding: it is printed once for each
place in the code, and its input is kept in `build/fuzz/<target>/findings`. The corpus beside it is gone on with the next time.
Exit status: 0 without a finding, 1 with some.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

try:
    import resource

    import atheris
except ImportError as error:
    sys.exit(f"python -m tests.fuzz: {error.name} is missing. Install Atheris with `pip install atheris` (Linux; Python 3.11 to 3.13).")

# What is looked at line by line; what has been imported before is not.
WATCHED = ["lenet_core.data", "lenet_core.data.formats", "lenet_core._files", "lenet_core.net", "lenet_core.training",
           "lenet_lab.check.progress_store",
           "lenet_lab.grade.files", "lenet_lab.grade.cells", "lenet_lab.grade.reader", "lenet_lab.grade.slices", "lenet_lab.grade.protocol",
           "numpy.lib._format_impl", "numpy.lib._npyio_impl", "tarfile", "gzip"]
SLOW, MEMORY = 2, 2 ** 30            # seconds, bytes beside what the libraries take

with atheris.instrument_imports(include=WATCHED):
    from .targets import TARGETS, mutated_json


def main():
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.split("\n")[0])
    ask.add_argument("target", choices=TARGETS)
    ask.add_argument("--seconds", type=int, default=600)
    ask.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where corpus and findings go")
    args = ask.parse_args()
    run, documented, seeds = TARGETS[args.target]
    corpus, findings = args.out / args.target / "corpus", args.out / args.target / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed{number}").write_bytes(seed)
    place = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    found, state, started = {}, {"runs": 0, "accepted": 0}, time.monotonic()

    def once(raw):
        if time.monotonic() - started > args.seconds:               # here, because the fuzzer never gives control back
            print(json.dumps({"target": args.target, "seconds": args.seconds, **state, "findings": found}), flush=True)
            shutil.rmtree(place, ignore_errors=True)
            os._exit(bool(found))
        folder = place / "in"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        state["runs"] += 1
        began, what = time.perf_counter(), None
        try:
            run(folder, raw)
            state["accepted"] += 1
        except documented:
            pass
        except BaseException as error:
            frames = traceback.extract_tb(error.__traceback__)
            at = [frame for frame in frames if "lenet_" in frame.filename] or frames        # the last line of ours that it came from
            what, says = f"{type(error).__name__} at {Path(at[-1].filename).name}:{at[-1].lineno}", str(error)[:150]
        took = time.perf_counter() - began
        if took > SLOW and not what:
            what, says = "slow", f"{took:.1f} s"
        if what and what not in found:
            found[what] = says
            (findings / f"{len(found):02}.bin").write_bytes(raw)
            print(f"FINDING {len(found)}: {what}: {says}", flush=True)

    def mutator(raw, largest, seed):
        rng = random.Random(seed)
        text = mutated_json(raw[1:], rng) if rng.random() < 0.5 else None
        return (raw[:1] + text)[:largest] if text else atheris.Mutate(raw, largest)

    for seed in seeds():                                            # imports what is imported late, before memory is limited
        once(seed)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, resource.RLIM_INFINITY))
    options = [f"-artifact_prefix={findings}/", "-timeout=60", "-rss_limit_mb=0", "-max_len=65536", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], once, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
