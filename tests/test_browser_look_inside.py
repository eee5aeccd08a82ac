"""Looking inside in real JupyterLab: pointed at, walked, zoomed, switched to gradients and weights, on other images, in time."""

import errno
import os
import re
import time

import numpy as np
import pytest

from lenet_core import lenet, load_mnist
from lenet_lab.inside.drawing import percent
from lenet_lab.inside.look import Look
from lenet_lab.widgets.look_inside import facts

from . import browser

pytestmark = browser.MARKS

SHOW = """import numpy as np
from lenet_core import lenet, load_mnist
from lenet_lab.widgets.look_inside import LookInside
data, net = load_mnist(), lenet(np.random.default_rng(5))
LookInside(net, data.test_x[:30], data.test_y[:30])"""
WORK = """import ctypes, time
time.sleep(0.5)
system = ctypes.PyDLL(None)
system.read(system.open(b"let go", 0), ctypes.create_string_buffer(1), 1)
"""                                            # says that it is busy, and then is: no other thread of Python gets a turn


@pytest.fixture(scope="module")
def look():
    """What the widget must show: the same network, made here, and image number n in it."""
    data, net = load_mnist(), lenet(np.random.default_rng(5))
    return lambda n: Look(net, data.test_x[n:n + 1], data.test_y[n:n + 1])


@pytest.fixture(scope="module")
def folder(lab):
    return lab[0]


@pytest.fixture(scope="module")
def widget(lab):
    folder, address = lab
    browser.write_notebook(folder / "look.ipynb", (SHOW, WORK))
    with browser.browser_page(1366, 1100) as page:
        errors, elsewhere = [], []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: elsewhere.append(request.url)
                if not request.url.startswith((address, address.replace("http", "ws"), "data:", "blob:")) else None)
        browser.open_notebook(page, address, f"{folder.name}/look.ipynb")
        browser.run_all(page)
        page.locator(".lenet-look").wait_for(timeout=60_000)
        browser.wait_until_idle(page)
        yield page.locator(".lenet-look")
        assert not errors and not elsewhere


def press(widget, name):
    widget.get_by_role("button", name=name, exact=True).click()


def show(widget, what):
    widget.get_by_role("combobox", name="what is shown").select_option(what)


def place(widget, shape, index):
    """The middle of a unit in the large maps, found from where the labels under the maps stand."""
    labels = widget.locator(".main .labels span")
    boxes = labels.evaluate_all("spans => spans.map(s => [parseFloat(s.style.left), parseFloat(s.style.top)])")
    cell = (boxes[0][1] - 1) / shape[0]
    left, top = boxes[index[0]][0], boxes[index[0]][1] - 1 - shape[0] * cell
    return {"x": left + (index[2] + 0.5) * cell, "y": top + (index[1] + 0.5) * cell}


def point(widget, shape, index):
    widget.locator(".main .over").hover(position=place(widget, shape, index))


def wait_for(widget, unit):
    words = browser.typeset(f"{unit['name']} = {unit['value']}, gradient {unit['gradient']}")
    widget.locator(".name").get_by_text(words, exact=True).wait_for(timeout=10_000)


def text(widget, part):
    return widget.locator(part).inner_text()


def ink(widget, strip, x, y):
    """How opaque the frames over a small sheet are at a point of it."""
    return widget.locator(".strip .over").nth(strip).evaluate(
        "(over, [x, y]) => over.getContext('2d').getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data[3]", [x, y])


def test_a_number_and_its_sum_are_on_one_screen(widget):
    """Of a laptop, without JupyterLab's list of files: the maps, and beside them the window, the kernel, and the products with their sum."""
    page, files = widget.page, ".jp-SideBar.jp-mod-left .lm-mod-current"
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator(files).click()
    for layer in ("conv1", "pool1"):
        widget.get_by_role("button", name=layer, exact=True).click()
        widget.locator(".main .over").press("PageUp")
        widget.locator(".main .over").press("PageDown")                     # the cursor comes along
        widget.locator(".name").get_by_text(f"{layer} (").wait_for()
        page.wait_for_timeout(300)
        widget.evaluate("root => root.scrollIntoView()")
        boxes = [widget.locator(part).bounding_box() for part in (".main .sheet", ".way", ".pictures .tiles")]
        maps, way, sums = boxes
        assert all(box["x"] + box["width"] <= 1366 and box["y"] + box["height"] <= 768 - 24 for box in boxes), layer        # the status bar
        assert way["x"] == sums["x"] >= maps["x"] + maps["width"] and sums["y"] >= way["y"] + way["height"]
    page.locator('.jp-SideBar.jp-mod-left [data-id="filebrowser"]').click()
    page.set_viewport_size({"width": 1366, "height": 1100})
    page.wait_for_timeout(300)
    assert widget.locator(".way").bounding_box()["y"] > widget.locator(".main .sheet").bounding_box()["y"] + widget.locator(".main .sheet").bounding_box()["height"]


def test_point_at_a_unit_and_see_where_it_comes_from(widget, look):
    unit = facts(look(0), "pool2", (3, 1, 2))
    press(widget, "pool2")
    point(widget, (4, 4), (3, 1, 2))
    wait_for(widget, unit)
    assert widget.locator(".comes li").all_inner_texts() == [browser.typeset(words) for words in unit["comes"]]
    assert "16x16 pixels, rows 4 to 19, columns 8 to 23; each step of the unit moves it by 4" in unit["comes"][-1]
    for part in ("sum", "goes", "back"):
        assert text(widget, f".{part}") == browser.typeset(unit[part])
    labels = widget.locator(".strip canvas[role=img]").evaluate_all("all => all.map(c => c.getAttribute('aria-label'))")
    assert "framed: rows 4 to 19, columns 8 to 23" in labels[0] and "framed: rows 4 to 15, columns 8 to 19" in labels[1]
    assert "framed: rows 2 to 7, columns 4 to 9" in labels[2] and "framed: rows 2 to 3, columns 4 to 5" in labels[3]
    assert "framed with dashes: rows 0, columns 0 to 499" in labels[5]
    assert ink(widget, 0, 2 * 8, 2 * 10) > 0 and ink(widget, 0, 2 * 14, 2 * 12) == 0             # its left edge, and its inside
    said = widget.locator(".heard")
    assert said.get_attribute("aria-live") == "polite" and "[" not in unit["said"] and "formula" not in unit["said"]
    said.get_by_text(browser.typeset(unit["said"]), exact=True).wait_for(state="attached", timeout=5000)


def test_every_product_of_a_small_kernel(widget, look):
    unit = facts(look(0), "conv1", (7, 9, 13))
    press(widget, "conv1")
    point(widget, (24, 24), (7, 9, 13))
    wait_for(widget, unit)
    assert text(widget, ".sum") == browser.typeset(unit["sum"]) and unit["sum"].count("*") == 26        # with x*w itself
    assert widget.locator(".tiles").get_attribute("aria-label").startswith("under it, kernel, products: 5x5 numbers")


def test_walk_with_the_keys_hold_and_go_through_the_layers(widget, look):
    page, cells = widget.page, widget.page.locator(".jp-Cell").count()
    widget.locator(".main .over").focus()
    for key, index in (("Right", (7, 9, 14)), ("Down", (7, 10, 14)), ("Left", (7, 10, 13)), ("Up", (7, 9, 13))):
        page.keyboard.press(f"Arrow{key}")
        wait_for(widget, facts(look(0), "conv1", index))
    point(widget, (24, 24), (2, 3, 23))
    page.keyboard.press("ArrowRight")                                  # over the edge into the next map
    wait_for(widget, facts(look(0), "conv1", (3, 3, 0)))
    page.keyboard.press(" ")
    assert widget.get_by_role("button", name="Let go").get_attribute("aria-pressed") == "true"
    point(widget, (24, 24), (2, 3, 4))
    page.wait_for_timeout(200)
    assert text(widget, ".name").startswith("conv1 (3, 3, 0)")
    page.keyboard.press(" ")
    point(widget, (24, 24), (2, 4, 4))
    point(widget, (24, 24), (2, 3, 4))
    wait_for(widget, facts(look(0), "conv1", (2, 3, 4)))
    page.keyboard.press("PageDown")                                    # what the unit goes into
    wait_for(widget, facts(look(0), "pool1", (2, 1, 2)))
    page.keyboard.press("PageUp")                                      # the first of the window
    wait_for(widget, facts(look(0), "conv1", (2, 2, 4)))
    assert page.evaluate("document.activeElement.className") == "over" and page.locator(".jp-Cell").count() == cells


def test_zoom_by_click_and_by_key(widget, look):
    page, sheet = widget.page, widget.locator(".main .sheet canvas[role=img]")
    widget.locator(".main .over").click(position=place(widget, (24, 24), (4, 12, 12)))
    press(widget, "All maps")
    assert "20 maps" in sheet.get_attribute("aria-label")
    page.keyboard.press("Enter")
    assert "map 4:" in sheet.get_attribute("aria-label") and not widget.locator(".main .labels span").count()
    assert widget.locator(".main .over").bounding_box()["width"] >= 24 * 25               # room for numbers in the cells
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.className") == "over"
    page.keyboard.press("Escape")
    assert "20 maps" in sheet.get_attribute("aria-label") and not widget.get_by_role("button", name="All maps").is_visible()


def test_gradients_and_their_ranges_in_words(widget, look):
    press(widget, "conv2")
    show(widget, "gradients")
    dout = look(0).maps("conv2", "dout")
    legend, top = text(widget, ".legend"), f"{np.abs(dout).max():.3g}"
    assert legend.startswith(f"gradient of the activations, 50 maps, one scale: blue −{top}, white 0, red {top}")
    unit = 10.0 ** np.floor(np.log10(np.abs(dout).max()))
    low, high = (float(end) for end in widget.locator(".main .labels span").nth(6).inner_text().replace("−", "-").split()[1].split("…"))
    assert low == pytest.approx(dout[6].min() / unit, abs=0.006) and high == pytest.approx(dout[6].max() / unit, abs=0.006)
    show(widget, "activations")


def test_kernels_and_one_weight(widget, look):
    show(widget, "weights")
    legend = widget.locator(".legend")
    legend.get_by_text("a column for each of 50 filters, a row for each of 20 input maps").wait_for(timeout=10_000)
    box = widget.locator(".main .over").bounding_box()
    pitch = (box["width"] + 1) / 50
    widget.locator(".main .over").hover(position={"x": 7 * pitch + 0.5, "y": 4 * pitch + 0.5})
    unit = widget.locator(".weight").get_by_text("weight W[7, 4, 0, 0]")
    unit.wait_for(timeout=10_000)
    W, dW = (f"{look(0).kernels('conv2', what)[7, 4, 0, 0]:.4g}" for what in ("W", "dW"))
    assert unit.inner_text().startswith(browser.typeset(f"weight W[7, 4, 0, 0] = {W}, its gradient {dW}, a sum over 64 places"))
    press(widget, "ip2")
    show(widget, "weight gradients")
    legend.get_by_text("a row for each of 10 numbers, a column for each of 500 inputs").wait_for(timeout=10_000)
    press(widget, "pool1")
    assert text(widget, ".none") == "pool1 has no weights. Choose a layer that has: conv1, conv2, ip1, ip2."
    show(widget, "activations")
    press(widget, "conv1")


def test_keys_go_on_when_the_pointer_left_the_weights_for_a_small_map(widget):
    """The cursor is then at a number of the layer whose weights are large, and at none of them."""
    press(widget, "conv2")
    show(widget, "weights")
    widget.locator(".legend").get_by_text("a column for each of 50 filters").wait_for(timeout=10_000)
    widget.locator(".strip .over").nth(3).hover(position={"x": 5, "y": 5})
    widget.locator(".name").get_by_text("conv2 (").wait_for(timeout=10_000)
    large = widget.locator(".main .over")
    large.press("Enter")
    large.press("ArrowRight")
    widget.locator(".weight").get_by_text(re.compile(r"weight W\[\d+, 0, 0, 0\]")).wait_for(timeout=10_000)
    show(widget, "activations")
    press(widget, "conv1")


def test_another_image(widget, look):
    point(widget, (24, 24), (5, 11, 11))
    wait_for(widget, facts(look(0), "conv1", (5, 11, 11)))
    press(widget, "Next")
    wait_for(widget, facts(look(1), "conv1", (5, 11, 11)))
    one = look(1)
    verdict = browser.typeset(f"label {one.y[0]}, answer {one.p.argmax()} ({percent(one.p.max())}), loss {one.loss:.4g}")
    assert text(widget, ".verdict") == verdict
    widget.locator(".heard").get_by_text(f"Image 1: {verdict}. conv1 (5, 11, 11)").wait_for(state="attached", timeout=5000)
    rows = [row.split()[1:4] for row in widget.locator(".bars tr").all_inner_texts()]
    assert rows == [[browser.typeset(f"{score:.3g}"), f"{100 * p:.2f}", "%"] for score, p in zip(one.scores[0], one.p[0])]
    number = widget.get_by_role("spinbutton", name="number of the image")
    number.fill("29")
    number.press("Enter")
    wait_for(widget, facts(look(29), "conv1", (5, 11, 11)))
    assert widget.get_by_role("button", name="Next", exact=True).get_attribute("aria-disabled") == "true"
    widget.get_by_role("slider", name="choose an image").press("Home")
    wait_for(widget, facts(look(0), "conv1", (5, 11, 11)))


def test_from_pointer_to_page(widget):
    """Some 50 ms when the machine is idle; the bound is loose, since tests share it with whatever else runs."""
    widget.page.evaluate("""() => {
        const root = document.querySelector('.lenet-look'), over = root.querySelector('.main .over');
        window.times = [];
        let started = null;
        over.addEventListener('pointermove', () => { started ??= performance.now(); }, true);
        new MutationObserver(() => { if (started != null) { times.push(performance.now() - started); started = null; } })
            .observe(root.querySelector('.name'), {childList: true, characterData: true, subtree: true});
    }""")
    for n in range(25):
        point(widget, (24, 24), (n % 20, 5 + n % 13, 4 + n % 11))
        widget.page.wait_for_function(f"() => times.length > {n}", timeout=10_000)
    times = sorted(widget.page.evaluate("times"))
    print(f"pointer to page: median {times[12]:.0f} ms, slowest {times[-1]:.0f} ms")
    assert times[12] < 500


def write_end(pipe, seconds=20):
    """The end to write into a named pipe, as soon as somebody waits at the other one."""
    end = time.monotonic() + seconds
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO and time.monotonic() < end, error
            time.sleep(0.05)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_busy_kernel_is_named_and_the_answer_follows(widget, look, folder):
    """What the page can compute it shows all the same: it has the weights of conv1, but not those of ip1, which are too many."""
    os.mkfifo(folder / "let go")
    browser.run_cell(widget.page, 1)
    held = write_end(folder / "let go")
    for index in ((1, 2, 3), (2, 20, 21)):
        point(widget, (24, 24), index)
    wait_for(widget, facts(look(0), "conv1", (2, 20, 21)))
    assert text(widget, ".busy") == ""
    press(widget, "ip1")
    busy = widget.locator(".busy")
    busy.get_by_text("Python is busy").wait_for(timeout=5000)
    widget.locator(".main .over").focus()
    widget.page.keyboard.press("ArrowRight")
    busy.get_by_text("Python is busy").wait_for(timeout=5000)
    unit = int(re.match(r"ip1 \((\d+)\)", busy.inner_text())[1])
    os.close(held)
    wait_for(widget, facts(look(0), "ip1", (unit,)))                      # the newest place, and no other
    assert text(widget, ".busy") == ""
    press(widget, "conv1")


def test_in_a_narrow_window_the_maps_stay_large_and_nothing_is_cut(widget):
    press(widget, "conv1")
    widget.page.set_viewport_size({"width": 1024, "height": 768})
    widget.page.wait_for_timeout(500)
    cell = widget.locator(".main .labels span").first.evaluate("s => (parseFloat(s.style.top) - 1) / 24")
    room = widget.evaluate("""root => [...root.querySelectorAll('button')].every(one => {
        const box = one.getBoundingClientRect(), all = root.getBoundingClientRect();
        return !one.offsetParent || box.left >= all.left && box.right <= all.right + 1; })""")
    sideways = [widget.evaluate("root => root.scrollWidth - root.clientWidth")]
    widget.page.set_viewport_size({"width": 820, "height": 1180})
    widget.page.wait_for_timeout(500)
    sideways.append(widget.evaluate("root => root.scrollWidth - root.clientWidth"))
    widget.page.set_viewport_size({"width": 1366, "height": 1100})
    assert cell > 4 and room and max(sideways) <= 0


def test_every_control_and_canvas_has_a_name(widget):
    assert all(browser.names(widget, "select, input, button, .main .over"))
    for control in widget.locator("select, input, .main .over").all():
        assert control.get_attribute("aria-label") and control.get_attribute("data-lm-suppress-shortcuts") == "true"
    assert all(widget.locator("button").all_text_contents())
    pictures = widget.locator("canvas[role=img]:visible")
    assert pictures.count() > 8 and all(picture.get_attribute("aria-label") for picture in pictures.all())
