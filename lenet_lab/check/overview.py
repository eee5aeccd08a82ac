"""The progress in the whole workbook as a table: the state of each exercise, the attempts, the help used; and how close the guesses are."""

import math
from html import escape
from statistics import median

WORDS = {"toy": "questions of the toy network", "derive": "derivations and formulas", "hinges": "curves", "torch": "in PyTorch", "": "functions"}
FEWEST = 5                               # numbers, at least, before half of them are spoken of
COMPARED = 4                             # guesses in each half, at least, before the halves are compared


class Overview:
    """{exercise: its entry in `progress_store`}, shown as a table at the end of a cell and printed as text.

    `guesses` are the entries of the predictions that were made, the first one first, and `asked` is {notebook: names of its predictions}.
    """

    def __init__(self, known, guesses, asked):
        self.known, self.guesses, self.asked = known, guesses, asked

    @property
    def passed(self):
        """The number of exercises that pass."""
        return sum(entry["passed"] for entry in self.known.values())

    def _rows(self):
        for name, entry in self.known.items():
            state = "✓ passes" if entry["passed"] else "✗ not yet" if entry["attempts"] else "… not begun"
            used = "solution" if entry["solution"] else f"{entry['hints']} hint{'s' * (entry['hints'] != 1)}" if entry["hints"] else ""
            yield name, state, entry["attempts"] or "", used

    def _groups(self):
        """The rows by kind: answers, functions, derivations."""
        groups = {}
        for row in self._rows():
            kind = row[0].split("_")[0]
            groups.setdefault(WORDS[kind if kind in WORDS else ""], []).append(row)
        return groups

    def __repr__(self):
        lines = [f"{self.passed} of {len(self.known)} exercises pass their checks"]
        for title, rows in self._groups().items():
            lines += ["", title, *(f"  {name:24} {state:12} {attempts!s:>4} {used}".rstrip() for name, state, attempts, used in rows)]
        lines += ["", self._predicted(), *(f"  {' '.join(row)}".rstrip() for row in self._by_notebook())]
        return "\n".join(lines)

    def _predicted(self):
        """The predictions in one or two sentences: how many were close, and whether the later ones are closer than the earlier ones."""
        made, total = list(self.guesses.values()), sum(map(len, self.asked.values()))
        if not made:
            return f"predictions: none of {total} made yet"
        text = f"predictions: {len(made)} of {total} made, {_close(made)} of them close"
        seen = sum(entry["seen"] for entry in made)
        text += f" ({seen} of them after the result was seen)" if seen else ""
        half = len(made) // 2
        if half >= COMPARED:
            text += f". Of your first {half} guesses {_close(made[:half])} were close, of the last {half} {_close(made[-half:])}"
        return text + "."

    def _by_notebook(self):
        """(notebook, guesses that were close, the median distance of the numbers) of every notebook with a guess, as text."""
        for notebook, names in self.asked.items():
            made = [self.guesses[name] for name in names if name in self.guesses]
            off = [entry["off"] for entry in made if entry.get("off") is not None]
            if made:
                yield notebook, f"{_close(made)} of {len(made)} close", f"({_half(median(off))})" if len(off) >= FEWEST else ""

    def _repr_html_(self):
        bar = f'<progress max="{len(self.known)}" value="{self.passed}" aria-label="exercises that pass"></progress>'
        tables = "".join(
            f'<details{" open" if any(row[1] != "… not begun" for row in rows) else ""}><summary>{escape(title)}: '
            f'{sum(row[1].startswith("✓") for row in rows)} of {len(rows)}</summary><table><tr>'
            + "".join(f'<th scope="col" style="text-align:left">{head}</th>' for head in ("exercise", "", "attempts", "help used")) + "</tr>"
            + "".join("<tr>" + "".join(f'<td style="text-align:left">{escape(str(part))}</td>' for part in row) + "</tr>" for row in rows)
            + "</table></details>" for title, rows in self._groups().items())
        rows = "".join("<tr>" + "".join(f'<td style="text-align:left">{escape(part)}</td>' for part in row) + "</tr>"
                       for row in self._by_notebook())
        guesses = f"<div>{escape(self._predicted())}</div>" + (f"<table>{rows}</table>" if rows else "")
        return (f'<div class="lenet-progress"><b>{self.passed} of {len(self.known)}</b> exercises pass their checks {bar}{tables}{guesses}</div>')


def _half(distance):
    """What the median distance of the numbers says, in words."""
    if distance > 1:
        return "half of your estimates were off by more than 100 %"
    return f"half of your estimates were {f'within {math.ceil(100 * distance - 1e-9)} %' if distance else 'exact'}"


def _close(entries):
    return sum(entry["close"] for entry in entries)
