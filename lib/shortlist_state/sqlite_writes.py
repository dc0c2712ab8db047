"""Group commit: waiting writes are committed together, because a sync costs far more than an insert."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from shortlist_core.errors import StateError
from shortlist_state.sqlite_file import SqliteFile, transaction

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Write:
    """One caller's write and its result."""

    work: Callable[[sqlite3.Connection], Any]
    answer: Any = None
    error: BaseException | None = None
    done: bool = False


class SqliteWrites:
    """The writes of one process into a file, one transaction after another."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._waiting: deque[_Write] = deque()
        self._writing = threading.Lock()

    def commit(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` and return its answer once its changes are on disk. Several writes may share a transaction.

        An error in one of them ends the transaction for all.

        Raises StateError where they cannot be written, or where the file that they were written to is gone.
        """
        write = _Write(work)
        self._waiting.append(write)
        with self._writing:  # the first writer also writes for all that wait by then; these find their write done
            if not write.done:
                self._commit([self._waiting.popleft() for _ in range(len(self._waiting))])
        if write.error is not None:
            kind = type(write.error) if isinstance(write.error, StateError) else StateError
            raise kind(str(write.error) or "interrupted while writing") from write.error
        answer: T = write.answer
        return answer

    def alone(self) -> AbstractContextManager[object]:
        """A context in which nothing else in this process writes."""
        return self._writing

    def _commit(self, writes: list[_Write]) -> None:
        """Run all writes in one transaction and store the result of each."""
        try:
            with self._file.borrow("written") as connection:
                with transaction(connection):
                    for write in writes:
                        write.answer = write.work(connection)
                self._file.check()  # the commit counts for nothing if its file was taken away meanwhile
        except BaseException as error:
            for write in writes:
                write.error = error
            if not isinstance(error, StateError):
                raise
        finally:
            for write in writes:
                write.done = True
