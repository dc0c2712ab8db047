"""What a store promises of items that callers write while servers serve, whatever keeps the data.

The store holds the newest state of every item that was ever written or deleted, not a log: it does not grow with how
often an item changes. A deletion stays as a tombstone, as bundles go on knowing the item, until `compact` drops it.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_state.checks import is_utf8


class Before(Enum):
    """What the store had of an item before it was changed."""

    NOTHING = 0
    DELETED = 1
    ITEM = 2


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch of items."""

    sequence: int  # of the last change of the batch; the others have the numbers before it
    before: list[Before]  # of each item, in the order of the batch


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A stretch of the changes."""

    changes: list[CatalogChange]
    end: int  # sequence number up to which everything is known now; where to go on
    more: bool  # whether there may be more right now


class CatalogStore(ABC):
    """Items. Every method may be called from any thread, and by any number of processes on the same store.

    A change's sequence number is the time of its commit in microseconds, or one more than the number before where that
    is larger: numbers only ever grow, also past a restored backup or the loss of all data.

    Every method raises StateError, in one line, while the store cannot be read or written.
    """

    @property
    @abstractmethod
    def identity(self) -> str:
        """Names this store: what a bundle was trained on says so by this name. The same for every handle."""

    @abstractmethod
    def upsert(self, items: Sequence[CatalogItem], expected: int | None = None) -> Written | None:
        """Write a batch of different items, each wholly, all of them or nothing; durable as events are.

        With `expected`, nothing is written and None returned where `position` is another by now. Raises
        InvalidArgumentError, and stores nothing, where a price is not finite or a text not UTF-8.
        """

    @abstractmethod
    def delete(self, item_ids: Sequence[str]) -> Written:
        """Delete different items, all of them or none, also such as only bundles know."""

    @abstractmethod
    def get(self, item_ids: Sequence[str]) -> list[CatalogChange | None]:
        """The newest change of each item, None for one that the store has nothing of."""

    @abstractmethod
    def items(self, after: str, limit: int) -> list[CatalogChange]:
        """Up to `limit` items that are there, in the order of their ids' UTF-8, past the id `after` (empty: from the
        first).
        """

    @abstractmethod
    def changes(self, after: int, limit: int) -> ChangePage:
        """The newest change of up to `limit` items, in the order of their sequence numbers, past `after` (-1: all)."""

    @abstractmethod
    def position(self) -> int:
        """The sequence number of the newest change that ever was, 0 where nothing ever was."""

    @abstractmethod
    def count(self) -> int:
        """How many items are there, deleted ones not counted."""

    @abstractmethod
    def drop(self, changes: Sequence[CatalogChange]) -> int:
        """Forget these changes, for good: how many of them were still the newest of their item, and are gone now."""


def check_items(items: Sequence[CatalogItem]) -> None:
    """Raise InvalidArgumentError, with every violation, where an item cannot be stored as it is by every store."""
    violations: list[Violation] = []
    first: dict[str, int] = {}
    for position, item in enumerate(items):
        where = f"items[{position}]"
        if (earlier := first.setdefault(item.item_id, position)) != position:
            violations.append(Violation(f"{where}.item_id", f"is the item of items[{earlier}] again"))
        if item.price is not None and not math.isfinite(item.price):
            violations.append(Violation(f"{where}.price", "must be a finite number"))
        if not is_utf8(to_json(item) + item.item_id):
            violations.append(Violation(where, "must be valid Unicode"))
    if violations:
        raise InvalidArgumentError(violations)


def check_ids(item_ids: Sequence[str]) -> None:
    """The same for items to delete."""
    check_items([CatalogItem(item_id) for item_id in item_ids])


def to_json(item: CatalogItem) -> str:
    """Everything of an item but its id."""
    fields = [item.title, item.text, item.categories, item.price]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def to_change(item_id: str, sequence: int, text: str | bytes) -> CatalogChange:
    """The change that was stored as `to_json` makes it, or as nothing for a deleted item."""
    if not text:
        return CatalogChange(sequence, item_id, None, sequence)
    title, words, categories, price = json.loads(text)
    return CatalogChange(sequence, item_id, CatalogItem(item_id, title, words, tuple(categories), price), sequence)
