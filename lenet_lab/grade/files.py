"""The files of a submission, however they come: a notebook, a folder, a tar or a zip. Nothing of them is run, or written to disk.

People hand in more than their work: a repository with .git, an environment with thousands of packages, a platform's folder for every
student, an archive in a folder. What cannot be work is left out here; what was left out although it may be work is said in a note.
An archive is read member by member into memory and never unpacked, so a path in it cannot do harm.

This file imports only the standard library, because it runs in a process of its own (`reader`).
"""

import bz2
import functools
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

MOST_FILES, LARGEST, LARGEST_TOTAL = 2000, 60 * 2 ** 20, 120 * 2 ** 20          # files that can be work, bytes of one, of all
LARGEST_DATA, DATA_TOTAL = 4 * 2 ** 20, 8 * 2 ** 20                           # bytes of a file beside the notebooks, of all of them
DEEPEST, LONGEST_NAME = 12, 240          # folders within folders, and bytes in one name: what any system can write
NOT_WORK = {"__pycache__", "__MACOSX", "node_modules", "site-packages", "venv", "env"}         # folders; and all that begin with a dot
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".zip")
PACKED = {b"\x1f\x8b": lambda: zlib.decompressobj(31), b"BZ": bz2.BZ2Decompressor, b"\xfd7": lzma.LZMADecompressor}          # by first bytes


class NotASubmission(ValueError):
    """There is nothing to grade; the text gives the reason in one sentence."""


class Files(dict):
    """{path as in the submission: bytes}; `notes` are sentences about what was left out."""

    def __init__(self):
        super().__init__()
        self.notes, self.folders, self.total, self.data, self.seen = [], set(), 0, 0, 0

    def note(self, text):
        """Keep a sentence, each once and not more than a page of them."""
        if text not in self.notes and len(self.notes) < 20:
            self.notes.append(text)

    def wanted(self, name, size):
        """Whether to read the file; counts it. Raises NotASubmission if there are too many, or too many bytes."""
        parts = PurePosixPath(name).parts
        if any(part.startswith(".") or part in NOT_WORK for part in parts) or not name or name.endswith("/"):
            return False
        self.seen += 1
        if self.seen > MOST_FILES and is_work(name):
            raise NotASubmission(f"It holds more than {MOST_FILES} files. Hand in the notebooks and what they read.")
        if self.seen > MOST_FILES:
            self.note(f"{shown(name)} and further files were left out: a submission has at most {MOST_FILES} files.")
            return False
        if len(parts) > DEEPEST or any(len(part.encode("utf-8", "replace")) > LONGEST_NAME for part in parts):
            self.note(f"{shown(name)} was left out: its name is too long, or it is in too many folders.")
            return False
        if name in self or any(str(parent) in self for parent in PurePosixPath(name).parents) or name in self.folders:
            self.note(f"{shown(name)} was left out: another file or folder has its name.")
            return False
        self.folders |= {str(parent) for parent in PurePosixPath(name).parents}
        if is_work(name):
            self.total += size
            if size > LARGEST or self.total > LARGEST_TOTAL:
                raise NotASubmission(f"{shown(name)} is too large: a file has at most {LARGEST >> 20} MiB, "
                                     f"a submission {LARGEST_TOTAL >> 20} MiB.")
            return True
        if size > LARGEST_DATA or self.data + size > DATA_TOTAL:
            self.note(f"{shown(name)} was left out: files beside the notebooks have at most {LARGEST_DATA >> 20} MiB each, "
                      f"{DATA_TOTAL >> 20} MiB together.")
            return False
        self.data += size
        return True


def is_work(name):
    """Whether a file's name is that of a notebook, of Python or of Octave, in letters of either size."""
    return name.lower().endswith((".ipynb", ".py", ".m", ".ipynb.txt"))          # some browsers add .txt to what they save


def printable(text, instead="?"):
    """The text on one line, with a sign instead of each character that is not printable."""
    return "".join(letter if letter.isprintable() else instead for letter in text)


def plain(name):
    """A name that every system can write."""
    return printable(name, "_")


def shown(name):
    """A name as it can stand in a sentence: printable, and not longer than a line."""
    return printable(name[:100])


def read(path):
    """The `Files` at `path`. Raises NotASubmission, or OSError."""
    path = Path(path)
    try:
        kind = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise NotASubmission(f"There is no {shown(path.name)}.") from None
    files = Files()
    if stat.S_ISDIR(kind):
        _folder(path, files)
    elif not stat.S_ISREG(kind):
        raise NotASubmission(f"{shown(path.name)} is neither a file nor a folder.")
    elif is_work(path.name):
        name = PurePosixPath(path.name.removesuffix(".txt"))
        name = shown(name.stem.lstrip(".") or "work")[:80] + name.suffix      # whatever it is called, it was named as the submission
        if files.wanted(name, path.stat().st_size):
            files[name] = path.read_bytes()
    elif path.name.lower().endswith(ARCHIVES):
        _archive(path.name, path.read_bytes() if path.stat().st_size <= LARGEST_TOTAL else None, files, "")
    else:
        raise NotASubmission(f"{shown(path.name)} is not a notebook (.ipynb), a .tar, a .zip, a Python file, a .m file or a folder.")
    return files


def _folder(folder, files):
    archives = []

    def refuse(error):
        raise error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not (name.startswith(".") or name in NOT_WORK)
                            and not os.path.lexists(os.path.join(place, name, "pyvenv.cfg")))
        for name in sorted(names):
            path = Path(place, name)
            told = path.relative_to(folder).as_posix()
            try:
                about = os.lstat(path)
            except FileNotFoundError:                       # a notebook that runs there may write and remove files
                continue
            if stat.S_ISLNK(about.st_mode) and is_work(name):
                files.note(f"{shown(told)} was left out: it is a link.")
            if not stat.S_ISREG(about.st_mode):
                continue
            if name.lower().endswith(ARCHIVES) and not name.startswith("."):
                archives.append((told, path, about.st_size))
            elif files.wanted(name := plain(told.removesuffix(".txt") if is_work(told) else told), about.st_size):
                files[name] = path.read_bytes()
    _inner(files, [(told, lambda path=path, size=size: path.read_bytes() if size <= LARGEST_TOTAL else None) for told, path, size in archives],
           outer=True)


def _inner(files, archives, outer):
    """Add what is in archives, [(name, its content when called)], if there is no notebook beside them."""
    for told, content in archives:
        if any(name.lower().endswith(".ipynb") for name in files):
            files.note(f"{shown(told)} was left out: it is an archive beside the notebooks.")
        else:
            _archive(told, content(), files, f"{plain(told)}/", outer)


def _archive(name, content, files, prefix, outer=True):
    """Add the members of an archive to `files`, below the folder `prefix`; those of an archive in it too. Raises NotASubmission."""
    name = shown(name)
    if content is None:
        raise NotASubmission(f"{name} is too large: a submission has at most {LARGEST_TOTAL >> 20} MiB.")
    inner = []
    try:
        members = _zipped(content) if content.startswith(b"PK") else _tarred(name, content)       # a tar may end with a zip, such as .npz
        for member, kind, size, take in members:
            path = PurePosixPath(member.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or ":" in member[:2]:
                raise NotASubmission(f"{name} is refused: its member {member[:100]!r} leads out of the folder.")
            if kind != "file":
                if is_work(member):
                    files.note(f"{shown(member)} was left out: it is {kind}.")
            elif outer and path.name.lower().endswith(ARCHIVES) and not path.name.startswith(".") and 0 <= size <= LARGEST:
                inner.append((prefix + str(path), functools.partial(bytes, take())))          # now: the archive is closed afterwards
            elif files.wanted(place := prefix + plain(str(path)), size):
                files[place] = take()
        _inner(files, inner, outer=False)
    except NotASubmission:
        raise
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, OverflowError, RecursionError,
            NotImplementedError, RuntimeError, MemoryError, KeyError, OSError) as error:
        raise NotASubmission(f"{name} is not a tar as `tar cvf hw7.tar hw7` makes it, nor a zip "
                             f"({shown(str(error)) or type(error).__name__}).") from None


def _tarred(name, content):
    for begin, opened in PACKED.items():
        if content.startswith(begin):
            whole = b""
            while content.startswith(begin):                          # some programs write several streams, one after the other
                stream = opened()
                whole += stream.decompress(content, LARGEST_TOTAL + 1)
                if len(whole) > LARGEST_TOTAL:
                    raise NotASubmission(f"{name} is too large: a submission has at most {LARGEST_TOTAL >> 20} MiB.")
                content = stream.unused_data
            content = whole
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
        for member in tar:
            kind = "file" if member.isfile() else "a folder" if member.isdir() else "a link" if member.issym() or member.islnk() \
                else "a device or a pipe"
            yield member.name, kind, member.size, lambda member=member: tar.extractfile(member).read()


def _zipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for member in packed.infolist():
            kind = "a folder" if member.is_dir() else "a link" if stat.S_ISLNK(member.external_attr >> 16) else "file"
            yield member.filename, kind, member.file_size, lambda member=member: packed.read(member)
