"""What several tests share."""

import http.server
import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from lenet_core import data

from . import browser


def pytest_configure():
    """A shell that starts `make test` in the background has it ignore Ctrl-C, and so would every program that the tests start."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def digits():
    return data.digits()


@pytest.fixture(scope="session")
def mnist():
    found = data.load_mnist()
    if found.name != "MNIST":
        pytest.skip("MNIST is not here: name its folder in LENET_DATA")
    return found


@pytest.fixture(scope="module")                     # and not the session: it takes 300 MB for as long as it is held
def cifar10():
    named = data.named_folder()
    if not named or data.find_cifar10(named) is None:                   # no download: it has 170 MB
        pytest.skip("CIFAR-10 is not here: name its folder in LENET_DATA")
    return data.load_cifar10(named)


@pytest.fixture
def open_folder():
    """A temporary folder that every user can enter; pytest's own ones lie below a private folder."""
    with tempfile.TemporaryDirectory(dir="/tmp" if os.name == "posix" else None) as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def grading_folder(tmp_path, open_folder, monkeypatch):
    """Nothing that is graded here writes down anybody's progress, or leaves a folder behind.

    The temporary folder is one that the user can enter whom a grader who is root lends to a submission.
    """
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.delenv("LENET_GRADE_SEED", raising=False)
    monkeypatch.setattr(os, "getloadavg", lambda: (0, 0, 0), raising=False)              # the limits of a machine that is not busy
    monkeypatch.setattr("tempfile.tempdir", str(open_folder))
    yield
    assert not list(open_folder.iterdir()) and not (tmp_path / "progress").exists()


# --------------------------------------------------------------------------------------------------------------- JupyterLab


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """One for all files of tests that a process runs: (its folder, its address). It takes seconds to start and to end."""
    folder = tmp_path_factory.mktemp("lab")
    with browser.jupyterlab(folder) as address:
        yield folder, address


@pytest.fixture(scope="module")
def lab(jupyterlab, request):
    """(a folder of JupyterLab for one file of tests, its address)."""
    root, address = jupyterlab
    folder = root / request.module.__name__.rpartition(".")[2]
    folder.mkdir()
    yield folder, address
    browser.end_kernels(address)


# ------------------------------------------------------------------------------------------------- servers to download from


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    """The folder of an empty cache; LENET_DATA is not set, and there is no mirror of anything."""
    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(data, "MIRRORS", [])
    monkeypatch.setattr(data, "CIFAR10_MIRRORS", [])
    for proxy in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
        monkeypatch.delenv(proxy.upper(), raising=False)
    return tmp_path / "cache" / "lenet-workbook"


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands out `server.files` as `server.behave` says: a number is an error of HTTP; "stall" stops in the middle, "mute" at once."""

    def do_GET(self):
        behave, name = self.server.behave, self.path.rsplit("/", 1)[-1]
        self.server.asked.append(name)
        self.server.ranges.append(self.headers["Range"])
        content = self.server.files[name]
        if isinstance(behave, int):
            self.send_error(behave)
            return
        if behave == "hang":
            time.sleep(self.server.patience)
            return
        if behave == "html":
            content = b"<html>Please log in to this hotel's network</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:{"cut": len(content) // 2, "stall": len(content) // 2, "mute": 0}.get(behave)])
        if behave in ("stall", "mute"):
            time.sleep(self.server.patience)

    def log_message(self, *_):
        pass


@pytest.fixture
def start_servers():
    """start_servers(files, behaviours) starts a server for each behaviour, and returns them and their addresses."""
    servers = []

    def start(files, behaviours):
        for behave in behaviours:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.daemon_threads = True
            server.behave, server.files, server.asked, server.ranges, server.patience = behave, files, [], [], 10
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()      # looks often whether it is to end
            servers.append(server)
        return servers, [f"http://127.0.0.1:{server.server_port}/data/" for server in servers]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
