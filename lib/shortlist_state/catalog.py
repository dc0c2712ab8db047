"""Catalogue store: the interface of stores for items that callers write while servers serve.

A store keeps the newest state of every item that was written or deleted, not a log, so it does not grow with the number
of changes of an item. A deletion stays as a tombstone until `compact` drops it, because bundles still contain the item.
"""

from __future__ import annotations

import base64
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_state.checks import is_utf8


class Before(Enum):
    """What the store had of an item before a change."""

    NOTHING = 0
    DELETED = 1
    ITEM = 2


@dataclass(frozen=True, slots=True)
class Written:
    """The result of writing a batch of items."""

    sequence: int  # of the last change of the batch; the others have the numbers before it
    before: list[Before]  # of each item, in the order of the batch


@dataclass(frozen=True, slots=True)
class ChangePage:
    """One page of the changes."""

    changes: list[CatalogChange]
    end: int  # sequence number up to which this page is complete; where the next page starts
    more: bool  # whether there may be more changes now


class CatalogStore(ABC):
    """A store of items. Every method may be called from any thread, and by any number of processes on the same store.

    The sequence number of a change is the time of its commit in microseconds, or one more than the number before if
    that is larger. So numbers grow even after a backup was restored or all data was lost.

    Every method raises StateError, with a text of one line, while the store cannot be read or written.
    """

    @property
    @abstractmethod
    def identity(self) -> str:
        """The name of this store, the same for every handle. Bundles record by it which changes they contain."""

    @abstractmethod
    def upsert(self, items: Sequence[CatalogItem], expected: int | None = None) -> Written | None:
        """Write a batch of distinct items, each as a whole, all or none; as durable as events.

        With `expected`, nothing is written and None is returned unless `position` still equals it. Raises
        InvalidArgumentError, and writes nothing, where a price is not finite or a text is not valid Unicode.
        """

    @abstractmethod
    def delete(self, item_ids: Sequence[str]) -> Written:
        """Delete distinct items, all or none; they may be items that only bundles contain."""

    @abstractmethod
    def get(self, item_ids: Sequence[str]) -> list[CatalogChange | None]:
        """The newest change of each item; None for an item that the store does not have."""

    @abstractmethod
    def items(self, after: str, limit: int) -> list[CatalogChange]:
        """Up to `limit` items that are not deleted, after the id `after` (empty: from the first).

        They are in the order of their ids' UTF-8 bytes.
        """

    @abstractmethod
    def changes(self, after: int, limit: int) -> ChangePage:
        """The newest change of up to `limit` items with numbers after `after` (-1: all), in the order of numbers."""

    @abstractmethod
    def position(self) -> int:
        """The sequence number of the newest change ever made; 0 if there was none."""

    @abstractmethod
    def count(self) -> int:
        """The number of items, without deleted ones."""

    @abstractmethod
    def drop(self, changes: Sequence[CatalogChange]) -> int:
        """Drop those of the changes that are still the newest of their item; returns how many were dropped."""


def check_items(items: Sequence[CatalogItem]) -> None:
    """Raise InvalidArgumentError with all violations where an item cannot be stored in every store."""
    violations: list[Violation] = []
    first: dict[str, int] = {}
    for position, item in enumerate(items):
        where = f"items[{position}]"
        if (earlier := first.setdefault(item.item_id, position)) != position:
            violations.append(Violation(f"{where}.item_id", f"is the item of items[{earlier}] again"))
        if item.price is not None and not math.isfinite(item.price):
            violations.append(Violation(f"{where}.price", "must be a finite number"))
        if not np.isfinite(np.asarray(item.embedding, np.float32)).all():
            violations.append(Violation(f"{where}.embedding", "must hold finite numbers"))
        if not is_utf8(to_json(item) + item.item_id):
            violations.append(Violation(where, "must be valid Unicode"))
    if violations:
        raise InvalidArgumentError(violations)


def check_ids(item_ids: Sequence[str]) -> None:
    """As `check_items`, for the ids of items to delete."""
    check_items([CatalogItem(item_id) for item_id in item_ids])


def to_json(item: CatalogItem) -> str:
    """An item without its id, as JSON."""
    fields: list[object] = [item.title, item.text, item.categories, item.price]
    # What an item has nothing of is left out, as earlier versions, which may still serve meanwhile, wrote it.
    offered = not item.available or item.release_time is not None
    if item.attributes or item.embedding or offered or item.pixels:
        fields += [item.attributes, [float(str(np.float32(number))) for number in item.embedding]]
    if offered or item.pixels:
        fields += [item.available, item.release_time]
    if item.pixels:
        fields.append(base64.b64encode(item.pixels).decode())
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def to_change(item_id: str, sequence: int, text: str | bytes) -> CatalogChange:
    """The change that was stored: `text` is what `to_json` returned, empty for a deleted item."""
    if not text:
        return CatalogChange(sequence, item_id, None, sequence)
    title, words, categories, price, *more = json.loads(text)
    attributes, embedding = more[:2] or ((), ())
    available, release_time = more[2:4] or (True, None)
    pairs = tuple((key, value) for key, value in attributes)
    content = title, words, tuple(categories), price, pairs, tuple(embedding)
    item = CatalogItem(item_id, *content, available, release_time, base64.b64decode("".join(more[4:])))
    return CatalogChange(sequence, item_id, item, sequence)
