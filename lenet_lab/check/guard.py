"""Call a student's function so that the notebook goes on: it may raise, print, plot, hang, or leave NumPy changed.

The function runs on a thread of its own, with a deadline. One that does not end is stopped by an exception thrown into its
thread; if it sits in a call that waits it is left behind. (What this cannot do is interrupt a single long operation inside
Python itself, such as sum(range(10**11)), or survive a process that is told to exit.)
"""

import contextlib
import ctypes
import io
import sys
import threading
import warnings
from dataclasses import dataclass

import numpy as np

LONGEST = 10_000                         # characters kept of what is printed


class _Stopped(BaseException):
    """Thrown into a function that does not end; not an Exception, so that `except Exception` does not swallow it."""


class _Capped(io.StringIO):
    """Keeps the first part of what is printed: a loop that prints for ever must not fill the memory."""

    def write(self, text):
        return super().write(text[:max(0, LONGEST - self.tell())]) if self.tell() < LONGEST else 0


@dataclass
class Called:
    """What came of a call: the value or the error, what was printed, and which bad manners were seen."""

    value: object = None
    error: BaseException | None = None
    endless: bool = False
    printed: str = ""
    figures: int = 0
    changed_state: str = ""


def call(function, args, kwargs, seconds):
    """Call `function(*args, **kwargs)` for at most so many seconds; returns a `Called`, never raises what the function does."""
    outcome, said, depth = Called(), _Capped(), sys.getrecursionlimit()

    def work():
        state = {"error handling (np.seterr)": np.geterr(), "print options": np.get_printoptions()}
        try:
            outcome.value = function(*args, **kwargs)
        except _Stopped:
            outcome.endless = True
        except BaseException as error:                            # also SystemExit: the notebook shall go on
            outcome.error = error
        now = {"error handling (np.seterr)": np.geterr(), "print options": np.get_printoptions()}
        outcome.changed_state = ", ".join(name for name in state if state[name] != now[name])

    before, figures = np.random.get_state(), _open_figures()
    thread = threading.Thread(target=work, daemon=True)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        thread.start()
        try:
            thread.join(seconds)
        finally:
            if thread.is_alive():
                outcome.endless = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped))
                thread.join(0.5)
    sys.setrecursionlimit(depth)
    if not all(np.array_equal(a, b) for a, b in zip(before, np.random.get_state())):
        np.random.set_state(before)
        outcome.changed_state = ", ".join(filter(None, [outcome.changed_state, "the global random numbers (np.random)"]))
    outcome.printed, outcome.figures = said.getvalue(), len(_open_figures() - figures)
    return outcome


def _open_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()
