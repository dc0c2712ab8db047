"""The watch over an open SQLite file: whether it still lies at its path, and what is saved where it does not.

SQLite keeps the newest commits in a log beside the file (`-wal`), found by the path. Where another file comes to lie at
the path, whoever opens it would read the old log into it. So the log is emptied into the old file, or set aside.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import structlog

from shortlist_core.errors import StateReplacedError
from shortlist_state.raw_file import Identity, application_id, id_in_log, identity

_PARTS = ("", "-wal", "-shm")
"""What SQLite keeps at the path while it is in use: the file, its log, and the index of the log."""

_READS, _PAUSE_SECONDS = 10, 0.02  # before a log counts as that of another file

log = structlog.get_logger(__name__)


class FileWatch:
    """Watches the file at `path`, which `connection` has just opened and read."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self._path = path
        self._parts = _parts(path)
        own = connection.execute("PRAGMA application_id").fetchone()[0]
        self._ids = {own, application_id(path)}  # the first page of a new file may be in the log alone
        self._is_told = self._is_saved = False

    def is_there(self) -> bool:
        """Whether the file that was opened still lies at the path. Takes microseconds."""
        if _parts(self._path) != self._parts or application_id(self._path, self._parts[0]) not in self._ids:
            if not self._is_told:
                self._is_told = True
                log.error("state_replaced", file=self._path)
            return False
        self._is_told = self._is_saved = False
        return True

    def error(self) -> StateReplacedError:
        """What to raise where the file is not there."""
        return StateReplacedError(
            f"the state in {self._path} was replaced, moved or removed while it was in use: put it back, or restart the"
            " server, which then uses what is there; until then nothing is written"
        )

    def save(self, connection: sqlite3.Connection) -> None:
        """Bring what the log holds into the file that `connection` has open, once, where nobody else can use the log.

        The log of a file whose bytes were written over fits no file any more, and is set aside.
        """
        file, wal, _ = _parts(self._path)
        if self._is_saved or wal not in (self._parts[1], None):
            return
        with suppress(sqlite3.Error, OSError):
            if file == self._parts[0] and application_id(self._path, file) not in self._ids:
                shutil.copy(f"{self._path}-wal", f"{self._path}-wal.orphaned")
                os.truncate(f"{self._path}-wal", 0)  # or SQLite would still bring it into the file when it is closed
                for part in _PARTS[1:]:
                    Path(self._path + part).unlink()
            else:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._is_saved = True


def check_log(path: str) -> None:
    """Raise StateReplacedError where the log at a path is that of another file. Call this before SQLite opens the file.

    SQLite would bring the log into the file, at the latest when it is closed. File and log are read one after the
    other, so while another process creates them they may differ for a moment: they are read again.
    """
    for _ in range(_READS):
        own, logged = application_id(path), id_in_log(f"{path}-wal")
        if not own or logged in (None, own):
            return
        time.sleep(_PAUSE_SECONDS)
    raise StateReplacedError(f"{path}-wal is the log of another file than {path}: move it away")


def _parts(path: str) -> tuple[Identity | None, ...]:
    return tuple(identity(path + part) for part in _PARTS)
