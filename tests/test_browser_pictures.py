"""Pictures of outputs in real JupyterLab have a text alternative: the caption of a figure, or what stands beside a picture."""

import pytest

from . import browser

pytestmark = browser.MARKS

CELLS = ["""import numpy as np
from lenet_lab import plots
plots.show(plots.digits(np.zeros((3, 1, 28, 28)), [1, 2, 3], "nothing"), "Three empty pictures.")""",
         """import matplotlib.pyplot as plt
plt.plot([1, 2]);""",
         """from IPython.display import display
display({"image/png": plots.png(plots.digits(np.zeros((3, 1, 28, 28)), [1, 2, 3], "nothing"))}, raw=True, metadata={"image/png": {"width": 120}})"""]


@pytest.fixture
def page(lab):
    folder, address = lab
    browser.write_notebook(folder / "pictures.ipynb", CELLS)
    with browser.browser_page() as page:
        browser.open_notebook(page, address, f"{folder.name}/pictures.ipynb")
        browser.run_all(page)
        page.locator(".jp-OutputArea img").nth(2).wait_for(timeout=60_000)
        yield page


def test_every_picture_has_a_text_alternative(page):
    seen = page.locator(".jp-OutputArea img").evaluate_all("all => all.map(one => [one.alt, one.naturalWidth > 0, one.clientWidth])")
    assert [alt for alt, *_ in seen] == ["Three empty pictures.", "Figure size 640x480 with 1 Axes", "a picture without a description"]
    assert all(drawn for _, drawn, _ in seen) and seen[2][2] == 120
