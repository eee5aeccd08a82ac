"""Verdicts on a student's work: `check.toy(5, 4)` for an answer.

Reading order: `verdict` (what a check says), `toy` (the twelve questions of the toy network).
"""

from .toy import toy
from .verdict import Verdict

__all__ = ["Verdict", "toy"]
