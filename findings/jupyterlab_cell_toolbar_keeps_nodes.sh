#!/usr/bin/env bash
# JupyterLab 4.6.6 (4.7.0a2 too): each time another cell becomes the active one, 258 nodes and 810 listeners stay in the page for good.
#
# Guessed before: what a page shows no more is collected; and "Show cell toolbar" off in the settings ends it.
# Seen: the active cell gets a toolbar, and every toolbar of the past stays. In a heap snapshot, the signal `disposed` of the cell holds the
# list of its buttons: the function that fills a toolbar from a list disconnects only when the cell itself is disposed. The setting has no
# effect on a notebook that is opened afterwards. What helps: to disable the extension @jupyterlab/cell-toolbar-extension:plugin.
# It needs Chromium, as chromium-headless-shell or chromium.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check jupyterlab==4.6.6 ipykernel==7.4.0 playwright==1.65.2
cat > measure.py <<'PROGRAM'
import json, os, shutil, socket, subprocess, sys, time, urllib.request
import nbformat
from playwright.sync_api import sync_playwright

MOVES = 80
folder = os.getcwd()
os.environ.update(JUPYTER_CONFIG_DIR=f"{folder}/config", JUPYTERLAB_SETTINGS_DIR=f"{folder}/settings", JUPYTERLAB_WORKSPACES_DIR=f"{folder}/places")
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1") for _ in range(8)],
                                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
nbformat.write(book, "cells.ipynb")


def write(name, content):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    json.dump(content, open(name, "w"))


def held(page):
    page.wait_for_timeout(1000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return found["Nodes"], found["JSEventListeners"]


def growth():
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
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/lab/tree/cells.ipynb?reset")
            cells = page.locator(".jp-CodeCell .cm-content")
            cells.nth(7).wait_for(timeout=120_000)
            page.wait_for_timeout(5000)

            def move(times):
                for n in range(times):
                    cells.nth(n % 8).click()
                    page.wait_for_timeout(100)

            move(16)
            nodes, listeners = held(page)
            move(MOVES)
            more = held(page)
            return (more[0] - nodes) / MOVES, (more[1] - listeners) / MOVES
    finally:
        lab.terminate()
        lab.wait()


plugin = "@jupyterlab/cell-toolbar-extension"
as_it_is = growth()
write(f"settings/{plugin}/plugin.jupyterlab-settings", {"showToolbar": False})
not_shown = growth()
write("config/labconfig/page_config.json", {"disabledExtensions": {f"{plugin}:plugin": True}})
disabled = growth()
for name, (nodes, listeners) in {"as it is": as_it_is, "not shown": not_shown, "disabled": disabled}.items():
    print(f"{name}: {nodes:.1f} nodes and {listeners:.1f} listeners for each move to another cell")
changed = min(as_it_is[0], not_shown[0]) < 100 or min(as_it_is[1], not_shown[1]) < 300 or disabled[0] > 2 or disabled[1] > 2
sys.exit("CHANGED" if changed else 0)
PROGRAM
.venv/bin/python measure.py
echo "as stated: every toolbar of a cell stays in the page"
