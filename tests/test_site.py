"""The static pages of `make site`: nothing missing, every link leads somewhere, and a browser asks the network for nothing."""

import re
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from docs import make_site, stored_outputs
from lenet_lab.check.solutions import blocks

from . import browser

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
    assert set(make_site.TEXTS) == {make_site.README, *written} and len(written) == 8
    for path in make_site.TEXTS:
        name, text = make_site.address(path), path.read_text(encoding="utf-8")
        main = pages[name].main
        assert name == f"{path.stem.lower()}.html" and name in [a["href"] for a in pages["index.html"].select("main a")]
        assert [one.get_text() for one in main.select("h1, h2, h3")] == re.findall(
            r"^#{1,3} (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M), re.M)
        assert [image["src"] for image in main.select("img")] == re.findall(r"\]\((?:docs/)?pictures/([\w.]+)\)", text)
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
        assert not page.select("script") and "$$" not in "".join(page.main.find_all(string=True)), name
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


@pytest.mark.browser
@pytest.mark.skipif(any(mark.args[0] for mark in browser.MARKS if mark.name == "skipif"), reason="no Playwright or no Chromium")
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
