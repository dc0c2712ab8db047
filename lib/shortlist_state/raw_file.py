"""Raw bytes of a SQLite file that this process has open through SQLite too.

Descriptors are never closed: closing any descriptor of a file ends all POSIX locks that the process has on it, those of
SQLite included. Another process would then take itself for the last one, and delete the log with the newest commits.
"""

from __future__ import annotations

import os
import struct

_ID_AT = 68
"""Where a file of SQLite has its `application_id`, big-endian (https://www.sqlite.org/fileformat.html)."""

_CHUNK = 1 << 20

_descriptors: dict[tuple[int, int], int] = {}

Identity = tuple[int, int]
"""Device and inode."""


def identity(path: str) -> Identity | None:
    """Which file lies at a path; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116  # before each read and write: a Path costs more than the call
    except OSError:
        return None
    return status.st_dev, status.st_ino


def application_id(path: str) -> int:
    """The `application_id` in the bytes of a file, -1 for a file that is too short. Raises OSError."""
    content = os.pread(_descriptor(path), 4, _ID_AT)
    return int(struct.unpack(">i", content)[0]) if len(content) == 4 else -1


def holds(path: str, trace: bytes) -> bool:
    """Whether the bytes `trace` occur in a file."""
    descriptor, at, tail = _descriptor(path), 0, b""
    while trace and (chunk := os.pread(descriptor, _CHUNK, at)):
        if trace in tail + chunk:
            return True
        at, tail = at + len(chunk), (tail + chunk)[-len(trace) :]
    return False


def _descriptor(path: str) -> int:
    descriptor = _descriptors.get(identity(path) or (-1, -1))
    if descriptor is None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        _descriptors[status.st_dev, status.st_ino] = descriptor
    return descriptor
