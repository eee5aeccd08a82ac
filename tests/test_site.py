"""The static pages of `make site`: nothing missing, every link leads somewhere, and a browser asks the network for nothing."""

import base64
import json
import re
from urllib.parse import unquote, urlsplit

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from docs import make_site, stored_outputs
from lenet_core.net import Layer, Net
from lenet_lab.check.solutions import blocks

from . import axe, browser, fit, memory


def in_a_browser(test):
    """Mark a test as the files of browser tests are marked."""
    for mark in browser.MARKS:
        test = mark(test)
    return test


NAMES = [path.stem for path in make_site.NOTEBOOKS]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    make_site.build(folder)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in sorted(site.glob("*.html"))}


@pytest.fixture
def page_of(pages):
    return lambda name: pages["index.html" if name == NAMES[0] else f"{name}.html"]


def test_every_link_and_every_anchor_is_there(site, pages):
    ids = {name: [tag["id"] for tag in page.select("[id]")] for name, page in pages.items()}
    for name, page in pages.items():
        assert len(ids[name]) == len(set(ids[name])), f"{name}: two places of one name"
        for tag in page.select("[href], [src]"):
            to = urlsplit(tag.get("href") or tag["src"])
            if to.scheme:
                assert tag.name == "a" and to.scheme in ("https", "http") or to.scheme == "data", f"{name}: {to.geturl()[:80]}"
                continue
            file = unquote(to.path) or name
            assert (site / file).is_file() and "/" not in file, f"{name}: {to.geturl()}"
            assert not to.fragment or unquote(to.fragment) in ids[file], f"{name}: {to.geturl()}"


def test_every_page_can_be_reached_from_the_first(pages):
    reached, ahead = set(), {"index.html"}                             # links to elsewhere are no page's name
    while ahead:
        reached |= ahead
        ahead = {a["href"].split("#")[0] for name in ahead for a in pages[name].select("a[href]")} & set(pages) - reached
    assert reached == set(pages)
    for before, after in zip(NAMES, NAMES[1:]):
        address = make_site.address(make_site.ROOT / "notebooks" / f"{before}.ipynb")
        assert pages[f"{after}.html"].select_one("a[rel=prev]")["href"] == address
        assert pages[address].select_one("a[rel=next]")["href"] == f"{after}.html"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_what_its_notebook_holds(page_of, name):
    page = page_of(name)
    notebook = nbformat.read(make_site.ROOT / "notebooks" / f"{name}.ipynb", 4)
    guesses = [cell for cell in notebook.cells if stored_outputs.calls(cell, "predict")]
    assert page.get_text().count("Why: ") >= len(guesses)                 # the page has what a reader of the notebook is to predict
    stored_outputs.put_back(notebook, name)
    stored_outputs.put_widgets_back(notebook, name)
    joined = [CoalesceStreamsPreprocessor().preprocess_cell(cell, {}, 0)[0] for cell in notebook.cells]
    outputs = [output for cell in joined for output in cell.get("outputs", ())]
    shown = page.select("main .output_area")
    assert len(shown) == len(outputs) and all(area.get_text(strip=True) or area.img for area in shown)
    code = [pre.get_text().strip() for pre in page.select(".input_area pre")]
    assert code == [cell.source.strip() for cell in notebook.cells if cell.cell_type == "code"]
    formulas = [f for cell in notebook.cells if cell.cell_type == "markdown"
                for f in re.findall(r"\$\$.+?\$\$|\$[^$\n]+\$", re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S), re.S)]
    assert len(page.select(".text_cell math")) == len(formulas)
    widgets = [output for output in outputs if make_site.VIEW in output.get("data", {})]
    pictured = page.select(".output_area:has(+ .still)")
    assert len(pictured) == len(widgets) and all(area.select_one("img, svg") for area in pictured)
    exercises = [cell for cell in notebook.cells if make_site.exercise(cell)]
    assert len(page.select("section.exercise")) == len(exercises)


def test_the_readme_and_the_pages_of_docs_are_there_and_lead_to_each_other(site, pages):
    written = set((make_site.ROOT / "docs").glob("*.md"))
    assert set(make_site.TEXTS) == {make_site.README, *written} and len(written) == 10
    for path in make_site.TEXTS:
        name, text = make_site.address(path), path.read_text(encoding="utf-8")
        main = pages[name].main
        assert name == f"{path.stem.lower()}.html" and name in [a["href"] for a in pages["index.html"].select("main a")]
        assert [one.get_text() for one in main.select("h1, h2, h3")] == re.findall(
            r"^#{1,3} (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M), re.M)
        assert [image["src"] for image in main.select("img")] == re.findall(r"\]\((?:docs/)?(?:pictures|beside)/([\w.]+)\)", text)
        links = {a["href"].split("#")[0] for a in main.select("a[href]")}
        for to in re.findall(r"\]\(([^):]+\.(?:md|ipynb))(?:#[^)]*)?\)", text):
            assert make_site.address((path.parent / to).resolve()) in links, f"{path.name}: {to}"
    assert {make_site.address(path) for path in make_site.TEXTS[1:]} <= {a["href"].split("#")[0] for a in pages["readme.html"].select("main a")}
    for notebook, text in (("05_sgd", "results"), ("06_train_lenet", "results"), ("notation", "architecture")):
        assert pages[f"{notebook}.html"].select(f'main a[href="{text}.html"]'), notebook


def test_every_page_says_what_it_is_and_what_its_pictures_show(pages):
    for name, page in pages.items():
        assert page.html["lang"] == "en" and page.title.string.strip() and page.select("main h1"), name
        assert all(image.get("alt") and "No description" not in image["alt"] for image in page.select("img")), name
        assert all(svg.get("aria-label") for svg in page.select("svg")), name
        scripts = [tag["src"] for tag in page.select("script")]
        live = ["network.js", "live.js"] if page.select(".live") else []
        written = "".join(text for text in page.main.find_all(string=True) if not text.find_parent("pre"))      # without programs
        assert scripts == ["reach.js", *live] and "$$" not in written, name
    assert len({page.title.string for page in pages.values()}) == len(pages)


def test_solutions_and_what_only_tests_read_stay_behind(pages):
    assert not [name for name in pages if name.startswith(("solutions", "exercises")) or "bugs" in name]
    shown = "".join(page.get_text() for page in pages.values())
    assert not [name for name in ("max_pool_backward", "sgd_momentum", "im2col") if blocks()[name] in shown]
    for page in pages.values():
        classes = " ".join(" ".join(tag["class"]) for tag in page.select("[class]"))
        assert "nbval" not in classes and "celltag" not in classes


@pytest.fixture(scope="module")
def chromium():
    with browser.browser_page(390, 800) as page:
        yield page


@in_a_browser
def test_a_browser_asks_for_nothing_and_a_phone_need_not_scroll_sideways(site, chromium):
    asked, complaints = [], []
    chromium.on("request", lambda request: asked.append(request.url))
    chromium.on("console", lambda message: complaints.append(message.text))
    for path in sorted(site.glob("*.html")):
        chromium.goto(path.as_uri())
        wide = chromium.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{path.name} is {wide} pixels wide on a phone"
        heights = chromium.evaluate("[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().height)")
        assert all(height > 5 for height in heights), f"{path.name}: a formula is not drawn"
        broken = chromium.evaluate("[...document.images].filter(i => !i.naturalWidth).length")
        assert not broken, f"{path.name}: {broken} pictures are not drawn"
    assert asked and not [url for url in asked if not url.startswith(("file:", "data:"))] and not complaints


@pytest.fixture
def opened(site, chromium):
    """opened(page of the site) is its widget in a browser, live; what it asked for must all be on this machine."""
    page = chromium.context.browser.new_page(viewport={"width": 1366, "height": 900})
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def go(name, root, address=""):
        page.goto("about:blank")
        page.goto((site / name).as_uri() + address)
        page.locator(root).first.wait_for(timeout=20_000)
        return page.locator(root).first
    yield go
    page.close()
    assert asked and not [url for url in asked if not url.startswith(("file:", "data:", "about:"))] and not complaints


@in_a_browser
def test_a_drawing_is_read_without_a_kernel_and_a_link_shows_it_again(site, opened):
    widget = opened("index.html", ".lenet-draw")
    page, sheet = widget.page, widget.locator(".sheet")
    assert widget.locator(".said").inner_text().startswith("Nothing is drawn")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    page.mouse.move(box["x"] + 70, box["y"] + 60)
    page.mouse.down()
    for x, y in ((210, 60), (130, 240)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
    page.mouse.up()
    said = widget.locator(".said").inner_text()
    assert said.startswith("The network reads a 7")
    address = "#" + page.url.partition("#")[2]
    again = opened("index.html", ".lenet-draw", address)
    assert again.locator(".said").inner_text()[:25] == said[:25]
    times = page.evaluate("""() => {
        const sheet = document.querySelector('.lenet-draw .sheet'), box = sheet.getBoundingClientRect(), times = [];
        const event = (type, x, y) => sheet.dispatchEvent(new PointerEvent(type, {
            bubbles: true, isPrimary: true, button: 0, clientX: box.x + x, clientY: box.y + y}));
        sheet.setPointerCapture = () => {};                              // no real pointer is down
        event('pointerdown', 40, 40);
        for (let n = 0; n < 25; n++) {
            const begun = performance.now();
            event('pointermove', 40 + 8 * n, 40 + 7 * n);
            times.push(performance.now() - begun);
        }
        event('pointerup', 240, 215);
        return times.sort((one, other) => one - other); }""")
    print(f"a stroke is answered in {times[12]:.0f} ms at the median, {times[-1]:.0f} ms at most")
    widget = opened("index.html", ".lenet-draw", "#strokes=nonsense;1,2;22,x")
    assert widget.locator(".said").inner_text().startswith("Nothing is drawn")


@in_a_browser
def test_the_toy_network_is_stepped_without_a_kernel(opened):
    widget = opened("01_toy_network.html", ".lenet-step")
    widget.get_by_role("button", name="Step", exact=True).click()
    assert widget.locator(".arithmetic").inner_text() == "C(1,1,1) = 1·0 + 1·0 + 2·0 + 0·2 = 0"
    widget.get_by_role("slider", name="steps done").press("End")
    assert widget.locator(".counter").inner_text() == "138 of 138"
    widget.locator('[data-cell="x:0,1,1"]').press("Enter")
    widget.page.keyboard.type("7")
    widget.page.keyboard.press("Enter")
    widget.locator('[data-cell="x:0,1,1"][aria-label$=" = 7"]').wait_for(timeout=5000)
    widget.locator('[data-cell="C:1,0,0"]').click()
    assert widget.locator(".arithmetic").inner_text() == "C(1,1,2) = 2·0 + 1·0 + 0·0 + 2·7 = 14"
    widget.locator('[data-cell="x:0,1,1"]').press("Enter")
    widget.page.keyboard.type("seven")
    widget.page.keyboard.press("Enter")
    widget.get_by_role("alert").get_by_text("is not a number").wait_for(timeout=5000)
    again = opened("01_toy_network.html", ".lenet-step", "#" + widget.page.url.partition("#")[2])
    assert again.locator('[data-cell="x:0,1,1"]').get_attribute("aria-label").endswith(" = 7")
    again.get_by_role("button", name="Original numbers").click()
    again.locator('[data-cell="x:0,1,1"][aria-label$=" = 2"]').wait_for(timeout=5000)
    assert opened("01_toy_network.html", ".lenet-step", '#step=[["x:9,9,9","1"]]').locator('[data-cell="x:0,1,1"]').inner_text() == "2"


@in_a_browser
def test_a_network_is_looked_into_without_a_kernel(opened):
    widget = opened("07_look_inside.html", ".lenet-look")
    page, name = widget.page, widget.locator(".name")
    assert name.inner_text().startswith("conv1 (") and "answer 7" in widget.locator(".verdict").inner_text()
    before = name.inner_text()
    widget.locator(".main .over").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('.lenet-look .name').innerText !== before", arg=before)
    widget.get_by_role("button", name="pool2", exact=True).click()
    name.get_by_text("pool2 (").wait_for(timeout=5000)
    assert "pixels" in widget.locator(".comes").inner_text() and widget.locator(".bars tr").count() == 10
    widget.get_by_role("combobox", name="what is shown").select_option("weights")
    widget.get_by_role("button", name="conv2", exact=True).click()
    widget.locator(".weight").get_by_text("weight W[").wait_for(timeout=5000)
    widget.get_by_role("combobox", name="what is shown").select_option("activations")
    widget.get_by_role("button", name="Next", exact=True).click()
    widget.locator(".verdict").get_by_text("label 1").wait_for(timeout=5000)
    seen, address = name.inner_text(), "#" + page.url.partition("#")[2]
    assert opened("07_look_inside.html", ".lenet-look", address).locator(".name").inner_text() == seen
    for nonsense in ('#unit=[0,"conv9",[0,0,0]]', '#unit=[99,"conv1",[0,0,0]]', '#unit=[0,"conv1",[0,0,99]]', "#unit=x"):
        assert opened("07_look_inside.html", ".lenet-look", nonsense).locator(".name").inner_text() == before
    mine = opened("07_look_inside.html", ".lenet-look", "#strokes=22,140,60,140,230")
    assert "of 7" in mine.inner_text()


@in_a_browser
def test_hinges_are_in_the_address(opened):
    widget = opened("08_relu_boundaries.html", ".lenet-hinges")
    original = widget.locator(".formula").inner_text()
    widget.get_by_role("button", name="Add hinge").click()
    widget.get_by_role("slider", name="coefficient 2").press("ArrowRight")
    changed, page = widget.locator(".formula").inner_text(), widget.page
    assert changed != original
    assert opened("08_relu_boundaries.html", ".lenet-hinges", "#" + page.url.partition("#")[2]).locator(".formula").inner_text() == changed
    for nonsense in ("#hinges=[1,2]", "#hinges=[0,[[0,1]],1]", "#hinges=x", '#hinges=[0,[[0,1e99],[2,-3],[4,5],[6,-6]],1]'):
        assert opened("08_relu_boundaries.html", ".lenet-hinges", nonsense).locator(".formula").inner_text() == original


def test_a_page_with_all_that_it_loads_is_small(site, pages):
    assert (site / "network.js").stat().st_size < 300_000
    for name, page in pages.items():
        loaded = {tag.get("src") or tag["href"] for tag in page.select("link[rel=stylesheet], script, img")}
        assert sum((site / file).stat().st_size for file in {name, *loaded} if not file.startswith("data:")) < 1_000_000, name


def test_the_small_network_reads_digits(site, mnist):
    text = (site / "network.js").read_text(encoding="utf-8")
    known = json.loads(text.removeprefix("window.lenetNetwork = ").rstrip().rstrip(";"))
    layers = []
    for one in known["layers"]:
        shape = tuple(one["shape"]) if "shape" in one else None
        layers.append(Layer(one["name"], one["kind"], shape, **{name: one[name] for name in ("k",) if name in one}))
    net = Net(tuple(known["input"]), layers)
    net.initialise(np.random.default_rng(0), lambda *_: 0.1)
    for layer, one in zip(net.layers, known["layers"]):
        for name in layer.params:
            layer.params[name] = np.frombuffer(base64.b64decode(one[name]), "<f4").reshape(layer.params[name].shape)
    assert np.mean(net.predict(mnist.test_x[:2000]) == mnist.test_y[:2000]) > 0.9


LIVE = {"index.html": "draw", "01_toy_network.html": "step", "07_look_inside.html": "look", "08_relu_boundaries.html": "hinges"}


@in_a_browser
@axe.HERE
@pytest.mark.parametrize("files", ["live", pytest.param("others", marks=pytest.mark.slow)])
def test_axe_finds_nothing(site, chromium, files):
    """Of the words of a program, one of each kind is looked at: the colours of the others are the same, and there are 70,000."""
    page = chromium.context.browser.new_page(viewport={"width": 1366, "height": 900})
    for path in [path for path in sorted(site.glob("*.html")) if (path.name in {*LIVE, "accessibility.html"}) == (files == "live")]:
        page.set_viewport_size({"width": 1366, "height": 900})
        page.goto(path.as_uri())
        for widget in range(page.locator(".live").count()):
            page.locator(".live > div > .lenet-widget").nth(widget).wait_for(timeout=20_000)
        page.evaluate("""() => { const seen = new Set();
            for (const word of document.querySelectorAll('.highlight span[class]'))
                if (seen.has(word.className)) word.replaceWith(word.textContent);
                else seen.add(word.className); }""")
        assert not axe.violations(page), path.name
        page.set_viewport_size({"width": 390, "height": 800})
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert not axe.violations(page, rules=["scrollable-region-focusable", "target-size"]), f"{path.name} on a phone"
    page.close()


@in_a_browser
@pytest.mark.parametrize("size", fit.SIZES)
def test_a_live_widget_fits_and_nothing_scrolls_sideways(opened, size):
    width, height = fit.SIZES[size]
    for name, widget in LIVE.items():
        page = opened(name, f".lenet-{widget}").page
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)                                          # what measures itself is laid out anew
        assert not fit.faults(page), name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@in_a_browser
@pytest.mark.slow
def test_a_live_page_does_not_grow(opened):
    for name, widget in LIVE.items():
        grown = memory.growth(opened(name, f".lenet-{widget}").page, [widget], 1000)
        print(f"{name} after 1000 actions: {grown}")
        assert grown["nodes"] < 100 and grown["listeners"] < 20 and grown["heap"] < 2 ** 20, name
