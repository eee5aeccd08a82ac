"""`kill -9` at random moments: of a training that saves, of checks that note progress, of the experiments' record.

A few kills here in every run; `python -m pytest -m slow -s tests/test_kill.py` makes the hundred and says what came of them.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest

from lenet_core._files import ABANDONED, TEMPORARY
from lenet_core.data import Dataset, write_shared
from lenet_core.training import load_checkpoint
from lenet_lab.check import progress_store
from lenet_lab.experiments.grid import Trial, do_missing, records

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")


def kills(few, many):
    return pytest.mark.parametrize("kills", [few, pytest.param(many, marks=pytest.mark.slow)])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Noise that stands for MNIST: two batches of 64, so that a training saves after every second step."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    train, test = ((rng.random((n, 1, 28, 28), dtype=np.float32), np.arange(n) % 10) for n in (128, 64))
    write_shared(Dataset("MNIST", *train, *test), folder / "mnist")
    return str(folder)


@pytest.fixture
def start():
    """start(argument, ...) starts Python; whatever still runs in the end is killed."""
    started = []

    def begin(*arguments, **environment):
        one = subprocess.Popen([sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=os.environ | environment)
        started.append(one)
        return one

    yield begin
    for one in started:
        one.kill()
        one.communicate()


def kill(process):
    """Kill it; (what it had printed and nobody had read, its errors). `communicate` would forget what `readline` read ahead."""
    process.kill()
    process.wait()
    return process.stdout.read(), process.stderr.read()


def litter(folder):
    return [file for file in folder.iterdir() if file.name.endswith(TEMPORARY)]


def age(files):
    """Make files as old as those that nobody writes to any more."""
    for file in files:
        os.utime(file, (time.time() - 2 * ABANDONED,) * 2)


# ------------------------------------------------------------------------------------------------------------- training


def same_runs(one, other):
    one, other = load_checkpoint(one), load_checkpoint(other)
    assert one.state.steps == other.state.steps and one.data_state == other.data_state and one.notes == other.notes
    for name, params in one.net.snapshot().items():
        for p, value in params.items():
            np.testing.assert_array_equal(value, other.net[name].params[p])
            np.testing.assert_array_equal(one.state.velocity[f"{name}.{p}"], other.state.velocity[f"{name}.{p}"])


def await_another_save(path, process):
    before = path.stat().st_mtime_ns if path.exists() else None
    while process.poll() is None and (path.stat().st_mtime_ns if path.exists() else None) == before:
        time.sleep(0.002)


@kills(2, 40)
def test_training_that_is_killed_and_gone_on_with_is_training(kills, pictures, start, tmp_path, rng):
    steps, path, whole = 48 + 8 * kills, tmp_path / "run.npz", tmp_path / "whole.npz"
    run = subprocess.run([sys.executable, "-m", "lenet_lab", "train", "--data", pictures, "--steps", str(steps), "--save", whole],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    new = ["-m", "lenet_lab", "train", "--data", pictures, "--save", path]
    saved, left, fresh, ended = 0, 0, 0, 0
    for _ in range(kills):
        process = start(*new, *(["--resume", path] if path.exists() else ["--steps", steps]))
        fresh += not path.exists()
        process.stdout.readline()                                   # it has read the data: the training is about to begin
        for _ in range(rng.integers(0, 3) if path.exists() else 1):
            await_another_save(path, process)
        time.sleep(rng.uniform(0, 0.1))
        told = load_checkpoint(path).state.steps if path.exists() else 0          # opened while it is being written anew
        kill(process)
        ended += process.returncode != -signal.SIGKILL
        now = load_checkpoint(path).state.steps if path.exists() else 0
        assert now >= max(saved, told) and now % 2 == 0 and now <= steps
        saved, left = now, len(litter(tmp_path))
    age(litter(tmp_path))
    process = start(*new, *(["--resume", path] if path.exists() else ["--steps", steps]))
    out, err = process.communicate()
    assert process.returncode == 0, err
    same_runs(path, whole)
    assert not litter(tmp_path)
    assert ended < kills / 2                                        # most of them did hit a training
    print(f"\ntraining: {kills - ended} kills, {fresh} started anew before the first save, {left} unfinished files left behind and cleared "
          f"by the next save, {steps} steps in the end bit for bit those of an unbroken run")


# ------------------------------------------------------------------------------------------------------------- progress

CHECKING = """
    import sys, itertools
    from lenet_lab import check
    from lenet_lab.check import progress_store
    def relu_forward(x):
        return x * (x > 0), x
    for n in itertools.count():
        question = 1 + n % 5
        check.toy(question, n)
        print(f"toy_{question:02}", progress_store.read(f"toy_{question:02}")["attempts"], flush=True)
        if n % 7 == 6:
            check.relu_forward(relu_forward)
            print("relu_forward", progress_store.read("relu_forward")["attempts"], flush=True)
"""


@kills(2, 30)
def test_progress_that_was_noted_is_never_lost(kills, start, tmp_path, rng, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path))
    told, left, noted = {}, 0, 0
    for _ in range(kills):
        process = start("-c", textwrap.dedent(CHECKING))
        lines = [process.stdout.readline()]
        time.sleep(rng.uniform(0, 0.15))
        out, err = kill(process)
        assert not err, err
        for line in [*lines, *out.splitlines(keepends=True)]:
            if line.endswith("\n"):                                 # a line cut off by the kill tells nothing
                name, attempts = line.split()
                told[name] = int(attempts)
        with warnings.catch_warnings(action="error"):               # "cannot be read; it starts anew" would be an error
            for name, attempts in told.items():
                assert attempts <= progress_store.read(name)["attempts"] <= attempts + 1
                told[name] = progress_store.read(name)["attempts"]          # the attempt that nobody was told of any more
        noted, left = sum(told.values()), len(litter(tmp_path))
    assert noted > kills
    age(litter(tmp_path))
    for name in ["relu_forward", *(f"toy_{question:02}" for question in range(1, 6))]:      # also one killed in its very first writing
        progress_store.write(name, hints=1)
    assert not litter(tmp_path)
    print(f"\nprogress: {kills} kills among {noted} attempts, none of them lost, {left} unfinished files left behind, cleared later")


# --------------------------------------------------------------------------------------------------------------- record

WORKING = """
    import json, sys
    from lenet_lab.experiments.grid import Trial, do_missing
    runs = [Trial("study", "case", {"network": "cmpe597", "steps": 2, "batch_size": 4}, seed) for seed in range(int(sys.argv[3]))]
    print("go", flush=True)
    do_missing(runs, sys.argv[1], sys.argv[2], jobs=1)
    print("done", flush=True)
"""


@kills(1, 20)
def test_runs_that_were_written_down_stay(kills, pictures, start, tmp_path, rng):
    record, many = tmp_path / "runs.jsonl", 10 + 40 * kills
    runs = [Trial("study", "case", {"network": "cmpe597", "steps": 2, "batch_size": 4}, seed) for seed in range(many)]
    before, torn = {}, 0
    for _ in range(kills):
        process = start("-c", textwrap.dedent(WORKING), record, pictures, many)
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.5))
        told = records(record)
        kill(process)
        now = records(record)
        assert all(now[key] == value for key, value in {**before, **told}.items())
        before, torn = now, torn + (record.is_file() and not record.read_bytes().endswith(b"\n"))
    unbroken = [run for run in runs if run.key in before]
    done = do_missing(runs, record, pictures, jobs=1)
    assert [one["seed"] for one in done] == list(range(many)) and all(one["outcome"] != "error" for one in done)
    assert all(records(record)[run.key] == before[run.key] for run in unbroken)          # not done a second time
    print(f"\nrecord: {kills} kills, {len(unbroken)} of {many} runs written down before the last of them, all kept, "
          f"{torn} lines cut off and passed over")


MERGING = """
    import shutil, sys
    from lenet_lab.experiments.grid import merge
    path, newer, kept = sys.argv[1:]
    print("go", flush=True)
    while True:
        shutil.copy(kept, newer)
        merge(path, newer)
"""


@kills(1, 10)
def test_a_record_that_takes_the_place_of_another_is_one_of_the_two(kills, start, tmp_path, rng):
    def lines(study, n):
        run = {"study": study, "case": "c", "settings": {}, "outcome": "learned"}
        return "".join(json.dumps({**run, "seed": seed}) + "\n" for seed in range(n))

    path, newer, kept = tmp_path / "runs.jsonl", tmp_path / "again.jsonl", tmp_path / "kept.jsonl"
    path.write_text(lines("other", 200) + lines("mine", 100))
    kept.write_text(lines("mine", 300))
    for _ in range(kills):
        process = start("-c", textwrap.dedent(MERGING), path, newer, kept)
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.1))
        kill(process)
        of = [record["study"] for record in records(path).values()]
        assert of.count("other") == 200 and of.count("mine") in (100, 300) and len(of) == len(path.read_text().splitlines())
    print(f"\nrecords put in place of others: {kills} kills, every time the whole old or the whole new one")
