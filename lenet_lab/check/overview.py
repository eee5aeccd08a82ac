"""The progress in the whole workbook as a table: the state of each exercise, the attempts, and the help used."""

from html import escape

WORDS = {"toy": "questions of the toy network", "derive": "derivations", "hinges": "curves", "": "functions"}


class Overview:
    """{exercise: its entry in `progress_store`}, shown as a table at the end of a cell and printed as text."""

    def __init__(self, known):
        self.known = known

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
        return "\n".join(lines)

    def _repr_html_(self):
        bar = f'<progress max="{len(self.known)}" value="{self.passed}" aria-label="exercises that pass"></progress>'
        tables = "".join(
            f'<details{" open" if any(row[1] != "… not begun" for row in rows) else ""}><summary>{escape(title)}: '
            f'{sum(row[1].startswith("✓") for row in rows)} of {len(rows)}</summary><table><tr>'
            + "".join(f'<th scope="col" style="text-align:left">{head}</th>' for head in ("exercise", "", "attempts", "help used")) + "</tr>"
            + "".join("<tr>" + "".join(f'<td style="text-align:left">{escape(str(part))}</td>' for part in row) + "</tr>" for row in rows)
            + "</table></details>" for title, rows in self._groups().items())
        return f'<div class="lenet-progress"><b>{self.passed} of {len(self.known)}</b> exercises pass their checks {bar}{tables}</div>'
