"""How far a student's process is isolated on this machine, and the command that starts it there.

There are four levels; the first that works on this machine is used. `PROTECTION` says what each does not stop.

- "namespaces" (Linux, if `unshare` is allowed): its own root folder in memory, no network, and its own list of processes, which all end
  with it. In this root folder are only the system's and Python's folders, read-only.
- "kernel" (Linux 5.13 or later, where `unshare` is refused): the kernel refuses files, other processes, programs and the network
  (`kernel_guard`); if the grader is root, also a separate user.
- "user" (the grader is root): a separate user, limits, and an audit hook of Python.
- "limits": limits and an audit hook of Python.
"""

import contextlib
import ctypes
import functools
import os
import shutil
import signal
import stat
import sys
from pathlib import Path

import numpy as np

import lenet_core
from lenet_lab import octave
from lenet_lab._material import material

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/urandom")
PROTECTION = {
    "namespaces": "full isolation: its own root folder in memory, no network, its own processes (Linux namespaces), and limits",
    "kernel": "strong isolation: the kernel refused other files, other processes, programs and the network (Landlock and seccomp), and "
              "limits. Not stopped: it could see the names of files",
    "user": "partial isolation: limits, and a separate user. It could neither write to files nor signal processes of other users. Not "
            "stopped: it could read what all users can read, also a --seed in the list of processes (not a seed in the grader's "
            "environment). Only Python refused sockets",
    "limits": "weak isolation: time, memory, files and further processes were limited. Not stopped: it could read what the grader can read, "
              "also a --seed in the list of processes (not a seed in the grader's environment). Only Python refused sockets, writing "
              "elsewhere and signals, which deliberate code can avoid",
}
WALLS = ("namespaces", "kernel")         # the levels that deliberate code cannot avoid either
# $1 the new root, $2 the size of its writable folder, $3 the library, $4 the options of the last step, $5 Python, $6 its program,
# $7 the folder of NumPy; then the folders of this machine that are visible in it, and, as hidden:FOLDER, the hidden folders in them.
# This shell remains the first process inside: when it ends, all others end.
ENTER = """
set -e
new=$1 size=$2 library=$3 last=$4 python=$5 start=$6 numpy=$7
shift 7
mount -t tmpfs -o size=1m,mode=755 tmpfs "$new"
for place in "$@"; do
    case $place in hidden:*) mount -t tmpfs -o size=4k,mode=555 tmpfs "$new${place#hidden:}"; continue;; esac
    mkdir -p "$new${place%/*}"
    if [ -d "$place" ] && [ ! -L "$place" ]; then mkdir -p "$new$place"; mount --bind -o ro,nosuid,nodev "$place" "$new$place"
    else cp -P "$place" "$new$place"; fi
done
mkdir "$new/dev" "$new/dev/shm" "$new/library" "$new/student"
mount -t tmpfs -o size=$size,mode=1777,nosuid,nodev,noexec tmpfs "$new/dev/shm"
mount --bind -o ro,nosuid,nodev "$library" "$new/library"
mount -t tmpfs -o size=$size,mode=1777,nosuid,nodev tmpfs "$new/student"
for device in null urandom; do touch "$new/dev/$device"; mount --bind "/dev/$device" "$new/dev/$device"; done
mount -o remount,bind,ro,nosuid,nodev "$new"
unshare $last --root="$new" --wd=/student "$python" -I -B -c "$start" /library "$numpy"
exit $?
"""
START = "import sys; sys.path = [sys.argv[1], *sys.path, sys.argv[2]]; from _grader import worker; worker.main()"
PACKAGES = str(Path(np.__file__).parents[1])


@functools.cache
def isolation(start):
    """The first level at which `start(level)`, a context manager, does not raise RuntimeError; raises that of the last level."""
    levels = []
    if sys.platform == "linux":
        levels = [*(["namespaces"] if all(map(shutil.which, ("unshare", "mount", "sh"))) else []), "kernel"]
    levels.append("user" if _root() else "limits")
    for level in levels:
        try:
            with start(level):
                return level
        except RuntimeError as error:
            failed = error
    raise failed


def command(level, folder, new, library, disk):
    """(the command of a student's process at this level, its home); `new` is an empty folder in `folder`.

    Raises PermissionError, with a sentence, if the user of that process could not enter its folder.
    """
    if level == "namespaces":
        last = "" if _root() else "--user --map-user=1000 --map-group=1000"
        return ["unshare", *([] if _root() else ["--map-root-user"]), "--net", "--pid", "--mount", "--ipc", "--fork", "--kill-child",
                "sh", "-c", ENTER, "sh", new, str(disk), library, last, sys.executable, START, PACKAGES,
                *_places(), *(f"hidden:{place}" for place in hidden() if _inside(place, _places()))], "/student"
    if _root() and (closed := [place for place in folder.parents if not place.stat().st_mode & stat.S_IXOTH]):
        raise PermissionError(f"Its process runs as another user, who cannot enter {closed[-1]}. Name a folder in TMPDIR that every user can "
                              "enter.")
    _protect_memory()
    return [sys.executable, "-I", "-B", "-c", START, library, PACKAGES], new


def guarded(level, library):
    """(places that may be read, folders that may be listed) for `kernel_guard`, or None if the level does without."""
    if level != "kernel":
        return None
    readable, listed = [str(library), *DEVICES], []
    for place in _places():
        inside = [one for one in hidden() if _inside(one, [place])]
        readable += _without(place, inside)
        listed += [place] if inside else []
    return readable, listed


def _without(place, covered):
    """The paths below a folder that cover all of it but the folders in `covered`."""
    if place in covered:
        return []
    if not any(_inside(one, [place]) for one in covered):
        return [place]
    return [path for one in sorted(os.scandir(place), key=lambda entry: entry.name) for path in _without(one.path, covered)]


def hidden():
    """The folders that no submission may read: this package, its solutions and its notebooks."""
    places = {os.path.realpath(path) for path in (Path(lenet_core.__file__).parent, Path(__file__).parents[1], material("solutions"))}
    return sorted(place for place in places if not _inside(place, places - {place}))


def tasks():
    """The number of threads and processes that the user of this grader has now, and may have while others are graded beside it."""
    if _root() or sys.platform != "linux":
        return 0                                                      # a separate user, who has none
    total = 64 * (os.cpu_count() or 1)
    for name in _of(os.geteuid()):
        with contextlib.suppress(OSError):
            total += len(os.listdir(f"/proc/{name}/task"))
    return total


def end_processes_of(user):
    """End what a submission has left running, where it has a user of its own."""
    if _root() and sys.platform == "linux":
        for name in _of(user):
            with contextlib.suppress(OSError):
                os.kill(int(name), signal.SIGKILL)


def _of(user):
    """Yield the numbers of the processes of a user."""
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == user:
                yield name


def _root():
    return getattr(os, "geteuid", lambda: 1)() == 0


def _inside(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)


@functools.cache
def _places():
    """The folders of this machine that are visible in a sandbox: the system's, Python's and Octave's, none inside another."""
    base = str(Path(os.path.realpath(sys.executable)).parents[1])
    python = {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix), base, PACKAGES}
    program = [str(Path(os.path.realpath(path)).parents[1]) for path in [octave.program()] if path]
    places = sorted(place for place in {*SYSTEM, *python, *program} - {"/"} if os.path.lexists(place))
    real = [place for place in places if not os.path.islink(place)]
    return [place for place in places if not any(place.startswith(other + "/") for other in real)]


def _protect_memory():
    """Forbid other processes of the same user to read this process's memory (PR_SET_DUMPABLE)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
