"""What a store of live users promises, whatever keeps the data, and how to open one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import InvalidArgumentError, Violation
from core.types import Event


@dataclass(frozen=True, slots=True)
class AppendResult:
    """What became of a batch of events; the two numbers add up to its size."""

    accepted: int  # stored now
    duplicates: int  # their event id was stored before, or came earlier in the same batch: the first one stays


class StateStore(Protocol):
    """Users' events. Every method may be called from any thread, and by any number of processes on the same store.

    Every method raises StateError, in one line, while the store cannot be read or written.
    """

    def append(self, events: Sequence[Event]) -> AppendResult:
        """Store a batch, all of it or nothing. Once it returns, the events survive a crash and all processes see them.

        An event id that is known already is not stored again, so a batch may be sent again after any failure. Raises
        InvalidArgumentError, and stores nothing, where a time is no int64, a value not finite or a text not UTF-8.
        """

    def history(self, user_id: str, limit: int) -> list[Event]:
        """The newest `limit` events of a user, oldest first; of equal times, the one stored first comes first.

        A user that nobody ever wrote about has none. A negative limit raises ValueError.
        """

    def ping(self) -> None:
        """Return if the store can be read."""

    def close(self) -> None:
        """Let go of the store; calls after this raise StateError. Closing again does nothing."""


def open_store(url: str) -> StateStore:
    """The store that `url` names: `sqlite:PATH` for a file, which is created where there is none, or `sqlite::memory:`.

    Raises InvalidArgumentError for any other URL and StateError where the file cannot be used.
    """
    scheme, _, path = url.partition(":")
    if scheme == "sqlite" and path:
        from state.sqlite import SqliteStore  # late: an implementation knows this module, and only one is needed

        return SqliteStore(path)
    if scheme in ("redis", "rediss"):
        raise InvalidArgumentError([Violation("state", "a store in Redis is not supported yet, use sqlite:PATH")])
    raise InvalidArgumentError([Violation("state", f"{url!r} names no store, expected sqlite:PATH or sqlite::memory:")])


def check_events(events: Sequence[Event]) -> None:
    """Raise InvalidArgumentError, with every violation, where an event cannot be stored as it is by every store."""
    violations: list[Violation] = []
    for position, event in enumerate(events):
        where = f"events[{position}]"
        if not -(2**63) <= event.time < 2**63:
            violations.append(Violation(f"{where}.time", "must fit 64 bits"))
        if not math.isfinite(event.value):
            violations.append(Violation(f"{where}.value", "must be a finite number"))
        for name in ("event_id", "user_id", "item_id", "session_id", "attribution_token"):
            if not is_utf8(getattr(event, name)):
                violations.append(Violation(f"{where}.{name}", "must be valid Unicode"))
    if violations:
        raise InvalidArgumentError(violations)


def is_utf8(text: str) -> bool:
    """Whether the text can be stored: Python's strings may hold lone surrogates, which UTF-8 has no bytes for."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
