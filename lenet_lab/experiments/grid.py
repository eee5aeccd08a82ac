"""Do a grid of runs on several processors or on a Dask cluster, and record each run when it ends.

The record is a file of JSON lines, one per finished run. A run is identified by its study, case, settings and seed. A recorded run is
not done again, so an interrupted grid continues with the missing runs. If a run raises an exception, its line has the outcome "error"
and the message; such a run is tried again.

The identification does not include the version of the code: after a change of `learn`, redo the studies that depend on it.
"""

import contextlib
import json
import os
import platform
import signal
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import joblib
from tqdm import tqdm

from lenet_core._files import atomic_write, is_file
from lenet_core.data import DataError

from .learn import Settings, learn, pictures


@dataclass(frozen=True)
class Trial:
    """One training run: its study and case, the settings of `learn`, the seed."""

    study: str
    case: str
    settings: dict
    seed: int

    @property
    def key(self):
        """The text that identifies a run in the record."""
        return json.dumps(asdict(self), sort_keys=True)


def records(path):
    """{key of the run: record} of all runs recorded in `path`; an incomplete line (after a kill) is skipped."""
    found = {}
    if is_file(path):
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                record = json.loads(line)
                found[Trial(record["study"], record["case"], record["settings"], record["seed"]).key] = record
    return found


def do_missing(runs, path, folder=None, jobs=2, cluster=None):
    """Do the runs that are not recorded in `path` yet, record each when it ends, and return the records of all runs, in order.

    `folder` is the folder of the data (as for `load_mnist`). `jobs` runs go on at the same time, each in its own process; with
    `cluster`, the address of a Dask scheduler, its workers do them. The terminal shows a progress bar.
    """
    path, done = Path(path), records(path)
    todo = [run for run in runs if done.get(run.key, {"outcome": "error"})["outcome"] == "error"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with (_workers(cluster), open(path, "a", encoding="utf-8") as file,
          tqdm(total=len(runs), initial=len(runs) - len(todo), unit="run", disable=None) as bar):
        if file.tell() and not path.read_bytes().endswith(b"\n"):
            file.write("\n")                                    # after an incomplete line (after a kill)
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")
        with _ctrl_c_blocked():
            results = parallel(joblib.delayed(perform)(run, folder) for run in todo)
        for record in results:
            file.write(json.dumps(record) + "\n")
            file.flush()
            bar.set_postfix_str(f"{record['study']}, {record['case']}: {record['outcome']}")
            bar.update()
    done = records(path)
    return [done[run.key] for run in runs]


def merge(path, newer):
    """Replace all runs of the studies in the record `newer` in `path` by those in `newer`, in one step, and delete `newer`."""
    fresh = records(newer)
    studies = {record["study"] for record in fresh.values()}
    kept = [record for record in records(path).values() if record["study"] not in studies]
    with atomic_write(path) as file:
        file.writelines((json.dumps(record) + "\n").encode() for record in (*kept, *fresh.values()))
    Path(newer).unlink()


@contextlib.contextmanager
def _workers(cluster):
    if not cluster:
        yield
        return
    from dask.distributed import Client

    with Client(cluster), joblib.parallel_config(backend="dask"):
        yield


@contextlib.contextmanager
def _ctrl_c_blocked():
    """Processes that are started inside this context ignore Ctrl-C, which the terminal sends to all of them; this process ends them.

    They inherit the blocked signal. In this process it is only delayed until the end of the context.
    """
    if not hasattr(signal, "pthread_sigmask"):           # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def perform(run, folder=None):
    """Do one run and return its record: the result, the seconds (without reading the data), processors and versions."""
    began = time.perf_counter()
    try:
        data = pictures(run.settings.get("data", "mnist"), folder)
        # Without MNIST, `pictures` returns scikit-learn's digits, or whatever has MNIST's file names.
        if not data.name.startswith(("MNIST", "CIFAR-10")) or data.name.startswith(("MNIST-C", "MNIST, split")):
            raise DataError(f"The experiments need MNIST; there is only {data}.")
        began = time.perf_counter()
        result = learn(Settings(**run.settings), run.seed, folder)
    except Exception as error:                                  # one failed run must not end the others
        result = {"outcome": "error", "message": f"{type(error).__name__}: {error}"}
    versions = {"python": platform.python_version(), **{name: version(name) for name in ("numpy", "lenet-workbook")}}
    return {**asdict(run), **result, "seconds": time.perf_counter() - began, "processors": os.cpu_count(), "versions": versions}
