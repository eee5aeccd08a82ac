"""Call a student's function safely: it may raise, print, plot, hang, or change NumPy's state, and the notebook continues.

The function runs on its own thread, with a time limit. A function that does not end is stopped by an exception raised in its thread. If
the thread is waiting inside a call, it is abandoned. (A single long operation inside Python itself, such as sum(range(10**11)), cannot be
interrupted, and os._exit ends the kernel.)
"""

import contextlib
import ctypes
import io
import sys
import threading
import warnings
from dataclasses import dataclass

import numpy as np

LONGEST = 10_000                         # characters of printed text that are kept


class Stopped(BaseException):
    """Raised in a function that does not end; not an Exception, so that `except Exception` does not catch it."""


class _Capped(io.StringIO):
    """Keeps the first `LONGEST` characters of printed text, so that an endless loop that prints does not fill the memory."""

    def write(self, text):
        return super().write(text[:max(0, LONGEST - self.tell())]) if self.tell() < LONGEST else 0


@dataclass
class Called:
    """The outcome of a call: the value or the error, the printed text, and side effects."""

    value: object = None
    error: BaseException | None = None
    endless: bool = False
    printed: str = ""
    figures: int = 0
    changed_state: str = ""


def call(function, args, kwargs, seconds):
    """Call `function(*args, **kwargs)` for at most `seconds`; returns a `Called`, and never raises the function's exception."""
    outcome, said, depth = Called(), _Capped(), sys.getrecursionlimit()

    def work():
        state = numpy_state()
        try:
            outcome.value = function(*args, **kwargs)
        except Stopped:
            outcome.endless = True
        except BaseException as error:                            # also SystemExit, so that the notebook continues
            outcome.error = error
        outcome.changed_state = difference(state)

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
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stopped))
                thread.join(0.5)
    sys.setrecursionlimit(depth)
    if not all(np.array_equal(a, b) for a, b in zip(before, np.random.get_state())):
        np.random.set_state(before)
        outcome.changed_state = ", ".join(filter(None, [outcome.changed_state, "the global random numbers (np.random)"]))
    outcome.printed, outcome.figures = said.getvalue(), len(_open_figures() - figures)
    return outcome


def numpy_state():
    """NumPy's settings of this thread that a function may have changed."""
    return {"error handling (np.seterr)": np.geterr(), "print options": np.get_printoptions()}


def difference(state):
    """The names of the settings that are not as in `state` any more, as text."""
    return ", ".join(name for name, value in numpy_state().items() if state[name] != value)


def _open_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()
