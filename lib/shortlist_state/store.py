"""What a store of live users and items promises, whatever keeps the data."""

from __future__ import annotations

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from shortlist_core.catalog import Attribute
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.types import Event, EventType
from shortlist_state.catalog import CatalogStore
from shortlist_state.checks import is_utf8

IDENTITY = " the store itself"
"""Hashed in place of a user id it names the store; no user id begins with white space."""


IMPRESSIONS = 300
"""Newest impressions of a user that are read for an answer: older ones hardly count any more."""

Impression = tuple[str, int]
"""The id of an item that was shown, and when, microseconds."""


@dataclass(frozen=True, slots=True)
class AppendResult:
    """What became of a batch of events; the two numbers add up to its size."""

    accepted: int  # stored now
    duplicates: int  # their event id was stored before, or came earlier in the same batch: the first one stays


@dataclass(frozen=True, slots=True)
class LiveUser:
    """What the store has of a user that an answer needs."""

    events: list[Event]  # oldest first, without impressions: a server may write many for each thing that a user does
    erased: bool  # whether the user was ever erased: what was learned elsewhere before (a bundle) is not to be used
    attributes: tuple[Attribute, ...] = ()  # that were written
    impressions: Sequence[Impression] = ()  # in any order


@dataclass(frozen=True, slots=True)
class Summary:
    """What the store has of a user, in numbers."""

    counts: Mapping[EventType, int]  # of the types that occur
    first: int | None  # time of the earliest event in microseconds; None without events
    last: int | None
    erased: bool
    attributes: int = 0  # that were written


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that happened to the store: an event was stored or, where `event` is None, a user was erased."""

    sequence: int  # from 0, growing in the order of commits; what was erased leaves gaps
    user: bytes  # pseudonym
    event: Event | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """A stretch of the log."""

    entries: list[LogEntry]
    end: int  # sequence number up to which everything is known now; where to go on
    more: bool  # whether there may be more right now


@dataclass(frozen=True, slots=True)
class Expired:
    """What one step of the expiry did."""

    deleted: int  # events
    waiting: int  # events that are due, but that no training has taken yet
    place: str  # where the next step goes on
    more: bool  # whether there are more users to look at


class StateStore(ABC):
    """Users' events, and beside them the catalogue's changes. Every method may be called from any thread, and by
    any number of processes on the same store.

    Every method raises StateError, in one line, while the store cannot be read or written.
    """

    @property
    @abstractmethod
    def catalog(self) -> CatalogStore:
        """The items that are kept in the same place; closed with this store."""

    @abstractmethod
    def append(self, events: Sequence[Event]) -> AppendResult:
        """Store a batch, all of it or nothing. Once it returns, the events are durable and all processes see them.

        An event id that is known already is not stored again, so a batch may be sent again after any failure. Raises
        InvalidArgumentError, and stores nothing, where a time is no int64, a value not finite or a text not UTF-8.
        What durable means is the implementation's: see each one's module.
        """

    @abstractmethod
    def describe(self, attributes: Mapping[str, Sequence[Attribute]]) -> None:
        """Store the attributes of users, by user id, all of it or nothing; those of before are replaced. As durable as
        events.

        No attributes take back what was stored. Raises InvalidArgumentError, and stores nothing, where a text is not
        UTF-8.
        """

    @abstractmethod
    def described(self) -> Iterator[tuple[str, tuple[Attribute, ...]]]:
        """All users who have attributes, with these, in any order. What changes meanwhile may be old or new."""

    @abstractmethod
    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """The newest `limit` events of each user, and beside them up to IMPRESSIONS of the newest impressions.

        No more of either kind than `limit`. Of events of equal times, the one stored first comes first.

        A user that nobody ever wrote about has none. A negative limit raises ValueError.
        """

    def history(self, user_id: str, limit: int) -> list[Event]:
        """The events alone of one user, as `read` has them: without impressions."""
        return self.read([user_id], limit)[0].events

    @abstractmethod
    def summary(self, user_id: str) -> Summary:
        """What there is of a user, in numbers."""

    @abstractmethod
    def export(self, user_id: str, after: int, limit: int) -> LogPage:
        """Up to `limit` of a user's events in the order of commits, past `after` (-1: from the first)."""

    @abstractmethod
    def erase(self, user_id: str) -> int:
        """Forget a user: how many events there were. Nothing of the id is left in the store's files or keys after it.

        What remains is the user's pseudonym, for all who hold older data to respect. Events written later are stored
        as those of a new user. Safe to repeat, also after a failure.
        """

    @abstractmethod
    def log(self, after: int, limit: int) -> LogPage:
        """Up to `limit` entries of all users in the order of commits, past `after` (-1: from the first)."""

    @abstractmethod
    def position(self) -> int:
        """The sequence number of the newest entry that ever was, -1 where nothing ever was."""

    @abstractmethod
    def tombstones(self) -> frozenset[bytes]:
        """The pseudonyms of all who were erased."""

    @abstractmethod
    def expire(self, before: int | None, most: int | None, place: str, users: int) -> Expired:
        """Delete events with a time before `before` (microseconds), and all but the newest `most` of each user.

        Impressions are counted apart: of these, too, the newest `most` stay.

        A step looks at about `users` users from `place` on, which is empty at first, and deletes a few hundred events
        at most, so that writers hardly wait. The log has gaps afterwards, as after an erasure.

        Once a training has taken events from the store (`take`), only events that one has taken are deleted.
        """

    @abstractmethod
    def take(self, sequence: int) -> None:
        """Note that a training has taken the log up to this number; a smaller number than before changes nothing.

        -1 says that trainings read this store, and have taken nothing yet.
        """

    @abstractmethod
    def pseudonym(self, user_id: str) -> bytes:
        """What the store calls a user after erasure: a hash, salted with a secret of this store's own, 16 bytes."""

    def ping(self) -> None:
        """Return if the store can be read."""
        self.position()

    @abstractmethod
    def close(self) -> None:
        """Let go of the store; calls after this raise StateError. Closing again does nothing."""


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


def check_attributes(attributes: Mapping[str, Sequence[Attribute]]) -> None:
    """Raise InvalidArgumentError, with every violation, where users' attributes cannot be stored as they are."""
    violations = [
        Violation(f"users[{position}]", "must be valid Unicode")
        for position, (user_id, pairs) in enumerate(attributes.items())
        if not all(map(is_utf8, (user_id, *chain.from_iterable(pairs))))
    ]
    if violations:
        raise InvalidArgumentError(violations)


def attributes_to_json(pairs: Sequence[Attribute]) -> str:
    """A user's attributes as the stores keep them."""
    return json.dumps(list(pairs), ensure_ascii=False, separators=(",", ":"))


def attributes_of_json(text: str | bytes | None) -> tuple[Attribute, ...]:
    """The attributes that `attributes_to_json` wrote; none where there is nothing, or what cannot be read."""
    try:
        return tuple((str(key), str(value)) for key, value in json.loads(text or "[]"))
    except (ValueError, TypeError):
        return ()


def without_wishes_below(entries: Sequence[LogEntry], line: float) -> list[LogEntry]:
    """The entries, in which every rating of a value below `line` is a dislike."""
    if line == -math.inf:
        return list(entries)
    return [
        replace(entry, event=replace(entry.event, type=EventType.DISLIKE))
        if entry.event and entry.event.type == EventType.RATING and entry.event.value < line
        else entry
        for entry in entries
    ]


def salted(salt: bytes, user_id: str) -> bytes:
    """The pseudonym of a user under a salt; a text that no store takes has one as well."""
    return hashlib.blake2b(user_id.encode("utf-8", "surrogatepass"), key=salt, digest_size=16).digest()
