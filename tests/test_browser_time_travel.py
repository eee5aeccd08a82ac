"""Time travel and mistakes in real JupyterLab: what the page shows is what `lenet_core` computes."""

import itertools
import re

import numpy as np
import pytest

from lenet_core import lenet, train
from lenet_core.data import digits
from lenet_core.training import error_rate, minibatches
from lenet_lab.inside.drawing import percent
from lenet_lab.inside.look import Look, probabilities
from lenet_lab.inside.recorder import Recorder
from lenet_lab.widgets.time_travel import SAMPLE

from . import browser

pytestmark = browser.MARKS

CELLS = ["""import itertools, numpy as np
from lenet_core import lenet, train
from lenet_core.data import digits
from lenet_core.training import minibatches
from lenet_lab.inside.recorder import Recorder
from lenet_lab.widgets.mistakes import Mistakes
from lenet_lab.widgets.time_travel import TimeTravel
data = digits()
net = lenet(np.random.default_rng(0))
recording = Recorder(net, data, steps=30, lr=0.02)
TimeTravel(recording, data)""", "Mistakes(recording.net_at(30), data.test_x, data.test_y, 'digits')"]


@pytest.fixture(scope="module")
def page(lab):
    folder, address = lab
    browser.write_notebook(folder / "inside.ipynb", CELLS)
    with browser.browser_page() as page:
        browser.open_notebook(page, address, f"{folder.name}/inside.ipynb")
        browser.run_all(page)
        page.locator(".lenet-mistakes td").first.wait_for(timeout=90_000)
        browser.wait_until_idle(page)
        yield page


@pytest.fixture(scope="module")
def same():
    """The same recording, computed here."""
    return Recorder(lenet(np.random.default_rng(0)), digits(), steps=30, lr=0.02)


def status(page):
    return page.locator(".lenet-travel-status").inner_text()


def test_the_slider_goes_through_the_steps(page, same):
    data = digits()
    page.locator(".lenet-time-travel").get_by_role("slider", name="step", exact=True).focus()
    for step in (29, 28):
        page.keyboard.press("ArrowLeft")
        page.locator(".lenet-travel-status", has_text=re.compile(f"After {step} steps.* are misread")).wait_for(timeout=10_000)
        net = same.net_at(step)
        p = probabilities(net, data.test_x[:1])[0]
        said = status(page)
        assert f"loss was {same.losses[step]:.3f}" in said
        assert f"{percent(error_rate(net, data.test_x[:SAMPLE], data.test_y[:SAMPLE]))} of {SAMPLE}" in said
        assert f"is read as {p.argmax()} ({percent(p.max())})" in said
        page.locator(".lenet-time-travel .heard").get_by_text(said, exact=True).wait_for(state="attached", timeout=5000)
        shown = page.locator(".lenet-time-travel .share").all_inner_texts()
        assert [float(text.removesuffix(" %")) / 100 for text in shown] == pytest.approx(p, abs=6e-4)
        assert f"at step {step}: " in page.locator(".lenet-time-travel svg").get_attribute("aria-label")
        look = Look(net, data.test_x[:1], data.test_y[:1])
        words = page.locator(".lenet-time-travel canvas").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
        moved = look.kernels("conv1") - same.net_at(0)["conv1"].params["W"]
        stacks = {"kernels of conv1": look.kernels("conv1"), "moved since step 0": moved, "maps of conv1": look.maps("conv1")}
        assert words == [f"test image 0, a {data.test_y[0]}",
                         *(f"{name}: 20 of them, from {stack.min():.2f} to {stack.max():.2f}" for name, stack in stacks.items())]
        top = np.abs(look.maps("conv1")).max()
        red = page.locator(".lenet-time-travel canvas").last.evaluate("""c => {
            const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, found = [];
            for (let i = 0; i < 24; i++) for (let j = 0; j < 24; j++) found.push(data[4 * (2 * i * c.width + 2 * j)]);
            return found; }""")                                              # of the first map: each number is 2x2 pixels
        ends = np.where(look.maps("conv1")[0] < 0, 31, 200)
        np.testing.assert_allclose(red, (255 + (ends - 255) * np.abs(look.maps("conv1")[0]) / top).ravel(), atol=2)


def test_branching_off_draws_the_other_curve_and_says_how_it_ends(page, same):
    widget = page.locator(".lenet-time-travel")
    button = widget.get_by_role("button", name="Branch off here")
    said = browser.listen(widget.locator(".heard"))
    button.press("Enter")
    picture = page.locator(".lenet-time-travel svg")
    page.wait_for_function("() => /branch at step 28/.test(document.querySelector('.lenet-time-travel svg').getAttribute('aria-label'))",
                           timeout=20_000)
    rate = float(widget.get_by_role("combobox", name="learning rate of the branch").input_value())
    end = f"{np.mean(same.branch(28, rate).losses[-10:]):.3f}"
    assert end in picture.get_attribute("aria-label") and picture.locator("polyline").count() == 2
    words = [f"Training a branch from step 28 with learning rate {rate:g}.", f"The branch at step 28 with learning rate {rate:g}: {end}."]
    widget.locator(".heard").get_by_text(words[1], exact=True).wait_for(state="attached", timeout=5000)
    assert said() == words
    assert page.evaluate("document.activeElement.innerText") == "Branch off here"


def test_keys_stay_in_the_widgets(page):
    cells = page.locator(".jp-Cell").count()
    for root, number in ((".lenet-time-travel", 6), (".lenet-mistakes", 3)):
        controls = page.locator(root).locator("button, input, select, [tabindex='0']")
        assert controls.count() == number and all(browser.names(page.locator(root), "button, input, select, [tabindex='0']"))
        for n in range(number):
            controls.nth(n).focus()
            for key in ("x", "a", "m"):
                page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == cells


def test_the_matrix_opens_the_images_of_a_cell(page, same):
    data = digits()
    answers = same.net_at(30).predict(data.test_x)
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (data.test_y, answers), 1)
    shown = page.locator(".lenet-mistakes tbody td[aria-label]").evaluate_all("cells => cells.map(c => c.getAttribute('aria-label'))")
    assert shown == [f"{i} read as {j}: {counts[i, j]}" for i, j in np.ndindex(10, 10)]
    off = counts - np.diag(np.diag(counts))
    i, j = np.unravel_index(off.argmax(), off.shape)
    page.locator(f".lenet-mistakes td[aria-label^='{i} read as {j}']").click()
    page.locator(".lenet-mistakes .title").get_by_text(f"A {i} read as {j}: {counts[i, j]} of").wait_for()
    p = probabilities(same.net_at(30), data.test_x)
    places = np.flatnonzero((data.test_y == i) & (answers == j))
    places = places[np.argsort(-p[places, j], kind="stable")][:24]
    figures = page.locator(".lenet-mistakes figure")
    assert [re.search(r"image (\d+)", words)[1] for words in figures.all_inner_texts()] == list(map(str, places))
    assert figures.first.locator("canvas").get_attribute("aria-label") == (
        f"test image {places[0]}: a {i} read as {j}, {percent(p[places[0], j])} sure; {i} got {percent(p[places[0], i])}")
    pixels = figures.first.locator("canvas").evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    red = np.reshape(pixels[::4], (84, 84))[::3, ::3]                          # each number is 3x3 pixels
    np.testing.assert_allclose(red, 255 - 224 * data.test_x[places[0], 0], atol=1)            # from white to the darkest ink, 31
    page.keyboard.press("ArrowLeft" if j else "ArrowRight")
    page.keyboard.press("Enter")
    j += -1 if j else 1
    page.locator(".lenet-mistakes .title").get_by_text(f"A {i} read as {j}: {counts[i, j]} of").wait_for()
    page.get_by_role("button", name="All mistakes").click()
    page.locator(".lenet-mistakes .title").get_by_text(f"All mistakes: {(answers != data.test_y).sum()} of").wait_for()


def test_training_here_is_training_there(same):
    net, data = lenet(np.random.default_rng(0)), digits()
    made = list(itertools.islice(train(net, minibatches(data.train_x, data.train_y, 64, np.random.default_rng(0)), 0.02), 30))
    assert [step.loss for step in made] == same.losses
