"""Check whether b + sum of c ReLU(x - t) is equal to a target curve; if not, find the first wrong segment and the misconception.

Curves are compared between the ends of the target, not by their coefficients: a hinge further left with another b may give the same
curve. Misconceptions are recognised up to a shift in height, so a forgotten b does not hide a second one.
"""

import reprlib
from html import escape
from typing import NamedTuple

import numpy as np

from .verdict import NOT_WRITTEN, Verdict

NEAR = 1e-3                             # tolerance of a slope or a height
LARGEST = 1e6                           # a larger number is a typing error
MOST = 100                              # hinges
WRITE = "Write b as a number and the hinges as a list of pairs, [(place, coefficient), ...]."


class Target(NamedTuple):
    """A curve from `low` to `high`: its height b at the left end, and its hinges (place, coefficient) in order."""

    low: float
    high: float
    b: float
    hinges: tuple

    @property
    def corners(self):
        """The ends and the places between them where its slope changes, and its heights there: two arrays."""
        x = np.array(sorted({self.low, self.high, *(t for t, _ in self.hinges)}))
        return x, curve(x, self.b, self.hinges)


TARGETS = {
    "zigzag": Target(0, 8, 2, ((1, 2), (3, -3), (6, 1.5))),
    "tent": Target(0, 1, 0, ((0, 2), (0.5, -4))),
}
EXERCISES = {"zigzag": "hinges_target", "tent": "hinges_tent"}           # which one asks for it

HINTS = {
    "hinges_target": (
        "Read the slope of every segment off the picture: how far it rises, divided by how wide it is. A hinge stands at every "
        "corner.",
        "b is the height at the left end. The coefficient of a hinge is the slope after it minus the slope before it.",
        "The slopes are 0, 2, -1 and 0.5. The hinge at x = 1 takes the slope from 0 to 2: (1, 2). The next one takes it "
        "from 2 to -1."),
    "hinges_tent": (
        "Left of its first hinge a sum of ReLUs is flat, and the tent rises from its left end on.",
        "The slope before x = 0 is 0, then 2, then -2; a coefficient is the slope after the hinge minus the slope before it.",
        "One hinge stands at the left end, (0, ...), the other at the top, (0.5, ...)."),
}


class WrongHinges(NamedTuple):
    """A known misconception: its name, its explanation, and the hinges that it gives."""

    name: str
    text: str
    hinges: tuple


def curve(x, b, hinges):
    """b + sum of c ReLU(x - t) over the hinges (t, c), for an array x."""
    x = np.asarray(x, float)
    return b + sum((c * np.maximum(x - t, 0) for t, c in hinges), np.zeros_like(x))


def hinges(target, b=..., hinges=...):
    """The `Verdict` of `check.hinges`, without recording it. Raises ValueError for an unknown target."""
    if target not in TARGETS:
        raise ValueError(f"There are the targets {' and '.join(TARGETS)}; got {target!r}.")
    name, wanted = f"hinges, {target}", TARGETS[target]
    if _dots(b) or _dots(hinges):
        return Verdict(name, False, NOT_WRITTEN)
    given = _numbers(b, hinges)
    if isinstance(given, str):
        return Verdict(name, False, given)
    b, hinges = given
    x = _places(wanted, hinges)
    gap = curve(x, b, hinges) - curve(x, wanted.b, wanted.hinges)
    if np.abs(gap).max() <= NEAR:
        return Verdict(name, True, _praise(wanted, hinges))
    misconception, text = _slip(wanted, b, hinges, x, gap)
    return Verdict(name, False, "\n".join(filter(None, [text, _first_wrong(wanted, b, hinges, x)])), misconception,
                   picture=_picture(wanted, b, hinges))


# ---------------------------------------------------------------------------------------------------------- what was given


def _dots(value):
    return value is ... or isinstance(value, (list, tuple)) and any(map(_dots, value))


def _numbers(b, hinges):
    """(b, list of (t, c)) as floats, or a sentence about numbers that cannot be used."""
    try:
        height = np.asarray(b, float)
        pairs = np.asarray(list(hinges), float)
    except (TypeError, ValueError, OverflowError):
        return f"{reprlib.repr(b)} and {reprlib.repr(hinges)} are not numbers that I can use. {WRITE}"
    if height.ndim or pairs.size and (pairs.ndim != 2 or pairs.shape[1] != 2):
        return f"b is one number, and every hinge a pair of two; got {reprlib.repr(b)} and {reprlib.repr(hinges)}. {WRITE}"
    if not (abs(height) < LARGEST and (np.abs(pairs) < LARGEST).all()):
        return f"{reprlib.repr(b)} and {reprlib.repr(hinges)}: not all of these are numbers that one could draw. {WRITE}"
    if len(pairs) > MOST:
        return f"{len(pairs)} hinges are too many to look at; {MOST} are enough for every curve here. {WRITE}"
    return float(height), [(float(t), float(c)) for t, c in pairs.reshape(-1, 2)]


# --------------------------------------------------------------------------------------------------------- what is wrong


def _places(wanted, hinges):
    """The ends of the target and every place between them where the slope of one of the two curves changes."""
    kinks = {t for t, _ in (*hinges, *wanted.hinges) if wanted.low < t < wanted.high}
    return np.array(sorted({wanted.low, wanted.high} | kinks))


def _praise(wanted, hinges):
    segments = len(wanted.corners[0]) - 1
    text = f"These checks pass: {segments} slopes, and the height at x = {number(wanted.low)}."
    if len(hinges) > len(wanted.hinges):
        text += f"\nNote: {len(hinges)} hinges; {len(wanted.hinges)} are enough."
    return text


def _slip(wanted, b, hinges, x, gap):
    """(name, explanation) of the misconception that gives the same curve up to its height; (None, "") if there is none."""
    if np.ptp(gap) <= NEAR:
        if np.isclose(gap[0], -wanted.b, atol=NEAR):
            return "b forgotten", ("All slopes are right. b is missing: left of the first hinge every ReLU is 0, and "
                                   f"f(x) = b = {number(wanted.b)}.")
        side = "high" if gap[0] > 0 else "low"
        return "height", f"All slopes are right, but the curve lies {number(abs(gap[0]))} too {side}: look at b."
    for wrong in slips(wanted):
        places = np.array(sorted({*x, *_places(wanted, wrong.hinges)}))
        if np.ptp(curve(places, b, hinges) - curve(places, 0, wrong.hinges)) <= NEAR:
            return wrong.name, wrong.text
    return _misplaced(wanted, hinges)


def slips(wanted):
    """Every known misconception with this target, as a list of `WrongHinges`."""
    t, c = (np.array(column, float) for column in zip(*wanted.hinges))
    x, y = wanted.corners
    slopes = np.cumsum(c)
    ends = np.append(t[1:], wanted.high)
    rises = slopes * (ends - t)
    heights = np.interp(t, x, y)

    def pairs(places, coefficients):
        return tuple(zip(map(float, places), map(float, coefficients)))

    found = [
        WrongHinges("slope for change of slope", "Your coefficients are the slopes themselves. A hinge adds to the slope that is there "
              "already: its coefficient is the slope after it minus the slope before it.", pairs(t, slopes)),
        WrongHinges("rise for slope", "You took how far a segment rises. Its slope is the rise divided by the segment's width.",
              pairs(t, np.diff(rises, prepend=0))),
        WrongHinges("rise for slope", "Your coefficients are how far each segment rises. Divide by its width for the slope, and take "
              "the change from one slope to the next.", pairs(t, rises)),
        WrongHinges("height for coefficient", "Your coefficients are the heights of the curve at the hinges. They should be changes of "
              "slope.", pairs(t, heights)),
        WrongHinges("sign", "Every sign is reversed: where the slope increases the coefficient is positive. Slope after "
              "minus slope before.", pairs(t, -c)),
        WrongHinges("sign of the hinge", "Your hinges are at the places with the opposite sign. ReLU(x - t) has its kink at t: a hinge at 3 "
              "is the pair (3, c).", pairs(-t, c)),
        WrongHinges("hinge at the end", "Your hinges are where the segments end. A hinge stands where its segment begins: left "
              "of it, it does nothing.", pairs(ends, c)),
        WrongHinges("pair turned round", "The numbers of each pair are exchanged: first the place, then the coefficient.", pairs(c, t)),
    ]
    for n, (place, coefficient) in enumerate(wanted.hinges):
        before = slopes[n] - coefficient
        found += [
            WrongHinges("sign of one", f"The coefficient at x = {number(place)} has the wrong sign: there the slope goes from "
                  f"{number(before)} to {number(slopes[n])}.", pairs(t, np.where(np.arange(len(c)) == n, -c, c))),
            WrongHinges("hinge missing", f"Your slope does not change at x = {number(place)}, where it should go from {number(before)} to "
                  f"{number(slopes[n])}.", pairs(np.delete(t, n), np.delete(c, n))),
        ]
    return found


def _misplaced(wanted, hinges):
    """The misconception of an answer whose coefficients are right, but not all of its places."""
    mine = sorted((t, c) for t, c in hinges if c)
    if len(mine) != len(wanted.hinges) or not np.allclose([c for _, c in mine], [c for _, c in wanted.hinges], atol=NEAR):
        return None, ""
    moved = [(have, want) for (have, _), (want, _) in zip(mine, wanted.hinges) if abs(have - want) > NEAR]
    text = "The coefficients are right, but " + " and ".join(
        f"the hinge at {number(have)} belongs at {number(want)}" for have, want in moved) + "."
    by_one = all(abs(abs(have - want) - 1) <= NEAR for have, want in moved)
    return ("hinge off by one" if by_one else "hinge misplaced"), text


def _first_wrong(wanted, b, hinges, x):
    """The first segment of the target on which the slope is wrong, in a sentence; else the right height."""
    mine, right = (np.diff(curve(x, *numbers)) / np.diff(x) for numbers in ((b, hinges), (wanted.b, wanted.hinges)))
    wrong = np.flatnonzero(np.abs(mine - right) > NEAR)
    corners = wanted.corners[0]
    segments = {int(np.searchsorted(corners, x[n], "right")) for n in wrong}
    start = curve(x[:1], b, hinges)[0]
    height = "" if abs(start - wanted.corners[1][0]) <= NEAR else \
        f"At x = {number(wanted.low)} your curve is at {number(start)}, the target at {number(wanted.corners[1][0])}."
    if not len(wrong):
        return height
    n = wrong[0]
    more = f" {len(segments)} of {len(corners) - 1} segments are off." if len(segments) > 1 else ""
    text = f"From {number(x[n])} to {number(x[n + 1])} your slope is {number(mine[n])}, the target's is {number(right[n])}.{more}"
    return " ".join(filter(None, [height, text]))


def number(value):
    """A number as one writes it, with a true minus sign."""
    return f"{float(value) + 0.0:.4g}".replace("-", "\N{MINUS SIGN}")         # + 0.0: no minus zero


# ------------------------------------------------------------------------------------------------------------ the picture


def _picture(wanted, b, hinges):
    """Both curves as a small SVG with a legend: the target solid and grey, the student's dashed."""
    width, height, margin = 300, 150, 16
    x, y = wanted.corners
    low, high = y.min() - np.ptp(y) / 2, y.max() + np.ptp(y) / 2

    def line(places, heights):
        across = margin + (places - wanted.low) / (wanted.high - wanted.low) * (width - 2 * margin)
        down = height - margin - (heights - low) / (high - low) * (height - 2 * margin)
        return list(zip(across, np.clip(down, -height, 2 * height)))

    def drawn(points, style):
        return f'<polyline points="{" ".join(f"{px:.1f},{py:.1f}" for px, py in points)}" fill="none" {style}/>'

    places = _places(wanted, hinges)
    mine = curve(places, b, hinges)
    words = "; ".join(f"at {number(px)}: target {number(want)}, yours {number(have)}"
                      for px, want, have in zip(places, curve(places, wanted.b, wanted.hinges), mine))
    ticks = "".join(f'<text x="{px:.1f}" y="{height - 2}" text-anchor="middle">{number(place)}</text>'
                    for place, (px, _) in zip(x, line(x, y)))
    key = "".join(f'<line x1="{left}" x2="{left + 26}" y1="7" y2="7" {style}/><text x="{left + 31}" y="11">{name}</text>'
                  for left, name, style in ((margin, "target", TARGET_LINE), (margin + 90, "yours", YOUR_LINE)))
    return (f'<svg role="img" aria-label="{escape(words)}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-size="11" style="display:block;margin:4px 0;max-width:100%" fill="currentColor">'
            f"{drawn(line(x, y), TARGET_LINE)}{drawn(line(places, mine), YOUR_LINE)}{ticks}{key}</svg>")


TARGET_LINE = 'stroke="#8a8a8a" stroke-width="5"'
YOUR_LINE = 'stroke="#c8553d" stroke-width="2" stroke-dasharray="6 4"'
