"""Questions asked without rights: by an ordinary user, also where the tests run as root, who may read everything."""

import os
import sys
import traceback
import warnings
from pathlib import Path

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


OPEN = """
set -e
hold=$1 closed=$2
shift 2
mount -t tmpfs -o mode=755 tmpfs "$hold"
n=0
for place in PLACES; do n=$((n + 1)); mkdir "$hold/$n"; mount --bind "$place" "$hold/$n"; done
mount -t tmpfs -o mode=755 tmpfs "$closed"
n=0
for place in PLACES; do n=$((n + 1)); mkdir -p "$place"; mount --bind "$hold/$n" "$place"; done
exec "$@"
"""


def opened_for_all(command, hold):
    """The command, started where every user can enter the folders of this Python, if only root can: in mounts of its own.

    `hold` is an empty folder. Nothing changes outside of that process.
    """
    python = {sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix, str(Path(np.__file__).parents[1])}
    parents = [parent for place in sorted(python) for parent in reversed(Path(place).parents)]
    closed = next((str(parent) for parent in parents if not parent.stat().st_mode & 0o001), None)
    if closed is None:
        return command
    below = [place for place in sorted(python) if place.startswith(closed + "/")
             and not any(place.startswith(other + "/") for other in python - {place})]
    script = OPEN.replace("PLACES", " ".join(f"'{place}'" for place in below))
    return ["unshare", "--mount", "sh", "-c", script, "sh", str(hold), closed, *command]
