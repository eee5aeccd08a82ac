#!/usr/bin/env bash
# JupyterLab 4.6.6: the page holds the event of every key that was pressed, until some keyboard shortcut runs.
#
# Guessed before: after 300 letters typed into a cell, a collection of garbage leaves a handful of the keys' events at most.
# Seen: all 300 are there, with what they refer to. Escape, a shortcut of the notebook, sets them free, all at once. For each key the
# application registers a promise that may hold back a shortcut (`holdKeyBindingExecution`); the table of these promises is emptied only
# where a shortcut is executed, and keys that belong to no shortcut are never taken out. So who measures a page's memory over many keys
# must let a shortcut run before each measurement.
# It needs Chromium, as chromium-headless-shell or chromium.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check jupyterlab==4.6.6 ipykernel==7.4.0 playwright==1.65.2
cat > measure.py <<'PROGRAM'
import shutil, socket, subprocess, sys, time, urllib.request
import nbformat
from playwright.sync_api import sync_playwright

LETTERS = 300
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("")], metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
nbformat.write(book, "cells.ipynb")


def held(page):
    """How many KeyboardEvents the page holds after a collection."""
    page.wait_for_timeout(1000)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    prototype = session.send("Runtime.evaluate", {"expression": "KeyboardEvent.prototype"})["result"]["objectId"]
    found = session.send("Runtime.queryObjects", {"prototypeObjectId": prototype})["objects"]["objectId"]
    length = session.send("Runtime.callFunctionOn", {"objectId": found, "functionDeclaration": "function () { return this.length; }"})
    session.detach()
    return length["result"]["value"]


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
lab = subprocess.Popen([sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    with sync_playwright() as playwright:
        path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        page = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]).new_page()
        page.goto(f"http://127.0.0.1:{port}/lab/tree/cells.ipynb?reset")
        cell = page.locator(".jp-CodeCell .cm-content").first
        cell.wait_for(timeout=120_000)
        page.wait_for_timeout(5000)
        cell.click()
        before = held(page)
        page.keyboard.type("x" * LETTERS, delay=10)
        typed = held(page)
        page.keyboard.press("Escape")
        after = held(page)
finally:
    lab.terminate()
    lab.wait()
print(f"events of keys that the page holds: {before} at first, {typed} after {LETTERS} letters, {after} after a shortcut")
sys.exit(0 if typed >= LETTERS and after < 20 else "CHANGED")
PROGRAM
.venv/bin/python measure.py
echo "as stated: a key's event stays until a shortcut runs"
