"""A grid of runs, worked off on all processors or on a Dask cluster, and written down run by run.

The record is a file of JSON lines, one per finished run, in which a run is known by its study, case, settings and seed. Each is
written as soon as it ends, and what stands there is not done again: that is all there is to stopping and going on. What a run
raises is a row too ("error", with the sentence), and the one kind of row that is tried again.

The settings say what was done, not which version of the code did it: whoever changes `learn` redoes what depends on it.
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
    """One training: the study and the case it belongs to, the settings of `learn`, the seed."""

    study: str
    case: str
    settings: dict
    seed: int

    @property
    def key(self):
        """What a run is known by in the record."""
        return json.dumps(asdict(self), sort_keys=True)


def records(path):
    """{key of the run: record} of all runs written down in `path`; a line cut off by a kill is passed over."""
    found = {}
    if is_file(path):
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                record = json.loads(line)
                found[Trial(record["study"], record["case"], record["settings"], record["seed"]).key] = record
    return found


def work_off(runs, path, folder=None, jobs=2, cluster=None):
    """Do the runs that `path` does not hold yet, write each down there as it ends, and return the records of all, in order.

    `folder` is where the data lie (as for `load_mnist`). `jobs` runs go on side by side, each in a process of its own; with
    `cluster`, the address of a Dask scheduler, they go to its workers instead. A progress bar goes to the terminal.
    """
    path, done = Path(path), records(path)
    todo = [run for run in runs if done.get(run.key, {"outcome": "error"})["outcome"] == "error"]
    path.parent.mkdir(parents=True, exist_ok=True)
    with (_workers(cluster), open(path, "a", encoding="utf-8") as file,
          tqdm(total=len(runs), initial=len(runs) - len(todo), unit="run", disable=None) as bar):
        if file.tell() and not path.read_bytes().endswith(b"\n"):
            file.write("\n")                                    # after a line cut off by a kill
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")
        with _deaf():
            results = parallel(joblib.delayed(perform)(run, folder) for run in todo)
        for record in results:
            file.write(json.dumps(record) + "\n")
            file.flush()
            bar.set_postfix_str(f"{record['study']}, {record['case']}: {record['outcome']}")
            bar.update()
    done = records(path)
    return [done[run.key] for run in runs]


def merge(path, newer):
    """Put the runs of the record `newer` in the place of all runs of its studies in `path`, in one step, and remove it."""
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
def _deaf():
    """Processes that are started in here do not hear Ctrl-C, which goes to all at once: it is this process that ends them.

    They inherit that it is held back; here it is only put off.
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
    """Do one run: its record, with what came of it, how long it took (reading the data not counted) and the versions that did it."""
    began = time.perf_counter()
    try:
        data = pictures(run.settings.get("data", "mnist"), folder)
        if not data.name.startswith(("MNIST", "CIFAR-10")):             # a worker without MNIST would take scikit-learn's digits
            raise DataError(f"The experiments need MNIST; there is only {data}.")
        began = time.perf_counter()
        result = learn(Settings(**run.settings), run.seed, folder)
    except Exception as error:                                  # one bad run is a row of the table, not the end of the others
        result = {"outcome": "error", "message": f"{type(error).__name__}: {error}"}
    versions = {"python": platform.python_version(), **{name: version(name) for name in ("numpy", "lenet-workbook")}}
    return {**asdict(run), **result, "seconds": time.perf_counter() - began, "processors": os.cpu_count(), "versions": versions}
