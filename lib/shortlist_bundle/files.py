"""Durable file operations for publishing: check a name, hash, sync, replace, lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", re.ASCII)


def is_safe_name(name: str) -> bool:
    """Whether `name` is a relative path of plain segments, such as `items/price`, that cannot leave its directory."""
    return len(name) <= 255 and _NAME.fullmatch(name) is not None


def open_plain(path: Path) -> IO[bytes]:
    """A plain file, opened for unbuffered reading. A symbolic link raises OSError; a pipe does not block."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes in hexadecimal."""
    digest, chunk = hashlib.sha256(), bytearray(1 << 20)
    view = memoryview(chunk)
    with open_plain(path) as file:
        while read := file.readinto(view):  # type: ignore[attr-defined]  # raw files have it, IO[bytes] hides it
            digest.update(view[:read])
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Return once a file's bytes, or a directory's entries, are on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Write a whole file and return once its bytes are on disk. The caller has to sync the directory."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_durably(path: Path, content: bytes) -> None:
    """Replace the content of `path` in one step: a reader sees all of the old or all of the new, also after a crash."""
    beside = path.with_name(f".{path.name}.new")
    write_durably(beside, content)
    beside.replace(path)
    sync(path.parent)


def identity(path: Path) -> tuple[int, int, int] | None:
    """Inode, modification time (ns) and size: they differ between a file and its replacement. None without a file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`, among threads and processes. A killed process releases its lock."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lock_shared(path: Path) -> IO[bytes] | None:
    """A shared lock on a file, held until the returned file is closed. None where it cannot be opened or locked."""
    try:
        file = open_plain(path)
        fcntl.flock(file, fcntl.LOCK_SH)
    except OSError:
        return None
    return file


@contextmanager
def unlocked(path: Path) -> Iterator[bool]:
    """Whether no living process holds a lock on the file. If so, none gets one before the context ends.

    A file that cannot be opened counts as unlocked.
    """
    try:
        file = path.open("r+b")
    except OSError:
        yield True
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
