"""Curves over the steps of a training, as SVG in the colours of the widgets' style sheet.

An SVG takes less than a millisecond; matplotlib, used for the figures of the notebooks, would take the time of several training steps.
The colours after `var(` are for places without the style sheet.
"""

from html import escape
from math import isfinite, log10
from typing import NamedTuple

WIDTH, HEIGHT = 450, 220                 # pixels
LEFT, RIGHT, TOP, BOTTOM = 74, 10, 40, 24
RUN, RAW, OTHER = "var(--run, #1f4e79)", "var(--raw, #6b87a3)", "var(--other, #b5432b)"
DASHES = ("6 3", "2 2", "8 2 2 2", "1 3")
FEW = 20                                 # with at most so many points, each has a dot


class Line(NamedTuple):
    """A curve: its name in the legend, its points (step, value), its colour, its dashes and its width."""

    name: str
    points: list
    colour: str = RUN
    dashes: str = ""
    width: float = 2.4


def chart(title, lines, steps, ticks, words):
    """An SVG of `lines` from step 0 to `steps` on a logarithmic scale.

    `ticks` is {value: label} from the lowest to the highest; values beyond them are drawn at the edge, values that are not finite
    are left out. `words` is the text alternative. The attribute `data-frame` has the edges of the curves, for what a page adds.
    """
    low, high = log10(min(ticks)), log10(max(ticks))

    def x(step):
        return LEFT + (WIDTH - LEFT - RIGHT) * step / max(1, steps)

    def y(value):
        share = (log10(min(max(value, min(ticks)), max(ticks))) - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    parts = [f'<text x="0" y="12" style="font-weight:600">{escape(title)}</text>']
    for value, label in ticks.items():
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
                     f'style="stroke:var(--hair, #d0d5da)"/><text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{label}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 6}">0</text>'
                 f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{steps:,} steps</text>')
    for n, line in enumerate(lines):
        drawn = [(step, value) for step, value in line.points if isfinite(value)]
        stroke = f'style="fill:none;stroke:{line.colour};stroke-width:{line.width};stroke-dasharray:{line.dashes or "none"}"'
        parts.append(f'<polyline points="{" ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in drawn)}" {stroke}/>')
        if len(drawn) <= FEW:
            parts += [f'<circle cx="{x(step):.1f}" cy="{y(value):.1f}" r="2.5" style="fill:{line.colour}"/>' for step, value in drawn]
        left, top = LEFT + 195 * (n % 2), 10 + 14 * (n // 2) + (0 if len(lines) > 2 else 14)
        parts.append(f'<line x1="{left}" x2="{left + 26}" y1="{top}" y2="{top}" {stroke}/>'
                     f'<text x="{left + 32}" y="{top + 4}">{escape(line.name)}</text>')
    frame = f"{LEFT} {WIDTH - RIGHT} {TOP} {HEIGHT - BOTTOM}"
    return (f'<svg class="chart" role="img" aria-label="{escape(words)}" viewBox="0 0 {WIDTH} {HEIGHT}" data-frame="{frame}" '
            f'style="width:100%;max-width:{WIDTH}px" font-size="13" fill="currentColor">{"".join(parts)}</svg>')
