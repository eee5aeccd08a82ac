"""Drawing in real JupyterLab, with mouse, finger and keyboard: what the page says is what the network computes."""

import json
import re
import time

import numpy as np
import pytest

from lenet_core import lenet, ops
from lenet_lab.inside.drawing import sentence

from . import browser

pytestmark = browser.MARKS

CELLS = ["import json, os, time\nimport numpy as np\nfrom lenet_core import lenet\nfrom lenet_lab.widgets.draw import DrawDigit\n"
         "w = DrawDigit(lenet(np.random.default_rng(4)))\nw",
         "said = {'image': w.image.tolist(), 'p': w.p.tolist(), 'gradient': w.gradient.tolist(),\n"
         "        'towards': w.page['towards'], 'drawing': w.page['drawing']}\n"
         "with open('said.json', 'w') as file:\n    json.dump(said, file)",
         "ink = np.zeros((60, 60)); ink[10:50, 25:31] = 1\nw.draw(ink)",
         "with w._lock:\n    open('held', 'w').close()\n    while not os.path.exists('go on'):\n        time.sleep(0.05)",
         "relu = w.net['relu1']\nrelu.use() if relu.own['forward'] else relu.use(forward=lambda x: 1 / 0)"]


@pytest.fixture(scope="module")
def folder(lab):
    return lab[0]


@pytest.fixture(scope="module")
def widget(lab):
    folder, address = lab
    browser.write_notebook(folder / "draw.ipynb", CELLS)
    with browser.browser_page() as page:
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        browser.open_notebook(page, address, f"{folder.name}/draw.ipynb")
        run(page, 0)
        page.locator(".lenet-draw").wait_for(timeout=60_000)
        yield page.locator(".lenet-draw")
        assert not errors


def run(page, cell):
    browser.run_cell(page, cell)
    if cell != 3:                                                           # that one is to go on while we draw
        browser.wait_until_idle(page)


def settled(widget):
    widget.page.wait_for_selector(".lenet-draw[aria-busy=false]", timeout=15_000)


@pytest.fixture
def kernel(widget, folder):
    """Asks what Python has: the second cell writes it down."""
    def ask():
        settled(widget)
        run(widget.page, 1)
        return json.loads((folder / "said.json").read_text())
    return ask


def stroke(widget, *points, steps=5):
    """Draw with the mouse through points given in pixels of the sheet."""
    sheet = widget.locator(".sheet")
    sheet.scroll_into_view_if_needed()
    box, mouse = sheet.bounding_box(), widget.page.mouse
    mouse.move(box["x"] + points[0][0], box["y"] + points[0][1])
    mouse.down()
    for x, y in points[1:]:
        mouse.move(box["x"] + x, box["y"] + y, steps=steps)
    mouse.up()


def seen(widget):
    """The picture the network sees, read off the page's canvas: (28, 28) from 0 to 1."""
    settled(widget)
    pixels = widget.locator(".seen canvas").evaluate("""c => {
        const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, side = c.width / 28, found = [];
        for (let i = 0; i < 28; i++) for (let j = 0; j < 28; j++) found.push(data[4 * ((i * side + 2) * c.width + j * side + 2)]);
        return found; }""")
    return (255 - np.array(pixels).reshape(28, 28)) / (255 - 31)


def dark(widget):
    """How many pixels of the sheet are inked."""
    return widget.locator(".sheet").evaluate("""c => {
        const data = c.getContext('2d').getImageData(0, 0, 280, 280).data;
        return data.filter((value, i) => i % 4 === 3 && value > 127).length; }""")


def shares(widget):
    settled(widget)
    return np.array([float(text.removesuffix(" %")) / 100 for text in widget.locator(".share").all_inner_texts()])


def press(widget, name):
    widget.get_by_role("button", name=name, exact=True).click(force=True)


def test_a_stroke_is_read_and_the_page_says_what_the_network_computes(widget, kernel):
    assert widget.locator(".said").inner_text().startswith("Nothing is drawn")
    stroke(widget, (60, 60), (180, 60), (110, 220))
    said = kernel()
    p = ops.softmax(lenet(np.random.default_rng(4))(np.array(said["image"])[None, None]))[0]
    assert p == pytest.approx(said["p"], abs=1e-6) and p == pytest.approx(shares(widget), abs=6e-4)
    assert widget.locator(".said").inner_text() == sentence(p)
    assert widget.locator("tr.best th").inner_text() == str(p.argmax())
    assert widget.locator("tr.best .mark").inner_text() == "answer"
    assert seen(widget) == pytest.approx(np.array(said["image"]), abs=0.01)
    ink = np.array(said["image"])
    assert np.ptp(np.flatnonzero(ink.any(axis=1))) == 19                   # twenty pixels high
    widget.locator(".heard").get_by_text("The network reads").wait_for(state="attached", timeout=3000)
    assert "conv1 20 maps of 24×24" in widget.locator("figcaption").nth(1).inner_text()
    assert widget.locator("figcaption").count() == 5


def test_the_layers_stand_from_left_to_right_on_the_first_screen(widget):
    """Of a laptop, in JupyterLab with its list of files; what pooling makes of a layer stands below it."""
    widget.page.set_viewport_size({"width": 1366, "height": 768})
    widget.page.wait_for_timeout(600)
    widget.evaluate("root => root.scrollIntoView()")
    boxes = [canvas.bounding_box() for canvas in widget.locator("canvas.picture:visible").all()]
    widget.page.set_viewport_size({"width": 1300, "height": 1500})
    widget.page.wait_for_timeout(600)
    seen, conv1, pool1, conv2, pool2 = boxes
    assert seen["x"] < conv1["x"] == pool1["x"] < conv2["x"] == pool2["x"]
    assert conv1["y"] == conv2["y"] and pool1["y"] > conv1["y"] + conv1["height"] and pool2["y"] > conv2["y"] + conv2["height"]
    assert all(box["x"] + box["width"] <= 1366 and box["y"] + box["height"] <= 768 - 24 for box in boxes)        # the status bar


def test_undo_and_clear(widget, kernel):
    one = dark(widget)
    stroke(widget, (60, 150), (220, 150))
    assert dark(widget) > one
    press(widget, "Undo")
    assert abs(dark(widget) - one) < 20
    press(widget, "Clear")
    settled(widget)
    assert dark(widget) == 0 and not seen(widget).any() and widget.locator(".said").inner_text().startswith("Nothing is drawn")
    press(widget, "Clear")                                                  # nothing to clear: nothing is done
    press(widget, "Undo")                                                   # takes the clearing back
    assert abs(dark(widget) - one) < 20 and np.array(kernel()["image"]).any()


def test_without_centring_it_sees_the_drawing_where_it_is(widget, kernel):
    press(widget, "Clear")
    stroke(widget, (30, 30), (30, 90))
    centred, label = seen(widget), widget.locator(".seen canvas").get_attribute("aria-label")
    widget.get_by_role("checkbox").uncheck()
    widget.page.wait_for_selector(f".lenet-draw .seen canvas:not([aria-label='{label}'])")
    shrunk = seen(widget)
    assert np.flatnonzero(centred.any(axis=1))[0] in (4, 5) and np.flatnonzero(shrunk.any(axis=1)).tolist() == list(range(1, 11))
    assert shrunk == pytest.approx(np.array(kernel()["image"]), abs=0.01)
    widget.get_by_role("checkbox").check()


def test_what_would_make_it_another_digit(widget, kernel):
    why = widget.get_by_role("button", name="What would change it?")
    assert why.get_attribute("aria-expanded") == "false" and not widget.locator(".push canvas").is_visible()
    why.press("Enter")
    assert why.get_attribute("aria-expanded") == "true"
    widget.get_by_role("combobox").select_option("3")
    widget.page.wait_for_selector(".lenet-draw .push canvas[aria-label^='Gradient of log p(3)']")
    said = kernel()
    g, image = np.array(said["gradient"]), np.array(said["image"])
    assert said["towards"] == 3
    row, column = np.unravel_index(np.where(image < 1, g, -1).argmax(), g.shape)
    assert f"more ink at row {row + 1}, column {column + 1} (+" in widget.locator(".pushes").inner_text()
    canvas = widget.locator(".push canvas")
    canvas.focus()
    widget.page.keyboard.press("ArrowRight")
    widget.page.keyboard.press("PageDown")
    assert widget.locator(".readout").inner_text().startswith("Gradient, row 2, column 3: ")
    widget.get_by_role("combobox").select_option("")


def test_a_tap_on_a_picture_gives_its_number_and_focus_is_seen(widget):
    touch = widget.page.context.new_cdp_session(widget.page)
    for n, name in ((0, "Gradient"), (1, "What the network sees"), (2, "conv1")):
        canvas = widget.locator("canvas.picture").nth(n)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": box["x"] + 20, "y": box["y"] + 20}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        widget.locator(".readout").get_by_text(f"{name},").wait_for(timeout=5000)
        canvas.focus()
        widget.page.keyboard.press("ArrowRight")
        style = canvas.evaluate("c => [getComputedStyle(c).outlineStyle, parseFloat(getComputedStyle(c).outlineWidth)]")
        assert style[0] == "solid" and style[1] >= 2, f"{name} shows no focus: {style}"
        canvas.evaluate("c => c.blur()")


def test_the_number_under_the_pointer(widget):
    canvas = widget.locator(".layers canvas").nth(2)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    widget.page.mouse.move(box["x"] + 26 + 4 * 2 + 1, box["y"] + 2 * 2 + 1)    # maps of 12 x 2 pixels, 2 pixels apart
    assert re.fullmatch(r"pool1, map 2, row 3, column 5: −?[\d.]+\S*\. The largest number of a 2×2 window of conv1\.",
                        widget.locator(".readout").inner_text())


@pytest.fixture
def heard(widget):
    """heard() is all that a screen reader has been told since the test began: soon after the pen rests, the reading takes the place."""
    widget.locator(".heard").evaluate("""told => {
        window.heard = [];
        new MutationObserver(() => window.heard.push(told.textContent)).observe(told, { childList: true });
    }""")
    return lambda: widget.page.evaluate("window.heard")


def test_drawing_with_the_keyboard_alone(widget, kernel, heard):
    page, keyboard = widget.page, widget.page.keyboard
    cells = page.locator(".jp-Cell").count()
    press(widget, "Clear")
    widget.locator(".sheet").focus()
    keyboard.press("x")                                                      # JupyterLab would cut the cell
    for _ in range(3):
        keyboard.press("ArrowUp")
    assert dark(widget) == 0
    keyboard.down("Space")
    for _ in range(6):
        keyboard.press("ArrowDown")
    keyboard.up("Space")
    held = dark(widget)
    assert held > 60 * 18 and "Pen up, row 17, column 14 of 28" in heard()
    keyboard.press("ArrowLeft")
    assert dark(widget) == held
    keyboard.press("Space")
    assert "Pen down, row 17, column 13 of 28" in heard()
    before = len(heard())
    keyboard.press("Home")
    keyboard.press("Shift+ArrowLeft")
    keyboard.press("Space")
    keyboard.press("ArrowLeft")
    assert dark(widget) > held + 20 * 20 and any(words.startswith("Pen up") for words in heard()[before:])
    assert page.locator(".jp-Cell").count() == cells and np.array(kernel()["image"]).any()
    widget.locator(".sheet").focus()
    keyboard.press("Control+z")
    assert abs(dark(widget) - held) < 20


def test_a_drawing_from_python_comes_to_the_sheet(widget, kernel):
    run(widget.page, 2)
    widget.page.wait_for_function("""() => {
        const ink = document.querySelector('.lenet-draw .sheet').getContext('2d');
        return ink.getImageData(130, 140, 1, 1).data[3] === 255; }""")
    assert dark(widget) == pytest.approx(280 * 280 * 40 * 6 / 60 ** 2, rel=0.05)
    stroke(widget, (60, 200), (220, 200))                                   # and can be drawn on
    assert np.ptp(np.flatnonzero(np.array(kernel()["image"]).any(axis=0))) > 12


def test_while_the_kernel_is_busy_only_the_newest_drawing_waits(widget, kernel, folder):
    before = int(kernel()["drawing"].split(":")[1])
    run(widget.page, 3)
    end = time.monotonic() + 20
    while not (folder / "held").exists():
        assert time.monotonic() < end, "the cell does not run"
        widget.page.wait_for_timeout(50)
    widget.page.wait_for_timeout(200)                                       # JupyterLab brings the running cell into sight
    stroke(widget, (60, 60), (200, 60), (200, 200), (60, 200), steps=10)
    widget.get_by_text("The kernel is busy").wait_for(timeout=5000)
    (folder / "go on").touch()
    after = kernel()
    assert int(after["drawing"].split(":")[1]) <= before + 2
    assert seen(widget) == pytest.approx(np.array(after["image"]), abs=0.01)
    assert widget.locator(".late").inner_text() == ""


def test_a_layer_that_fails_is_reported_and_drawing_goes_on(widget):
    run(widget.page, 4)
    stroke(widget, (60, 240), (200, 240))
    widget.get_by_role("alert").get_by_text("ZeroDivisionError: division by zero").wait_for(timeout=5000)
    settled(widget)
    run(widget.page, 4)
    press(widget, "Undo")
    settled(widget)
    assert widget.get_by_role("alert").inner_text() == "" and widget.locator(".said").inner_text().startswith("The network reads")


def test_a_finger_draws_and_a_second_one_does_not(widget):
    press(widget, "Clear")
    box = widget.locator(".sheet").bounding_box()
    touch = widget.page.context.new_cdp_session(widget.page)

    def fingers(kind, *places):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [
            {"x": box["x"] + x, "y": box["y"] + y, "id": n} for n, (x, y) in enumerate(places)]})

    fingers("touchStart", (60, 100))
    fingers("touchMove", (120, 100))
    fingers("touchStart", (120, 100), (60, 250))
    fingers("touchMove", (200, 100), (200, 250))
    fingers("touchEnd")
    settled(widget)
    inked = widget.locator(".sheet").evaluate("""c => [[130, 100], [190, 100], [130, 250]].map(
        ([x, y]) => c.getContext('2d').getImageData(x, y, 1, 1).data[3])""")
    assert inked == [255, 255, 0]


def test_the_pictures_keep_up_with_the_hand(widget):
    """About 50 ms from a move of the pen to the painted answer; the bound is loose, since tests share the machine."""
    times = widget.page.evaluate("""async () => {
        const root = document.querySelector('.lenet-draw'), sheet = root.querySelector('.sheet');
        const box = sheet.getBoundingClientRect(), times = [];
        const event = (type, x, y) => sheet.dispatchEvent(new PointerEvent(type, {
            bubbles: true, isPrimary: true, button: 0, clientX: box.x + x, clientY: box.y + y}));
        sheet.setPointerCapture = () => {};                              // no real pointer is down
        event('pointerdown', 40, 40);
        for (let n = 0; n < 25; n++) {
            while (root.getAttribute('aria-busy') === 'true') await new Promise((go) => setTimeout(go, 5));
            const begun = performance.now();
            await new Promise((done, fail) => {
                setTimeout(() => fail(new Error('no answer in ten seconds')), 10000);
                const watcher = new MutationObserver(() => {
                    if (root.getAttribute('aria-busy') === 'false') { watcher.disconnect(); done(); } });
                watcher.observe(root, {attributes: true, attributeFilter: ['aria-busy']});
                event('pointermove', 40 + 8 * n, 40 + 7 * n);
            });
            await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
            times.push(performance.now() - begun);
        }
        event('pointerup', 240, 215);
        return times; }""")
    print("pen to painted answer:", [round(t) for t in times], "ms, median", round(np.median(times)))
    assert np.median(times) < 500


def test_every_control_has_a_name_and_keeps_its_keys(widget):
    for control in widget.locator("canvas, input, select, button, summary").all():
        assert control.get_attribute("data-lm-suppress-shortcuts") == "true"
    assert all(widget.locator("canvas").evaluate_all("all => all.map(c => c.getAttribute('aria-label'))"))
    names = {"slider": "thickness of the pen", "checkbox": "scaled and centred", "combobox": "class that the gradient is for"}
    for role, name in names.items():
        assert widget.get_by_role(role, name=name).count() == 1
    assert widget.locator(".heard").get_attribute("aria-live") == "polite" and all(browser.names(widget, "button, select, input"))
