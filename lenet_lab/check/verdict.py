"""The result of a check: whether it passed, the misconception if one was recognised, and a text for the student."""

from dataclasses import dataclass
from html import escape

NOT_WRITTEN = "Not written yet."
MARKS = {True: ("✓", "#2c6e36"), False: ("✗", "#a3341c"), None: ("…", "#666")}


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check; shown at the end of a cell as a short block, printed as text.

    `passed` is True or False; `misconception` the name of a known misconception, or None; `text` the sentences. `work` has lines with
    the solution, which are hidden under "Show the work"; `picture` is additional HTML. `checked` is False where something that the check
    needs is not installed.
    """

    exercise: str
    passed: bool
    text: str
    misconception: str | None = None
    work: tuple = ()
    picture: str = ""
    checked: bool = True

    @property
    def written(self):
        """False if the student has not written anything yet."""
        return self.text != NOT_WRITTEN

    @property
    def decided(self):
        """Whether the check has found the work right or wrong; without this it is no attempt."""
        return self.written and self.checked

    def __str__(self):
        return f"{MARKS[self.passed if self.decided else None][0]} {self.exercise}: {self.text}"

    __repr__ = __str__

    def _repr_html_(self):
        sign, colour = MARKS[self.passed if self.decided else None]
        words = "".join(f"<div>{escape(line)}</div>" for line in self.text.split("\n"))
        work = "".join(f"<div>{escape(line)}</div>" for line in self.work)
        folded = f'<details><summary>Show the work</summary><div style="font-family:monospace">{work}</div></details>' if work else ""
        return (f'<div class="lenet-verdict" style="border-left:4px solid {colour};padding:2px 10px;max-width:60em">'
                f'<b><span style="color:{colour}">{sign}</span> {escape(self.exercise)}</b>{words}{self.picture}{folded}</div>')
