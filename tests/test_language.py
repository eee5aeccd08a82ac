"""Plain English: how long the sentences are that a reader meets, and the words that this workbook does not use.

A sentence ends at a full stop, a question mark or an exclamation mark, and with its paragraph or list item. A formula, a piece of code and
a link count as one word each. Tables, code and headings are not counted: they have no sentences.
"""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST, USUAL = 40, 20                         # words of any sentence, and of a page's sentences on average
PAGES = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "docs").glob("*.md")),
         *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "notebooks/AGENTS.md", "classroom/README.md",
                                    "findings/README.md"))]
MODULES = [path for package in ("lenet_core", "lenet_lab") for path in sorted((ROOT / package).rglob("*.py"))]

NO_SENTENCES = re.compile(r"^ *```.*?^ *```|<!--.*?-->|<(style|svg|script)\b.*?</\1>|^ *(\||#).*?$", re.S | re.M)
ONE_WORD = [(re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),                                   # a picture
            (re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.S), "formula"),
            (re.compile(r"``.+?``|`[^`]+`", re.S), "code"),
            (re.compile(r"\[[^\]]+\](\([^)]*\)|\[[^\]]*\])"), "link"),
            (re.compile(r"https?://\S+"), "link")]
NEW_BLOCK = re.compile(r"\n\s*\n|\n\s*(?:[-*+]|\d+[.)])\s|</?(?:p|li|ul|ol|td|tr|th|table|br|div|details|summary)\b[^>]*>")
SENTENCE_ENDS = re.compile(r"(?<=[.!?])[\"'”’*_)\]]*\s+(?=[\"'“‘*_(\[]*(?:[A-Z0-9]|code\b|formula\b|link\b)|\*\*\w|\([a-z]\) )")
SHORT_FORMS = re.compile(r"\b(e\.g|i\.e|cf|vs|et al|Fig|Eq|No|approx)\.\s")


def text_of(path):
    """The prose of a file, as markdown."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")


def sentences(text):
    """(words, sentence) for every sentence of at least two words."""
    text = NO_SENTENCES.sub("\n\n", "\n" + text)
    for pattern, word in ONE_WORD:
        text = pattern.sub(word, text)
    for block in NEW_BLOCK.split(text):
        block = SHORT_FORMS.sub(r"\1 ", " ".join(re.sub(r"<[^<>\n]+>|^> ?", "", block, flags=re.M).split()))
        for sentence in SENTENCE_ENDS.split(block):
            words = sum(any(letter.isalnum() for letter in word) for word in sentence.split())
            if words > 1:
                yield words, sentence


def public_docstrings(path):
    """The docstrings of a module and of what is public in it."""
    def inside(node):
        for one in node.body:
            if isinstance(one, (ast.FunctionDef, ast.ClassDef)) and not one.name.startswith("_"):
                yield one
                yield from inside(one) if isinstance(one, ast.ClassDef) else ()

    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = [ast.get_docstring(node) or "" for node in (tree, *inside(tree))]
    return [re.sub(r"^ {4,}.*$", "", text, flags=re.M) for text in texts]                     # what is indented is a table or code


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def test_the_measure_itself():
    text = "# A heading\n\nOne `a b c` two. Three $x + y$ four (five\nsix).\n\n- item one\n- item [two and three](x.md) with more\n\n| a | b |\n\n" \
           "```\ncode here\n```\n<details><summary>Folded away</summary>\n\n" \
           "What, e.g. this, has 3.5 units? `f` is code. **a** is a letter.\n\n</details>"
    assert [words for words, _ in sentences(text)] == [3, 5, 2, 4, 2, 6, 3, 4]


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_sentences_are_short(path):
    found = [*sentences(text_of(path))]
    assert not [(words, sentence) for words, sentence in found if words > LONGEST]
    assert sum(words for words, _ in found) <= USUAL * len(found)


@pytest.mark.parametrize("path", MODULES, ids=names(MODULES))
def test_docstrings_have_no_long_sentence(path):
    found = [one for text in public_docstrings(path) for one in sentences(text)]
    assert not [(words, sentence) for words, sentence in found if words > LONGEST]
