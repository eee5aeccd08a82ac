"""Questions about files, files written completely or not at all, and .npz files with a description and arrays.

If a permission is missing, `Path.is_file`, `is_dir` and `exists` answer False from Python 3.14 on, and `Path.glob` finds nothing: a
folder that the user may not enter would look empty. The questions here raise PermissionError instead, on every Python.
To read a .npz file executes no code from it.
"""

import contextlib
import io
import json
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

DESCRIPTION = "description.json"
TEMPORARY = ".tmp"                       # the end of a file's name while it is written
ABANDONED = 60                           # seconds without a change, after which no process is still writing it


def mode(path: str | Path) -> int:
    """The type and permissions (`st_mode`) of the file or folder at `path`; 0 if nothing is there.

    Raises PermissionError, whose `filename` is the folder that the user may not enter, or another OSError (a link to itself).
    """
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except PermissionError as error:
        place = Path(path)
        while place != place.parent and not os.path.lexists(place):     # what cannot be seen lies in a folder that is closed
            place = place.parent
        raise PermissionError(error.errno, error.strerror, str(place)) from None


def is_file(path: str | Path) -> bool:
    """Is there a file at `path`? Raises OSError as `mode` does."""
    return stat.S_ISREG(mode(path))


def is_folder(path: str | Path) -> bool:
    """Is there a folder at `path`? Raises OSError as `mode` does."""
    return stat.S_ISDIR(mode(path))


def matching(folder: str | Path, pattern: str) -> list[Path]:
    """The sorted paths in `folder` whose names match `pattern`; none if there is no folder. Raises OSError as `mode` does."""
    return sorted(path for path in Path(folder).iterdir() if path.match(pattern)) if is_folder(folder) else []


def in_a_sentence(error: Exception) -> str:
    """The sentence that an error was raised with; for an OSError of the system, a sentence with the place and the reason."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be used ({error.strerror}). Check its name and its permissions."
    return str(error)


def write_npz(path: str | Path, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write a description (plain data, kept as JSON) and named arrays to `path`.

    Raises OSError as `atomic_write` does.
    """
    packed = io.BytesIO()          # first in memory: on a full disk, older versions of NumPy do not close their zip file
    named: dict[str, Any] = {DESCRIPTION: np.array(json.dumps(description)), **arrays}
    np.savez(packed, **named)
    with atomic_write(path) as file:
        file.write(packed.getbuffer())


@contextlib.contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file to write to. It replaces `path` when the block ends without an exception; else `path` stays as it is.

    A temporary file is written in the same folder and then renamed. So if the process is killed, `path` is the old file or the
    new one, and a call a minute later removes the temporary file. Raises OSError with one sentence, of the class that the system
    raised (no such folder, no permission, no space).
    """
    path = Path(path)
    try:
        with _replacing(path) as file:
            yield file
    except OSError as error:                                # its message has the name of the temporary file, or none
        raise type(error)(f"{path} cannot be written ({error.strerror or error}). Nothing there was changed. Name a folder that "
                          "exists, that you may write to, and that has free space.") from None


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            _clear(path, now=os.fstat(handle).st_mtime)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())              # mkstemp makes files that only their owner may read
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _clear(path: Path, now: float) -> None:
    """Remove the temporary files for `path` that killed processes left; `now` is by the disk's clock, which may be a server's."""
    with contextlib.suppress(OSError):                      # another process may remove them at the same moment
        for left in path.parent.iterdir():
            if left.name.startswith(f".{path.name}.") and left.name.endswith(TEMPORARY) and now - left.stat().st_mtime > ABANDONED:
                left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_npz(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(description, {name: array}) of a file written by `write_npz`.

    Raises FileNotFoundError, and ValueError with one sentence when the file is something else or is damaged.
    """
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):               # NumPy's message would only say that it may be pickled
                raise ValueError("it is no .npz, or only a part of one")
        with np.load(path, allow_pickle=False) as file:
            if sum(member.file_size for member in file.zip.infolist()) > os.path.getsize(path):
                raise ValueError("it would unpack to more than its own size, and `write_npz` does not compress")
            arrays = {name: file[name] for name in file.files}
            if not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise ValueError("there is more in it than arrays")
        if DESCRIPTION not in arrays:
            raise ValueError("it has no description of layers")
        return json.loads(str(arrays.pop(DESCRIPTION))), arrays
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}). "
                         "Check that it is a file and that you may read it.") from None
    except Exception as error:              # NumPy's reader may raise any exception for a damaged file
        raise ValueError(f"{path} is not a saved network, or is damaged ({_in_a_line(error)}). "
                         "Take another file, or train and save again.") from None


def _in_a_line(error: Exception) -> str:
    """The message of an exception, shortened to one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
