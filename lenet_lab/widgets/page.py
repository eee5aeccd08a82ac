"""Common parts of the widgets with a browser side: the first part of their script, and a figure for places without widgets."""

from pathlib import Path

from lenet_lab import plots

HERE = Path(__file__).parent


def script(name):
    """The browser side of a widget: the common part (`page.js`), then its own file."""
    return (HERE / "page.js").read_text(encoding="utf-8") + (HERE / name).read_text(encoding="utf-8")


class WithPicture:
    """Adds a figure and a sentence to a widget's output, for GitHub and other places where widgets do not run.

    `picture()` returns the axes of the figure, its text alternative, and the widget as plain text.
    """

    def _repr_mimebundle_(self, **kwargs):
        made = super()._repr_mimebundle_(**kwargs)
        data, metadata = made if isinstance(made, tuple) else (made, {})
        axes, alt, data["text/plain"] = self.picture()
        data["image/png"] = plots.png(axes)
        return data, metadata | {"image/png": {"alt": alt}}
