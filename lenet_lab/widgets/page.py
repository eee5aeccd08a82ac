"""What the widgets with a browser side share: the script that all pages begin with, and a picture where widgets do not run."""

from pathlib import Path

from lenet_lab import plots

HERE = Path(__file__).parent


def script(name):
    """The browser side of a widget: what all pages share (`page.js`), then its own file."""
    return (HERE / "page.js").read_text(encoding="utf-8") + (HERE / name).read_text(encoding="utf-8")


class WithPicture:
    """For a widget: beside its view, a picture and a sentence for GitHub and other places where widgets do not run.

    `picture()` returns the axes of the figure, its text alternative, and what the widget is called as plain text.
    """

    def _repr_mimebundle_(self, **kwargs):
        made = super()._repr_mimebundle_(**kwargs)
        data, metadata = made if isinstance(made, tuple) else (made, {})
        axes, alt, data["text/plain"] = self.picture()
        data["image/png"] = plots.png(axes)
        return data, metadata | {"image/png": {"alt": alt}}
