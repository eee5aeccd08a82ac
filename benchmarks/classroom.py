"""How many students on which machine? `python -m benchmarks.classroom` starts 1, 2, 4, 8 and 16 kernels and prints two tables.

All kernels of a class start at once, run the toy notebook, and then train LeNet on the homework's 3,000 images at once: more at
the same moment than a real class asks for. It is done twice: with MNIST read by every kernel, and with MNIST mapped from one
folder (`lenet_core.data.write_shared`). Memory is measured after the training, when a kernel has all it needs: "unique" is what
no other process has (of a single kernel also what it maps: there is nobody to share it with), "fair share" adds to it every
shared page divided by the number of those who share it (PSS, in /proc/PID/smaps_rollup; only on Linux), so that the fair shares
of all processes add up to what the machine needs.

Numbers of other machines are worked out, with two assumptions: every further student needs what the straight line through the
measured sums rises by, plus a JupyterLab server; and the time of an epoch depends on nothing but how many train per processor,
read between the measured points and never beyond them.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import psutil
import requests
from nbclient import NotebookClient
from tabulate import tabulate

from lenet_core.data import load_mnist, write_shared

STUDENTS = (1, 2, 4, 8, 16)
MACHINES = ((2, 4), (4, 8), (8, 16), (8, 32), (16, 64))      # processors, GiB
SYSTEM = 1024                                                # MiB that are left to the system and to JupyterHub
SHARES = (0.1, 0.25, 0.5, 1.0)                               # of the students, training at the same moment
EPOCHS = 3
TOY = Path(__file__).resolve().parents[1] / "notebooks" / "01_toy_network.ipynb"
OWN, MAPPED = "a copy each", "mapped"
QUIET = ["--log-level=ERROR"]             # else every kernel of ipykernel 7 warns that what stays on this machine is not encrypted

LOAD = """
import json, time
import numpy as np
from lenet_core import lenet, load_mnist
from lenet_lab.runs.terminal import SUBSET
from lenet_core.training import minibatches
from lenet_lab.runs.recipes import RECIPES
data = load_mnist()
subset, net = data.subset(SUBSET), lenet(np.random.default_rng(0))
batches = minibatches(subset.train_x, subset.train_y, RECIPES["small"].batch_size, np.random.default_rng(0))
steps = RECIPES["small"].start(net, batches, RECIPES["small"].length(batches.per_epoch))
"""
TRAIN = """
began = time.perf_counter()
for _ in range(batches.per_epoch):
    next(steps)
print(time.perf_counter() - began)
"""


class Student(NamedTuple):
    """What one student's kernel took: MiB, seconds from its start to the end of the toy notebook, seconds of an epoch (median)."""

    unique: float
    fair: float
    toy: float
    epoch: float


def memory(pid):
    """Unique memory and fair share of a process, in MiB."""
    found = psutil.Process(pid).memory_full_info()
    return found.uss / 2 ** 20, found.pss / 2 ** 20


def measure(students, folder):
    """A list of `Student`: so many kernels at once, with MNIST from `folder`."""
    return asyncio.run(_class(students, folder))


async def _class(students, folder):
    with tempfile.TemporaryDirectory() as passing:
        env = os.environ | {"LENET_DATA": str(folder), "LENET_PROGRESS": str(Path(passing, "progress"))}
        clients = [NotebookClient(nbformat.read(TOY, 4), timeout=900, shutdown_kernel="immediate", extra_arguments=QUIET,
                                  resources={"metadata": {"path": str(TOY.parent)}}) for _ in range(students)]
        async with contextlib.AsyncExitStack() as kernels:
            toys = await asyncio.gather(*(_toy(client, kernels, env) for client in clients))
            await asyncio.gather(*(_run(client, LOAD) for client in clients))
            epochs = await asyncio.gather(*(_epochs(client) for client in clients))
            return [Student(*memory(client.km.provisioner.pid), toy, epoch) for client, toy, epoch in zip(clients, toys, epochs)]


async def _toy(client, kernels, env):
    began = time.perf_counter()
    await kernels.enter_async_context(client.async_setup_kernel(env=env))
    for n, cell in enumerate(client.nb.cells):
        await client.async_execute_cell(cell, n)
    return time.perf_counter() - began


async def _epochs(client):
    return float(np.median([float((await _run(client, TRAIN)).outputs[0].text) for _ in range(EPOCHS)]))


async def _run(client, code):
    client.nb.cells.append(nbformat.v4.new_code_cell(code))
    return await client.async_execute_cell(client.nb.cells[-1], len(client.nb.cells) - 1)


def server():
    """The unique memory of a JupyterLab server with the toy notebook open, in MiB, its kernel not counted."""
    with tempfile.TemporaryDirectory() as own:
        env = os.environ | {"JUPYTER_CONFIG_DIR": own, "JUPYTER_DATA_DIR": own, "JUPYTER_RUNTIME_DIR": own}
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={TOY.parent}"]
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            about = _once(lambda: json.loads(next(Path(own).glob(f"jpserver-{process.pid}.json")).read_text()))
            ask = requests.Session()
            ask.headers["Authorization"] = f"token {about['token']}"
            _once(lambda: ask.get(about["url"] + "lab", timeout=10).raise_for_status())
            ask.get(about["url"] + f"api/contents/{TOY.name}", timeout=10).raise_for_status()
            session = {"path": TOY.name, "name": TOY.name, "type": "notebook", "kernel": {"name": "python3"}}
            ask.post(about["url"] + "api/sessions", json=session, timeout=30).raise_for_status()
            return memory(process.pid)[0]
        finally:
            process.terminate()                              # it ends its kernel first
            process.wait(30)


def _once(ask, seconds=60):
    """What `ask` returns, as soon as it can: what is not there yet (no file, half a file, no connection) is asked for again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (StopIteration, ValueError, requests.RequestException):
            if time.monotonic() > deadline:
                raise RuntimeError("JupyterLab did not start within a minute") from None
            time.sleep(0.2)


def needed(classes):
    """(MiB that all students share, MiB that each further one adds): the straight line through the sums of the fair shares."""
    further, shared = np.polyfit([len(one) for one in classes], [sum(student.fair for student in one) for one in classes], 1)
    return max(0.0, shared), further


def room(gib, shared, each):
    """How many students there is memory for."""
    return max(0, int((gib * 1024 - SYSTEM - shared) // each))


def epoch_seconds(classes, per_processor, processors):
    """Seconds of an epoch (median) where so many train per processor; None for more than were measured."""
    measured = [len(one) / processors for one in classes]
    if per_processor > max(measured):
        return None
    return float(np.interp(per_processor, measured, [np.median([student.epoch for student in one]) for one in classes]))


def measured_table(classes):
    rows = []
    for data, several in classes.items():
        for one in several:
            middle, worst = np.median(one, axis=0), np.max(one, axis=0)
            together = sum(student.fair for student in one)
            rows.append([data, len(one), f"{middle[0]:.0f}", f"{middle[1]:.0f}", f"{together:.0f}", f"{middle[2]:.1f}",
                         f"{worst[2]:.1f}", f"{middle[3]:.2f}", f"{worst[3]:.2f}"])
    head = ["MNIST", "kernels", "unique, MiB", "fair share, MiB", "all, MiB", "toy notebook, s", "slowest", "epoch, s", "slowest"]
    return tabulate(rows, head, "github", disable_numparse=True)


def machine_table(classes, lab, processors):
    rows = []
    for cores, gib in MACHINES:
        counts = {}
        for data, several in classes.items():
            shared, further = needed(several)
            counts[data] = room(gib, shared, further + lab)
        row = [f"{cores} processors, {gib} GiB", *counts.values()]
        for share in SHARES:
            seconds = epoch_seconds(classes[MAPPED], max(1, round(share * counts[MAPPED])) / cores, processors)
            row.append("not measured" if seconds is None else f"{seconds:.1f} s")
        rows.append(row)
    head = ["machine", *(f"students, {data}" for data in classes), *(f"epoch, {share:.0%} train" for share in SHARES)]
    return tabulate(rows, head, "github", disable_numparse=True)


def main(arguments=None):
    ask = argparse.ArgumentParser(prog="python -m benchmarks.classroom", description=__doc__.partition("\n")[0])
    ask.add_argument("students", type=int, nargs="*", default=STUDENTS, help=f"how many kernels at once (default: {STUDENTS})")
    counts = sorted(set(ask.parse_args(arguments).students))
    if len(counts) < 2 or counts[0] < 1:
        ask.error("A line needs two different numbers of students, of at least one.")
    if not sys.platform.startswith("linux"):
        ask.error("Only Linux tells how much of a process's memory is shared.")
    processors = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as passing:
        data = load_mnist()
        write_shared(data, Path(passing, "mapped"))
        as_bytes = [(255 * x[:, 0]).round().astype(np.uint8) for x in (data.train_x, data.test_x)]
        np.savez(Path(passing, "mnist.npz"), x_train=as_bytes[0], y_train=data.train_y, x_test=as_bytes[1], y_test=data.test_y)
        folders = {OWN: Path(passing, "mnist.npz"), MAPPED: Path(passing, "mapped")}
        print(f"{data.name}, {len(data.train_x):,} images; {processors} processors\n", flush=True)
        lab = server()
        classes = {name: [measure(n, folder) for n in counts] for name, folder in folders.items()}
    print(measured_table(classes))
    print(f"\nA JupyterLab server: {lab:.0f} MiB. ", end="")
    for name, several in classes.items():
        shared, further = needed(several)
        print(f"MNIST {name}: {further + lab:.0f} MiB for every student, the server included, and {shared:.0f} MiB once. ", end="")
    print(f"The system keeps {SYSTEM} MiB.\n\n{machine_table(classes, lab, processors)}")


if __name__ == "__main__":
    main()
