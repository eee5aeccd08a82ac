"""The terminal that a program writes to. Standard library alone: `environment` is for places where packages are missing."""

import sys


def take_any_letter():
    """From here on a terminal in another alphabet shows ? where it has no ✓ or ä, and the program goes on."""
    sys.stdout.reconfigure(errors="replace")
