"""JupyterLab in a real browser, for the tests that press buttons: Debian's Chromium, driven by Playwright."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

# The shell has the pages and no windows around them: opening JupyterLab takes it two thirds of Chromium's processor time.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


MARKS = [pytest.mark.browser,                        # for `pytestmark` of every test file that opens a browser
         pytest.mark.skipif(not importlib.util.find_spec("playwright"), reason="Playwright is not installed: no browser tests"),
         pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: no browser tests")]


def write_notebook(path, cells):
    """A notebook of these code cells, to be opened in the browser."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)


@contextlib.contextmanager
def jupyterlab(folder, command=None, packages=ROOT):
    """JupyterLab on `folder` and a free port of this machine, without password; yields its address.

    `command` starts it as a user would, with nothing set that hides anything; else it is set up for tests. `packages` is the checkout
    whose packages the kernels import.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings, of_this_clone = folder / ".settings", {"JUPYTER_PATH": str(packages)}            # its labextensions, not those of an installation
    for name, wanted in {} if command else {
        "notebook-extension/tracker": {"windowingMode": "none"},        # all cells on the page, also those out of sight
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        file = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(wanted))
    arguments = ["--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1", "--ServerApp.port_retries=0",
                 "--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"]      # for `end_kernels`
    if not command:
        command = [sys.executable, "-m", "jupyterlab"]
        arguments += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url=", "--LabApp.extension_manager=readonly",
                      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        (settings / "labconfig").mkdir()
        shutil.copy(ROOT / "classroom" / "everyone" / "page_config.json", settings / "labconfig")
        of_this_clone["JUPYTER_CONFIG_PATH"] = str(settings)                               # and what it leaves out
    log = open(folder / ".lab.log", "w")
    lab = subprocess.Popen([*command, *arguments], stdout=log, stderr=log, cwd=folder,
                           env={**os.environ, **({"PYTHONPATH": str(packages)} if packages != ROOT else {}), **of_this_clone,
                                "JUPYTERLAB_SETTINGS_DIR": str(settings)})
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/api", timeout=1)
                break
            assert lab.poll() is None, (folder / ".lab.log").read_text()
            time.sleep(0.25)
        yield address
    finally:
        lab.terminate()
        try:
            lab.wait(timeout=30)
        except subprocess.TimeoutExpired:                        # a busy machine: how fast it ends is not what is tested here
            lab.kill()
            lab.wait()
        log.close()


def end_kernels(address):
    """End all kernels of a JupyterLab: those of a file of tests must not compute while the next one is at it."""
    with urllib.request.urlopen(f"{address}/api/kernels", timeout=60) as answer:
        kernels = json.load(answer)
    for kernel in kernels:
        try:
            urllib.request.urlopen(urllib.request.Request(f"{address}/api/kernels/{kernel['id']}", method="DELETE"), timeout=60)
        except urllib.error.HTTPError as error:
            if error.code != 404:                                               # 404: ended by itself meanwhile
                raise


@contextlib.contextmanager
def browser_page(width=1300, height=1500):
    """A new page of headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page(viewport={"width": width, "height": height})
        browser.close()


def timed_out():
    """The error of Playwright when what it waits for does not come."""
    from playwright.sync_api import TimeoutError

    return TimeoutError


def open_notebook(page, address, name):
    """Open a notebook of the folder and wait for its kernel."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    wait_until_idle(page)


@contextlib.contextmanager
def _begins(page, cell, seconds=60):
    """Do something, and go on when a code cell has begun to run for it: until then, the kernel is as idle as before."""
    prompt = page.locator(".jp-CodeCell .jp-InputPrompt").nth(cell)
    before = prompt.inner_text()
    yield
    page.wait_for_function("([prompt, before]) => prompt.innerText !== before", arg=[prompt.element_handle(), before],
                           timeout=seconds * 1000)


def until(holds, seconds=20, said=lambda: "", pause=0.05):
    """Wait until `holds()` is true, and look every `pause` seconds; AssertionError with what `said()` returns if it never is."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, said()
        time.sleep(pause)


def settled(read, seconds=20):
    """What `read()` returns, once that has not changed for a second: after a pause the step at hand is still finished."""
    end = time.monotonic() + seconds
    seen, now = None, read()
    while seen != now:
        assert time.monotonic() < end, f"it goes on: {now}"
        time.sleep(1)
        seen, now = now, read()
    return now


def listen(told):
    """A function that returns all that a live region has said since now."""
    told.evaluate("""told => {
        window.said = [];
        new MutationObserver(() => window.said.push(told.textContent)).observe(told, { childList: true });
    }""")
    return lambda: told.page.evaluate("window.said")


def names(widget, selector):
    """The accessible names of the controls of a widget, as they are written in the page."""
    return widget.locator(selector).evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label') || one.labels?.[0]?.innerText || one.innerText)")


def typeset(text):
    """What Python wrote, as the widgets set it: one minus sign, one product sign, powers of ten."""
    text = re.sub(r"(\d)e([+-]?)0*(\d+)", lambda found: found[1] + "·10" + (found[2] + found[3]).replace("+", "").translate(RAISED), text)
    return re.sub(r"(^|[\s(=·,:;…/])-(?=[\d.(∞]|inf|ln|\s\S)", r"\1−", re.sub(r"(\d)x(?=\d)", r"\1×", text).replace("*", "·"))


def menu(page, name, entry):
    page.get_by_role("menuitem", name=name, exact=True).click()
    page.locator(".lm-Menu").get_by_text(entry, exact=True).click()      # the palette of commands may have it too


def run_all(page):
    with _begins(page, 0):
        menu(page, "Run", "Run All Cells")


def run_cell(page, number, seconds=60):
    """Run the code cell with this number, the first being 0; it must begin within so many seconds."""
    with _begins(page, number, seconds):
        page.locator(".jp-CodeCell .jp-InputArea-editor").nth(number).click()
        page.keyboard.press("Control+Enter")


def wait_until_idle(page, seconds=60):
    page.wait_for_function("() => /Idle/.test(document.querySelector('#jp-main-statusbar')?.innerText ?? '') && "
                           "![...document.querySelectorAll('.jp-InputPrompt')].some(p => p.innerText.includes('*'))",
                           timeout=seconds * 1000)
