"""The README's pictures: all there, said in words, light, and at twice the size (`docs/pictures.py` makes them)."""

import re

import pytest
from PIL import Image

from docs.pictures import LIMIT, PICTURES, SCENES

README = (PICTURES.parent.parent / "README.md").read_text(encoding="utf-8")
FILES = {file: alt for alt, file in re.findall(r"!\[([^\]]*)\]\(docs/pictures/([\w.]+)\)", README)}


def test_the_readme_shows_every_picture_that_is_made():
    assert set(FILES) == {f"{scene.__name__}.png" for scene in SCENES} == {path.name for path in PICTURES.iterdir()}


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_picture_is_light_sharp_and_said_in_words(file):
    path, alt = PICTURES / file, FILES[file]
    assert path.stat().st_size < LIMIT
    with Image.open(path) as image:
        assert image.width >= 1400
    assert len(alt.split()) >= 15 and alt.endswith(".") and len(set(FILES.values())) == len(FILES)
