"""Is it there? Files written wholly or not at all; one .npz of a description and arrays, read without executing anything.

Where a right is missing, `Path.is_file`, `is_dir` and `exists` answer False from Python 3.14 on, and `Path.glob` finds nothing.
What is forbidden would be reported as missing. The questions here raise PermissionError instead, on every Python.
"""

import contextlib
import io
import json
import os
import stat
import tempfile
import zipfile
from pathlib import Path

import numpy as np

DESCRIPTION = "description.json"
TEMPORARY = ".tmp"                       # the end of a file's name while it is written
ABANDONED = 60                           # seconds without a change, after which nobody is at it any more


def mode(path):
    """The type and rights of what is at `path` (`st_mode`), 0 where nothing is: the question "Does it exist?".

    Raises PermissionError, with the folder that may not be entered as its `filename`, and whatever else the system has against it.
    """
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except PermissionError as error:
        place = Path(path)
        while place != place.parent and not os.path.lexists(place):
            place = place.parent                            # what cannot be seen lies in a folder that may not be entered
        raise PermissionError(error.errno, error.strerror, str(place)) from None


def is_file(path):
    """Is there a file? Raises OSError as `mode` does."""
    return stat.S_ISREG(mode(path))


def is_folder(path):
    """Is there a folder? Raises OSError as `mode` does."""
    return stat.S_ISDIR(mode(path))


def matching(folder, pattern):
    """The sorted paths in `folder` whose names match `pattern`, none where there is no folder. Raises PermissionError."""
    return sorted(path for path in Path(folder).iterdir() if path.match(pattern)) if is_folder(folder) else []


def in_a_sentence(error):
    """What an error says: the sentence that it was raised with; of the system's own, the place and what is wrong with it."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be used ({error.strerror}). Check its name and your rights."
    return str(error)


def write_npz(path, description, arrays):
    """Write a description (plain data, kept as JSON) and named arrays to `path`.

    Raises OSError as `atomic_write` does.
    """
    packed = io.BytesIO()          # first in memory: on a full disk older NumPys leave their zip half open, and complain later
    np.savez(packed, **{DESCRIPTION: np.array(json.dumps(description))}, **arrays)
    with atomic_write(path) as file:
        file.write(packed.getbuffer())


@contextlib.contextmanager
def atomic_write(path):
    """A binary file to write to, which takes its place at `path` when the block ends well, and not at all otherwise.

    It is written beside its place and then moved there in one step, so that a kill at any moment leaves the old file or the new
    one, and beside it at most what the next writing clears away. Raises OSError with one sentence, of the kind that the system
    raised (no such folder, no right to write there, no room).
    """
    path = Path(path)
    try:
        with _replacing(path) as file:
            yield file
    except OSError as error:                                # which names the temporary file, or none
        raise type(error)(f"{path} cannot be written ({error.strerror or error}). Nothing there was changed. Name a folder that "
                          "is there and that you may write to, on a disk with room.") from None


@contextlib.contextmanager
def _replacing(path):
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            _clear(path, now=os.fstat(handle).st_mtime)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())              # mkstemp makes files that nobody else may read
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _clear(path, now):
    """Remove what killed processes left of their attempts to write `path`; `now` is by the disk's clock, maybe another's."""
    with contextlib.suppress(OSError):                      # another process may clear at the same moment
        for left in path.parent.iterdir():
            if left.name.startswith(f".{path.name}.") and left.name.endswith(TEMPORARY) and now - left.stat().st_mtime > ABANDONED:
                left.unlink()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_npz(path):
    """(description, {name: array}) of a file written by `write_npz`.

    Raises FileNotFoundError, or ValueError with one sentence when the file is something else or is damaged.
    """
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):               # of which NumPy would say that it may be pickled
                raise ValueError("it is no .npz, or only a part of one")
        with np.load(path, allow_pickle=False) as file:
            if sum(member.file_size for member in file.zip.infolist()) > os.path.getsize(path):
                raise ValueError("it would unpack to more than it is, and `write_npz` packs nothing")
            arrays = {name: file[name] for name in file.files}
            if not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise ValueError("there is more in it than arrays")
        return json.loads(str(arrays.pop(DESCRIPTION))), arrays
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}). "
                         "Check that it is a file and that you may read it.") from None
    except Exception as error:              # NumPy's reader raises whatever a damaged file happens to lead it into
        raise ValueError(f"{path} is not a saved network, or is damaged ({_in_a_line(error)}). "
                         "Take another file, or train and save again.") from None


def _in_a_line(error):
    """What an exception says, short and in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
