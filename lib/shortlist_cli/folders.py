"""Folders and files that a command is given, checked before its work.

What is read must be there, only what is written may be made, and where something will be written it can be.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shortlist_bundle import BundleStore
from shortlist_bundle.leftovers import LOCK, RETRAIN_LOCK
from shortlist_core.errors import DataError
from shortlist_core.terminal import quoted


def existing(folder: Path) -> Path:
    """The folder. Raises DataError where it is not there: a typo must not look like an empty folder."""
    if not _is_folder(folder):
        raise DataError(f"{quoted(folder)} is no folder" if os.path.lexists(folder) else _absent(folder))
    return folder


def published_in(folder: Path) -> BundleStore:
    """The bundles of a folder. Raises DataError where the folder is not there."""
    return BundleStore(existing(folder))


def to_be_written(folder: Path) -> Path:
    """A folder that the command makes where it is not there.

    Raises DataError where the one around it is not there, or where nothing can be written into it.
    """
    with _refusing(folder):
        if os.path.lexists(folder):
            existing(folder)
        elif not folder.absolute().parent.is_dir():  # raises where it cannot even be seen
            raise DataError(f"{quoted(folder)} cannot be made: {_absent(folder.absolute().parent)}")
    writable(folder)
    return folder


def to_be_published_in(folder: Path) -> Path:
    """A folder of bundles, which is made where it is not there. Raises DataError where nothing can be published."""
    to_be_written(folder)
    for lock in (folder / LOCK, folder / RETRAIN_LOCK):
        if lock.exists() and not os.access(lock, os.W_OK):
            raise DataError(f"{quoted(lock)}: cannot write: {os.strerror(errno.EACCES)}")
    return folder


def writable(folder: Path, needed: int = 0) -> None:
    """Make sure that `needed` bytes can be written into a folder, there or yet to be made, and leave no trace.

    Raises DataError where a folder is a file, is read-only, belongs to somebody else, or where the disk is too full.
    """
    with _refusing(folder):
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    if free < needed:
        raise DataError(
            f"{quoted(folder)}: at least {_megabytes(needed)} will be written there, and {_megabytes(free)} are free"
        )


def writable_file(file: Path, needed: int = 0) -> None:
    """Make sure that a file of `needed` bytes can be written, and leave no trace. Raises DataError where it cannot."""
    around = file.absolute().parent
    with _refusing(file):
        if file.exists():
            if file.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not os.access(file, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return
        if not around.is_dir():
            raise DataError(f"{quoted(file)}: cannot write: {_absent(around)}")
        with tempfile.TemporaryFile(dir=around):
            pass
    writable(around, needed)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """What the system refuses of a path becomes a DataError that names it."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{quoted(path)}: cannot write: {error.strerror or error}") from None


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # a path's own method raises where a name is too long


def _absent(folder: Path) -> str:
    """The refusal of a folder that is not there, with the part of its path that is."""
    there = next(filter(_is_folder, folder.absolute().parents))
    beside = "" if there == folder.absolute().parent else f"; of its path there is {quoted(there)} alone"
    return f"there is no folder {quoted(folder)}{beside}"
