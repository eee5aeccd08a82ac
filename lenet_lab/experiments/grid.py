"""A grid of runs, worked off on all processors or on a Dask cluster, and written down run by run.

The record is a file of JSON lines, one per finished run, in which a run is known by its study, case, settings and seed. Each is
written as soon as it ends, and what stands there is not done again: that is all there is to stopping and going on. What a run
raises is a row too ("error", with the sentence).
"""

import contextlib
import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import joblib
from tqdm import tqdm

from .learn import learn


@dataclass(frozen=True)
class Run:
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
    if Path(path).is_file():
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                record = json.loads(line)
                found[Run(record["study"], record["case"], record["settings"], record["seed"]).key] = record
    return found


def forget(path, studies):
    """Take the runs of some studies out of the record."""
    kept = [record for record in records(path).values() if record["study"] not in studies]
    Path(path).write_text("".join(json.dumps(record) + "\n" for record in kept), encoding="utf-8")


def work_off(runs, path, folder=None, jobs=2, cluster=None):
    """Do the runs that `path` does not hold yet, write each down there as it ends, and return the records of all, in order.

    `folder` is where the data lie (as for `load_mnist`). `jobs` runs go on side by side, each in a process of its own; with
    `cluster`, the address of a Dask scheduler, they go to its workers instead. A progress bar goes to the terminal.
    """
    todo = [run for run in runs if run.key not in records(path)]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with _workers(cluster), open(path, "a", encoding="utf-8") as file, tqdm(total=len(runs), initial=len(runs) - len(todo),
                                                                             unit="run", disable=None) as bar:
        if file.tell() and not Path(path).read_bytes().endswith(b"\n"):
            file.write("\n")                                    # after a line cut off by a kill
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")
        for record in parallel(joblib.delayed(perform)(run, folder) for run in todo):
            file.write(json.dumps(record) + "\n")
            file.flush()
            bar.set_postfix_str(f"{record['study']}, {record['case']}: {record['outcome']}")
            bar.update()
    done = records(path)
    return [done[run.key] for run in runs]


@contextlib.contextmanager
def _workers(cluster):
    if not cluster:
        yield
        return
    from dask.distributed import Client

    with Client(cluster), joblib.parallel_config(backend="dask"):
        yield


def perform(run, folder=None):
    """Do one run: its record, with what came of it, how long it took and the versions that did it."""
    began = time.perf_counter()
    try:
        result = learn(run.seed, folder=folder, **run.settings)
    except Exception as error:                                  # one bad run is a row of the table, not the end of the others
        result = {"outcome": "error", "message": f"{type(error).__name__}: {error}"}
    versions = {"python": platform.python_version(), **{name: version(name) for name in ("numpy", "lenet-workbook")}}
    return {**asdict(run), **result, "seconds": time.perf_counter() - began, "processors": os.cpu_count(), "versions": versions}
