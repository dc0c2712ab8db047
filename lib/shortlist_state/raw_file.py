"""Raw bytes of a SQLite file that this process has open through SQLite too.

Closing any descriptor of a file ends all POSIX locks that the process has on it, those of SQLite included. Another
process would then take itself for the last one, and delete the log with the newest commits. So the descriptor of a file
is closed only once nobody in this process has the file open (`hold`, `release`).
"""

from __future__ import annotations

import os
import struct
import threading
from collections import Counter
from pathlib import Path

_ID_AT = 68
"""Where a file of SQLite has its `application_id`, big-endian (https://www.sqlite.org/fileformat.html)."""

_LOG_HEADER, _FRAME = struct.Struct(">8I"), struct.Struct(">6I")

_CHUNK = 1 << 20

Identity = tuple[int, int]
"""Device and inode."""

_changing = threading.Lock()
_descriptors: dict[Identity, int] = {}
_holders: Counter[Identity] = Counter()


def hold(path: str) -> Identity:
    """Announce that SQLite has the file open in this process; returns which file it is, for `release`."""
    file = identity(path) or (-1, -1)
    with _changing:
        _holders[file] += 1
    return file


def release(file: Identity) -> None:
    """Announce that all connections of one holder are closed."""
    with _changing:
        _holders[file] -= 1
        if _holders[file] <= 0:
            del _holders[file]
            if (descriptor := _descriptors.pop(file, None)) is not None:
                os.close(descriptor)


def identity(path: str) -> Identity | None:
    """Which file lies at a path; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116  # before each read and write: a Path costs more than the call
    except OSError:
        return None
    return status.st_dev, status.st_ino


def application_id(path: str, file: Identity | None = None) -> int:
    """The `application_id` in the bytes of a file, -1 for a file that is too short. Raises OSError.

    A caller that knows already which file lies at the path spares looking again.
    """
    content = os.pread(_descriptor(path, file), 4, _ID_AT)
    return int(struct.unpack(">i", content)[0]) if len(content) == 4 else -1


def id_in_log(path: str) -> int | None:
    """The `application_id` in the newest first page of a log (https://www.sqlite.org/walformat.html), None without one.

    Frames that are left of an earlier use of the log have other salts than its header.
    """
    try:
        with Path(path).open("rb") as file:
            header, found = file.read(_LOG_HEADER.size), None
            if len(header) < _LOG_HEADER.size:
                return None
            _, _, page_bytes, _, *salts, _, _ = _LOG_HEADER.unpack(header)
            while len(frame := file.read(_FRAME.size)) == _FRAME.size:
                page, _, *own_salts, _, _ = _FRAME.unpack(frame)
                if own_salts != salts:
                    break
                content = file.read(page_bytes)
                if page == 1 and len(content) == page_bytes:
                    found = int.from_bytes(content[_ID_AT : _ID_AT + 4], "big", signed=True)
            return found
    except OSError:
        return None


def holds(path: str, trace: bytes) -> bool:
    """Whether the bytes `trace` occur in a file."""
    descriptor, at, tail = _descriptor(path), 0, b""
    while trace and (chunk := os.pread(descriptor, _CHUNK, at)):
        if trace in tail + chunk:
            return True
        at, tail = at + len(chunk), (tail + chunk)[-len(trace) :]
    return False


def _descriptor(path: str, file: Identity | None = None) -> int:
    descriptor = _descriptors.get(file or identity(path) or (-1, -1))
    if descriptor is not None:
        return descriptor
    with _changing:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        return _descriptors.setdefault((status.st_dev, status.st_ino), descriptor)
