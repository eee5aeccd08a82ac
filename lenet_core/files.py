"""Files that are written wholly or not at all, and one .npz that holds a description and arrays, read without executing anything."""

import contextlib
import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

DESCRIPTION = "description.json"


def write_npz(path, description, arrays):
    """Write a description (plain data, kept as JSON) and named arrays to `path`.

    Raises OSError if the folder cannot be written.
    """
    with written_whole(path) as file:
        np.savez(file, **{DESCRIPTION: np.array(json.dumps(description))}, **arrays)


@contextlib.contextmanager
def written_whole(path):
    """A binary file to write to, which takes its place at `path` when the block ends well, and not at all otherwise.

    It is written beside its place and then moved there in one step, so that a kill at any moment leaves the old file or the new
    one. Raises OSError if the folder cannot be written.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())              # mkstemp makes files that nobody else may read
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_npz(path):
    """(description, {name: array}) of a file written by `write_npz`.

    Raises FileNotFoundError, or ValueError with one sentence when the file is something else or is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(str(arrays.pop(DESCRIPTION))), arrays
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}.") from None
    except (ValueError, KeyError, EOFError, OSError, TypeError, AttributeError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError(f"{path} is not a saved network, or is damaged ({error}). Take another file, or train and save again.") from None
