"""Questions asked without rights: by an ordinary user, also where the tests run as root, who may read everything."""

import os
import traceback
import warnings

import numpy as np
import pytest

import lenet_core

NOBODY = 65534


def as_ordinary_user(work):
    """The lines that work() yields in a child process without root's rights; skips where that user cannot reach the packages."""
    out, into = os.pipe()
    with warnings.catch_warnings():               # from Python 3.12 on: this process has threads. The child starts none, and ends at once.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgroups([]), os.setgid(NOBODY), os.setuid(NOBODY)
            hidden = [place for place in (lenet_core.__file__, np.__file__) if not os.access(place, os.R_OK)]
            os.write(into, "\n".join([f"hidden: {hidden[0]}"] if hidden else work()).encode())
        except BaseException:
            os.write(into, traceback.format_exc().encode())
        finally:
            os._exit(0)                                             # not a second end of these tests
    os.close(into)
    with open(out, encoding="utf-8") as file:
        lines = file.read().splitlines()
    os.waitpid(child, 0)
    if lines and lines[0].startswith("hidden: "):
        pytest.skip(f"an ordinary user cannot read {lines[0].removeprefix('hidden: ')}")
    assert not any(line.startswith("Traceback") for line in lines), "\n".join(lines)
    return lines
