"""How fast do the widgets of two versions answer, side by side? `python -m benchmarks.side_by_side FOLDER` compares with a clone in FOLDER.

Both versions run in JupyterLab, each on a page of the same Chromium, with the same actions (those of `benchmarks.workbook`) in turn: a few here,
a few there, and again. So whatever else the machine does slows both down alike. The table has the medians, and the ratio of them.
"""

import argparse
import contextlib
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median

from tabulate import tabulate

from tests import browser

from .workbook import PREPARE, WATCH, WIDGETS

ROUNDS, ACTIONS = 6, 10                  # with every widget


@contextlib.contextmanager
def opened(packages, chromium):
    """A page with all widgets of the clone in the folder `packages`."""
    with tempfile.TemporaryDirectory() as folder:
        browser.write_notebook(Path(folder, "widgets.ipynb"), [PREPARE, *(widget.made for widget in WIDGETS.values())])
        with browser.jupyterlab(Path(folder), packages=packages) as address:
            page = chromium.new_page(viewport={"width": 1300, "height": 1500})
            browser.open_notebook(page, address, "widgets.ipynb")
            browser.run_all(page)
            page.locator(list(WIDGETS.values())[-1].root).wait_for(timeout=300_000)
            browser.wait_until_idle(page)
            yield page
            page.close()


def compare(pages, widget, rounds=ROUNDS, actions=ACTIONS):
    """Milliseconds from each action to its answer, a list for each of the pages, which take turns."""
    with contextlib.ExitStack() as ended:
        acting = []
        for page in pages:
            root = page.locator(widget.root)
            root.evaluate(WATCH, [widget.event, widget.answer])
            acting.append(ended.enter_context(closing(widget.act(root))))
        for done in range(0, rounds * actions, actions):
            for page, act in zip(pages, acting):
                page.bring_to_front()
                for n in range(done, done + actions):
                    next(act)
                    page.wait_for_function("n => answers.length > n", arg=n, timeout=30_000)
        return [page.evaluate("answers") for page in pages]


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("folder", type=Path, help="a clone of the version to compare with")
    ask.add_argument("--only", choices=WIDGETS, nargs="+", default=list(WIDGETS), help="these widgets")
    asked, rows = ask.parse_args(), []
    with browser.browser_page() as first, opened(asked.folder.resolve(), first.context.browser) as there, \
            opened(browser.ROOT, first.context.browser) as here:
        for name in asked.only:
            before, now = map(median, compare([there, here], WIDGETS[name]))
            rows.append([name, WIDGETS[name].action, f"{before:.0f}", f"{now:.0f}", f"{now / before:.2f}"])
            print(*rows[-1], flush=True)
    print(tabulate(rows, ["widget", "action", "there, ms", "here, ms", "ratio"], "github", disable_numparse=True))


if __name__ == "__main__":
    main()
