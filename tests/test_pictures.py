"""The pictures of the README and of the pages in docs: all there, said in words, light, and at twice the size (`docs/pictures.py` makes them)."""

import re

import pytest
from PIL import Image

from docs.pictures import LIMIT, PICTURES, SCENES

BESIDE = PICTURES.parent / "beside"      # of other tools, made by hand: docs/similar_tools.md says how
PAGES = [PICTURES.parent.parent / "README.md", *PICTURES.parent.glob("*.md")]
FILES = {file: alt for page in PAGES
         for alt, file in re.findall(r"!\[([^\]]*)\]\((?:docs/)?((?:pictures|beside)/[\w.]+)\)", page.read_text(encoding="utf-8"))}


def test_the_pages_show_every_picture_that_is_made():
    made = {f"pictures/{scene.__name__}.png" for scene in SCENES}
    assert made == {f"pictures/{path.name}" for path in PICTURES.iterdir()}
    assert set(FILES) == made | {f"beside/{path.name}" for path in BESIDE.iterdir()}


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_picture_is_light_sharp_and_said_in_words(file):
    path, alt = PICTURES.parent / file, FILES[file]
    assert path.stat().st_size < LIMIT
    with Image.open(path) as image:
        assert image.width >= (1400 if path.parent == PICTURES else 1366)       # others have the size of the window
    assert len(alt.split()) >= 15 and alt.endswith(".") and len(set(FILES.values())) == len(FILES)
