"""Restrictions: which items the queries of a batch must not get: seen, excluded, shown, deleted and filtered items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_core.types import Bools, Int32s, Int64s, among, distinct
from shortlist_server.system.filters import Allowed

_NOTHING: Int32s = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Restrictions:
    """The restrictions of each query of a batch. All queries share the filter and the deleted items."""

    seen: Sequence[Int32s]  # [batch] sorted, distinct rows, none deleted; empty where seen items may come again
    excluded: Sequence[Int32s]  # [batch] sorted, distinct rows
    shown: Sequence[Int32s]  # [batch] sorted, distinct rows, none deleted: what earlier pages of the lists hold
    allowed: Allowed | None  # None: every item that is not deleted
    deleted: Int32s  # sorted, distinct rows

    @property
    def blocked(self) -> list[Int32s]:
        """The rows that each query must not get although `allowed` lets them through, int32, sorted and distinct."""
        deleted = self.deleted if self.allowed is None else _NOTHING
        return [
            distinct(np.concatenate([*own, deleted])) if len(deleted) or any(map(len, own[1:])) else own[0]
            for own in zip(self.seen, self.excluded, self.shown, strict=True)
        ]

    def broken(self, query: int, rows: Int32s) -> dict[str, Bools]:
        """Which of `rows` break a restriction: drop reason -> bool [rows]. Each row breaks one at most."""
        seen = among(rows, self.seen[query])
        excluded = among(rows, self.excluded[query]) & ~seen
        shown = among(rows, self.shown[query]) & ~seen & ~excluded
        others = ~seen & ~excluded & ~shown
        deleted = among(rows, self.deleted) & others
        masks = {"seen": seen, "excluded": excluded, "shown": shown, "deleted": deleted}
        if self.allowed is not None:
            masks["filtered"] = ~self.allowed.items[rows] & others & ~deleted
        return {reason: mask for reason, mask in masks.items() if mask.any()}

    def ruled_out(self, query: int) -> dict[str, int]:
        """How many items each restriction keeps from the query: drop reason -> items. An item counts once."""
        seen, excluded, shown = self.seen[query], self.excluded[query], self.shown[query]
        excluded = excluded[~among(excluded, seen)]
        shown = shown[~among(shown, seen) & ~among(shown, excluded)]
        counts = {"seen": len(seen), "excluded": len(excluded), "shown": len(shown), "deleted": len(self.deleted)}
        if self.allowed is not None:
            twice = int(np.count_nonzero(~self.allowed.items[np.concatenate([seen, excluded, shown])]))
            counts["filtered"] = self.allowed.ruled_out - twice
        return {reason: count for reason, count in counts.items() if count}

    def left(self, query: int, catalogue: int) -> int:
        """How many items of a catalogue of so many rows no restriction keeps from the query."""
        return catalogue - sum(self.ruled_out(query).values())

    def leaves_more(self, query: int, catalogue: int, than: int) -> bool:
        """Whether `left` is above a number; mostly told without looking for items that break several restrictions."""
        filtered = 0 if self.allowed is None else self.allowed.ruled_out
        of_query = len(self.seen[query]) + len(self.excluded[query]) + len(self.shown[query])
        if catalogue - of_query - len(self.deleted) - filtered > than:
            return True
        return self.left(query, catalogue) > than

    def select(self, which: Int64s) -> Restrictions:
        """The restrictions of the queries at the positions `which`."""
        seen, excluded, shown = ([each[i] for i in which] for each in (self.seen, self.excluded, self.shown))
        return Restrictions(seen, excluded, shown, self.allowed, self.deleted)
