"""`make site`: the notebooks, as they were stored, the README and the pages in `docs` as static pages in build/site.

The pages ask the network for nothing.

nbconvert's HTML exporter does the work: it came with JupyterLab, reads Markdown as JupyterLab does, and without its own templates'
scripts it writes plain HTML. (Sphinx and Jupyter Book would bring a second dialect of Markdown and formulas by a script from
elsewhere.) Ours are the frame (`site/index.html.j2`), the style sheet (`site/site.css`) and what the renderer below adds: formulas
as MathML, which browsers draw themselves; links that lead to the pages made here.

A link to a file of the project, or a Python or Markdown file named in the text, leads to a page with that file. Where a file is not shipped
(data; the solved exercises; the broken layers to be hunted) the words stay and the link goes.
"""

import argparse
import base64
import hashlib
import html
import io
import json
import re
import shutil
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import numpy as np
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from PIL import Image
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from docs.stored_outputs import VIEW, put_back, put_widgets_back
from lenet_core import load_mnist
from lenet_core.initializers import input_volume
from lenet_core.net import Layer, Net
from lenet_core.training import linear_warmup_decay, minibatches, train
from lenet_lab.check.solutions import exercise
from lenet_lab.plots import layer_colours
from lenet_lab.widgets import look_inside, page as widgets
from lenet_lab.widgets.draw import described

ROOT = Path(__file__).resolve().parent.parent
SITE = "The LeNet workbook"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))                                      # the first of them opens the site
README = ROOT / "README.md"
TEXTS = [README, *(ROOT / "docs" / f"{name}.md" for name in (
    "teaching", "where_it_works", "grader", "checks", "architecture", "libraries", "results", "performance", "accessibility", "similar_tools"))]
HELD_BACK = ("build/", "solutions/", "lenet_lab/check/bugs.py")                # not shipped: what exercises and the bug hunt ask for
PICTURES = (".png", ".svg", ".jpg")
INSIDE = re.compile(r'src="data:image/png;base64,([^"]+)"')             # a picture in a page
LIVE = {"lenet_lab.widgets.draw.DrawDigit": ("draw", ()), "lenet_lab.widgets.step_through.StepThrough": ("step_through", ("page",)),
        "lenet_lab.widgets.hinges.Hinges": ("hinges", ("b", "hinges", "shown", "low", "high")),
        "lenet_lab.widgets.look_inside.LookInside": ("look_inside", ())}              # the widget, and its state for the page
STEPS, IMAGES = 600, 10_000             # of the training of the small network that the pages bring along
COLOURS = "xcode"                       # of Pygments' styles, one with dark letters only


@dataclass
class Page:
    """One page: the file it shows, its file name in the site, its title and its cells."""

    path: Path
    name: str
    title: str
    notebook: nbformat.NotebookNode

    @property
    def live(self):
        """Whether a widget on the page works without a kernel."""
        outputs = (output for cell in self.notebook.cells for output in cell.get("outputs", ()))
        return any('class="live"' in output.get("data", {}).get("text/html", "") for output in outputs)


def address(path):
    """The file name in the site of the page that shows a file of the project; None if that file is not shipped."""
    if not path.is_file() or ROOT not in path.parents:
        return None
    inside = path.relative_to(ROOT)
    if path.suffix in PICTURES:
        return path.name
    if path in NOTEBOOKS or path in TEXTS:
        return "index.html" if path == NOTEBOOKS[0] else f"{path.stem.lower()}.html"
    shipped = path.suffix in (".py", ".md") and not str(inside).startswith(HELD_BACK)
    return ".".join(inside.parts) + ".html" if shipped else None


class Renderer(IPythonRenderer):
    """Markdown of the file `path` as HTML. `asked` gathers the files of the project that its links lead to."""

    def __init__(self, path, asked):
        super().__init__(escape=False)
        self.folder, self.markdown, self.asked = path.parent, path.suffix == ".md", asked

    def heading(self, text, level, **_):
        words = html.unescape(re.sub(r"<[^>]*>", "", text))
        if self.markdown:                                       # GitHub's names of headings, else JupyterLab's
            words = re.sub(r"[^\w\- ]", "", words.lower())
        return f'<h{level} id="{html.escape(words.replace(" ", "-"))}">{text}</h{level}>\n'

    def _to(self, url):
        """Where a link leads in the site, or None."""
        parts = urlsplit(url)
        if parts.scheme or not parts.path:
            return url
        path = (self.folder / parts.path).resolve()
        name = address(path)
        if name:
            self.asked.add(path)
        return name and name + (f"#{parts.fragment}" if parts.fragment else "")

    def link(self, text, url, title=None):
        to, words = self._to(url), re.sub(r"</?a\b[^>]*>", "", text)            # a file named in a link: the link is what counts
        return super().link(words, to, title) if to else text

    def image(self, text, url, title=None):
        return super().image(text, self._to(url) or url, title)

    def codespan(self, text):
        code, path = super().codespan(text), ROOT / text
        name = text.endswith((".py", ".md")) and address(path)
        if not name:
            return code
        self.asked.add(path)
        return f'<a href="{name}">{code}</a>'

    def table(self, text):
        return f'<div class="wide"><table>{text}</table></div>\n'

    def table_cell(self, text, align=None, head=False):
        tag = "th" if head and text else "td"                                   # an empty cell is the head of nothing
        style = f' style="text-align:{align}"' if align else ""
        return f"<{tag}{style}>{text}</{tag}>\n"

    def inline_math(self, body):
        return convert(body)

    def block_math(self, body):
        return convert(body, display="block")


class Exporter(HTMLExporter):
    """Makes the HTML of one page after the other; `asked` gathers the files of the project that they lead to.

    The HTML of code is not cleaned a second time: Pygments has made it, and cleaning took a quarter of the time. Nor is the page
    parsed and written again, as nbconvert does to name pictures without a text alternative: there are none, and a test holds that.
    """

    from_notebook_node = TemplateExporter.from_notebook_node

    def __init__(self):
        super().__init__(
            template_name="site", extra_template_basedirs=[str(Path(__file__).parent)],
            filters={"exercise": exercise, "clean_html": lambda code: code, "highlight_code": Highlight2HTML(pygments_lexer="ipython3")},
            exclude_input_prompt=True, exclude_output_prompt=True, config=Config(
                CoalesceStreamsPreprocessor={"enabled": True},          # one block for what was printed in several pieces
                NbConvertBase={"display_data_priority": [
                    "text/html", "text/markdown", "image/svg+xml", "image/png", "text/plain"]}))
        self.asked = set()

    @pass_context
    def markdown2html(self, context, source):
        return MarkdownWithMath(Renderer(context["resources"]["page"]["path"], self.asked)).render(source)

    def make(self, page, pages, previous=None, next=None):
        """The page as HTML, with links to `pages`. nbconvert copies what the template gets, so that is names and titles, no notebooks."""
        around = {"pages": list(map(_link, pages)), "previous": previous and _link(previous), "next": next and _link(next)}
        return self.from_notebook_node(page.notebook, {"page": {"site": SITE, "live": page.live, "path": page.path, **_link(page), **around}})[0]


def _link(page):
    return {"name": page.name, "title": page.title}


def still(notebook):
    """Give every widget output what the page shows of it.

    That is the stored picture, which a script replaces where the widget needs no kernel (`LIVE`).
    """
    for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
        data = output.get("data", {})
        state = data.get(VIEW)
        if state is None:
            continue
        if state.get("_anywidget_id") in LIVE:
            data["text/html"] = _living(*LIVE[state["_anywidget_id"]], state, output)
        elif "live" in state:
            data["text/html"] = state["live"]
        else:
            assert {"image/png", "text/html"} & set(data), f"a widget without a stand-in: {data['text/plain']}"


def _living(widget, traits, state, output):
    """The place of a widget that needs no kernel: its picture, and what its script has to know."""
    known = f' data-state="{html.escape(json.dumps({name: state[name] for name in traits}))}"' if traits else ""
    alt = html.escape(output["metadata"]["image/png"]["alt"])
    return f'<div class="live" data-widget="{widget}"{known}><img alt="{alt}" src="data:image/png;base64,{output["data"]["image/png"]}"></div>'


def read(path):
    """The page that shows a file of the project."""
    if path.suffix == ".ipynb":
        notebook = nbformat.read(path, 4)
        put_back(notebook, path.stem)
        put_widgets_back(notebook, path.stem)
        still(notebook)
        for cell in notebook.cells:
            cell.metadata.pop("tags", None)                     # they are for tests, and would be names of classes here
    else:
        text = path.read_text(encoding="utf-8")
        cell = nbformat.v4.new_markdown_cell(text) if path.suffix == ".md" else nbformat.v4.new_code_cell(text)
        notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"language_info": {"name": "python"}})
    heading = path.suffix != ".py" and re.search(r"^# (.+)$", notebook.cells[0].source, re.M)
    title = "README" if path == README else heading[1].replace("`", "") if heading else str(path.relative_to(ROOT))
    if not heading:
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(f"# {title}"))
    return Page(path, address(path), title, notebook)


def write(text, out, name):
    """Write a page into the folder `out`, and its pictures beside it: in half the bytes without losing any, each once for all pages."""
    def beside(found):
        data = base64.b64decode(found[1])
        picture = out / f"{hashlib.sha256(data).hexdigest()[:16]}.webp"
        if not picture.exists():
            Image.open(io.BytesIO(data)).save(picture, lossless=True, method=4)
        return f'src="{picture.name}"'
    (out / name).write_text(INSIDE.sub(beside, text), encoding="utf-8")


def contents(pages):
    """A cell that lists the pages, with what the README says happens in each."""
    said = dict(re.findall(r"^\| \[`\w+`\]\(notebooks/(\w+)\.ipynb\) \| (.+?) \|", README.read_text(encoding="utf-8"), re.M))
    lines = [f"- [{page.title}](../{page.path.relative_to(ROOT)})" + (f": {said[page.path.stem]}" if page.path.stem in said else "")
             for page in pages]
    return nbformat.v4.new_markdown_cell("## All pages\n\n" + "\n".join(lines))


def small_network():
    """A network for the pages, with a third of LeNet's filters and 20,000 parameters, trained here; as JavaScript that sets one name."""
    data, rng = load_mnist(), np.random.default_rng(0)
    net = Net((1, 28, 28), [Layer("conv1", "conv", (6, 1, 5, 5)), Layer("pool1", "max_pool", k=2), Layer("conv2", "conv", (16, 6, 5, 5)),
                            Layer("pool2", "max_pool", k=2), Layer("ip1", "inner_product", (256, 64)), Layer("relu1", "relu"),
                            Layer("ip2", "inner_product", (64, 10))]).initialise(rng, input_volume, np.float32)
    batches = minibatches(data.train_x[:IMAGES], data.train_y[:IMAGES], 64, rng)
    for _ in islice(train(net, batches, linear_warmup_decay(0.05, STEPS)), STEPS):
        pass
    layers = [one | {name: base64.b64encode(np.ascontiguousarray(values, "<f4")).decode() for name, values in layer.params.items()}
              for one, layer in zip(described(net), net.layers)]
    names = ["image", *(layer.name for layer in net.layers)]
    colours, words = layer_colours(names), ["28x28 pixels", *map(look_inside.about, net.layers)]
    levels = [{"colour": colours[name], "about": text} for name, text in zip(names, words)]
    known = {"input": net.input_shape, "trained_on": data.name, "levels": levels, "layers": layers}
    return f"window.lenetNetwork = {json.dumps(known, ensure_ascii=False)};\n"


def live_script():
    """The script of the pages: each widget's modules in a function of their own, then `site/live.js`."""
    parts = [f"widgets.{name} = (() => {{\n{widgets.script(f'{name}.js').replace('export default { render };', 'return { render };')}}})();\n"
             for name, _ in LIVE.values()]
    shared = [widgets.script("alone.js", "reading.js", "worked.js", "look_facts.js", "strokes.js"),
              (Path(__file__).parent / "site" / "live.js").read_text(encoding="utf-8")]
    return "(() => {\nconst widgets = {};\n" + "".join([*parts, *shared]) + "})();\n"


def build(out):
    """Write the site into the folder `out`, which is emptied first; returns its pages."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    way = [read(path) for path in NOTEBOOKS]
    pages = [*way, *map(read, TEXTS)]
    pages[0].notebook.cells.append(contents(pages[1:]))
    exporter = Exporter()
    for page, before, after in zip(way, [None, *way], [*way[1:], None]):
        write(exporter.make(page, pages, before, after), out, page.name)
    made = {page.path for page in way}
    while exporter.asked - made:                                # a page of the project may lead to another one
        path = min(exporter.asked - made)
        made.add(path)
        if path.suffix in PICTURES:
            shutil.copy(path, out)
        else:
            write(exporter.make(read(path), pages), out, address(path))
    shutil.copy(Path(__file__).parent / "site" / "reach.js", out)
    (out / "network.js").write_text(small_network(), encoding="utf-8")
    (out / "live.js").write_text(live_script(), encoding="utf-8")
    sheets = [(widgets.HERE / f"{name}.css").read_text(encoding="utf-8") for name in ("widgets", *(name for name, _ in LIVE.values()))]
    (out / "live.css").write_text("".join(sheets), encoding="utf-8")
    style = (Path(__file__).parent / "site" / "site.css").read_text(encoding="utf-8")
    (out / "site.css").write_text(style + HtmlFormatter(style=COLOURS).get_style_defs(".highlight") + "\n", encoding="utf-8")
    return sorted(out.glob("*.html"))


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--out", type=Path, default=ROOT / "build" / "site", help="the folder; it is emptied first (%(default)s)")
    out = ask.parse_args().out
    print(f"{len(build(out))} pages; begin with {out / 'index.html'}")


if __name__ == "__main__":
    main()
