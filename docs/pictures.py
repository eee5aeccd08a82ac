"""`make pictures`: the pictures of the README and of `docs/teaching.md`, of the real notebooks in real JupyterLab, in headless Chromium.

Every picture is of a notebook up to the cell that it shows, run from the top, with its widget brought into a telling state by the
buttons, keys and pointer that a student has. Seeds are the notebooks' own, the window is always the same, and a picture is of the
widget alone. Written at twice the size, with few colours, to `pictures/`. Needs Chromium and MNIST.
"""

import argparse
import io
import tempfile
from math import cos, radians, sin
from pathlib import Path

import nbformat
from PIL import Image

from tests import browser

PICTURES = Path(__file__).parent / "pictures"
LIMIT = 180 * 1024                       # bytes of a file: the five of one page have half a MB together, also over a slow connection
HEIGHT, MARGIN = 1800, 10               # of the window, and what is kept round a widget, in CSS pixels
COLOURS = 128                            # of an image
ALONE = """.jp-InputPrompt, .jp-OutputPrompt, .jp-Collapser { visibility: hidden }
.jp-Cell, .jp-Cell.jp-mod-active { border-color: transparent !important; box-shadow: none !important }
.jp-OutputArea-child { margin: 16px 0 }"""                         # no prompts, no mark of the active cell


def until_said(widget, part, words):
    """Wait until a part of a widget begins with these words: a training on all of MNIST takes a minute, and on a busy machine several."""
    said = widget.locator(part)
    browser.until(lambda: said.inner_text().startswith(words), 600, said.inner_text)


def press(widget, name, times=1):
    for _ in range(times):
        widget.get_by_role("button", name=name, exact=True).click()


# -------------------------------------------------------------------------- the scenes: each brings a page to what is shown


def step_through(page):
    """The toy network after its loss, on its way back: a slope of the first filter, and what it is made of."""
    widget = page.locator(".lenet-step").first
    press(widget, "Step", 44)                                           # 18 + 8 + 8 + 3 + 3 + 3 + 1 numbers: the loss
    press(widget, "Whole grid", 8)
    press(widget, "Step")
    widget.locator(".name").get_by_text("dJ/dF1(1,1)").wait_for()
    return [widget]


def training(page):
    """LeNet on the whole of MNIST, at the end of its run."""
    widget = page.locator(".lenet-training-panel").nth(1)
    until_said(widget, ".lenet-status", "Finished")
    return [widget]


def look_inside(page):
    """A digit on its way through the layers, the pointer on one number of the first convolution."""
    widget = page.locator(".lenet-look")
    press(widget, "conv1")
    labels = widget.locator(".main .labels span")
    labels = labels.evaluate_all("all => all.map(s => [parseFloat(s.style.left), parseFloat(s.style.top)])")
    cell = (labels[0][1] - 1) / 24                                     # a label stands under its map of 24x24
    widget.locator(".main .over").hover(position={"x": labels[6][0] + 13.5 * cell, "y": labels[6][1] - 1 - 8.5 * cell})
    widget.locator(".name").get_by_text("conv1 (6, 15, 13)").wait_for(timeout=20_000)
    return [widget]


def verdict(page):
    """A wrong backward pass of ReLU, and what the check says to it."""
    editors = page.locator(".jp-CodeCell .jp-InputArea-editor")
    return [editors.nth(-2), editors.nth(-1), page.locator(".lenet-verdict").last]


def regions(page):
    """What eight ReLUs drew in the plane, after 600 steps."""
    widget = page.locator(".lenet-regions")
    press(widget, "Start")
    until_said(widget, ".status", "Finished")
    return [widget]


def draw(page):
    """A digit drawn with the mouse, as a network sees and reads it that has just made its first 400 steps."""
    panel, widget = page.locator(".lenet-training-panel"), page.locator(".lenet-draw")
    press(panel, "Start")
    until_said(panel, ".lenet-status", "Finished")
    press(widget, "Clear")
    sheet = widget.locator(".sheet")
    sheet.scroll_into_view_if_needed()
    box, mouse = sheet.bounding_box(), page.mouse
    arcs = ((128, 100, 42, range(-150, 91, 15)), (128, 188, 48, range(-90, 151, 15)))          # a 3: middles, radii, degrees
    points = [(box["x"] + x + r * cos(radians(a)), box["y"] + y + r * sin(radians(a))) for x, y, r, angles in arcs for a in angles]
    mouse.move(*points[0])
    mouse.down()
    for point in points[1:]:
        mouse.move(*point, steps=3)
    mouse.up()
    mouse.move(0, 0)
    page.wait_for_selector(".lenet-draw[aria-busy=false]")
    browser.until(lambda: not widget.locator(".said").inner_text().startswith("Nothing"))
    press(widget, "What would change it?")
    page.wait_for_selector(".lenet-draw[aria-busy=false]")
    return [widget]


WRONG = "def relu_backward(dout, cache):\n    x = cache\n    dx = dout * np.maximum(x, 0)\n    return dx"
SCENES = {              # scene: the notebook, what its last cell contains, what stands in exercises, the window's width
    step_through: ("01_toy_network", "StepThrough(example)", {}, 1160),
    training: ("06_train_lenet", "TrainingPanel(lenet(np.random.default_rng(0)), data)", {}, 1060),
    look_inside: ("07_look_inside", "LookInside(", {}, 1366),
    verdict: ("03_layers_backward", "check.relu_backward(", {"relu_backward": WRONG}, 960),
    regions: ("08_relu_boundaries", "Regions(", {}, 920),
    draw: ("00_start_here", "TrainingPanel(net", {}, 1160),
}


# ------------------------------------------------------------------------------------------------------------------ taking them


def cut(name, last, solved, to):
    """Write a notebook up to the cell that contains `last`, with some exercises solved."""
    notebook = nbformat.read(browser.NOTEBOOKS / f"{name}.ipynb", 4)
    end = next(n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code" and last in cell.source)
    notebook.cells = notebook.cells[:end + 1]
    for cell in notebook.cells:
        cell.source = solved.get(cell.metadata.get("lenet", {}).get("exercise"), cell.source)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None          # a new number is how `run_all` sees that it has begun
    notebook.metadata.pop("widgets", None)
    nbformat.write(notebook, to)


def take(page, parts):
    """The picture round some parts of the page, as an image of few colours."""
    parts[0].evaluate("part => part.scrollIntoView({block: 'center'})")
    boxes = [part.bounding_box() for part in parts]
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    right, bottom = max(box["x"] + box["width"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
    shot = page.screenshot(clip={"x": left - MARGIN, "y": top - MARGIN,
                                 "width": right - left + 2 * MARGIN, "height": bottom - top + 2 * MARGIN})
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    return image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)    # keeps pale and rare ones


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("names", nargs="*", help=f"some of {', '.join(scene.__name__ for scene in SCENES)} (all of them)")
    names = ask.parse_args().names
    with tempfile.TemporaryDirectory() as folder, browser.jupyterlab(Path(folder)) as address, browser.browser_page() as first:
        for scene, (notebook, last, solved, width) in SCENES.items():
            if names and scene.__name__ not in names:
                continue
            cut(notebook, last, solved, Path(folder) / f"{scene.__name__}.ipynb")
            page = first.context.browser.new_page(viewport={"width": width, "height": HEIGHT}, device_scale_factor=2)
            browser.open_notebook(page, address, f"{scene.__name__}.ipynb")
            page.keyboard.press("Control+b")                           # the list of files goes
            browser.run_all(page)
            page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").first.wait_for(timeout=300_000)
            browser.wait_until_idle(page, 60)
            page.add_style_tag(content=ALONE)                          # now: hidden prompts do not say what runs
            parts = scene(page)
            page.wait_for_timeout(500)
            path = PICTURES / f"{scene.__name__}.png"
            take(page, parts).save(path, optimize=True)
            assert path.stat().st_size < LIMIT, f"{path.name} is larger than {LIMIT // 1024} KiB"
            print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
            page.close()


if __name__ == "__main__":
    main()
