"""Common parts of the widgets with a browser side: script and style sheet, and a figure for places without widgets.

The scripts are JavaScript modules, which tests import as they are. A page gets one text: `script` joins a module and all that it
imports. So names at the top of a module must differ among those that one widget uses.
"""

import re
from pathlib import Path

from lenet_lab import plots

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.M)
EXPORT = re.compile(r"^export (?=const|function|class|let)", re.M)


def modules(*names):
    """The file names of modules and of all that they import, each once and after those that it needs."""
    found = []

    def add(one):
        for needed in IMPORT.findall((HERE / one).read_text(encoding="utf-8")):
            if needed not in found:
                add(needed)
        if one not in found:
            found.append(one)

    for name in names:
        add(name)
    return found


def script(*names):
    """The browser side of a widget as one module: what it imports, then its own file. Of several modules: all in one."""
    texts = ((HERE / one).read_text(encoding="utf-8") for one in modules(*names))
    return "".join(EXPORT.sub("", IMPORT.sub("", text)) for text in texts)


def style(name):
    """The style sheet of a widget: the common one, then its own."""
    return "".join((HERE / one).read_text(encoding="utf-8") for one in ("widgets.css", name))


class WithPicture:
    """Adds a figure and a sentence to a widget's output, for GitHub and other places where widgets do not run.

    `picture()` returns the axes of the figure, its text alternative, and the widget as plain text. A constructor sets all traits before it
    calls `super().__init__()`: that opens the widget for pages, and a page may show it before it gets what is set afterwards.
    """

    def _repr_mimebundle_(self, **kwargs):
        made = super()._repr_mimebundle_(**kwargs)
        data, metadata = made if isinstance(made, tuple) else (made, {})
        axes, alt, data["text/plain"] = self.picture()
        data["image/png"] = plots.png(axes)
        return data, metadata | {"image/png": {"alt": alt}}
