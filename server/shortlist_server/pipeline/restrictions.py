"""Restrictions: which items the queries of a batch must not get: seen, excluded, deleted and filtered items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shortlist_core.types import Bools, Int32s, Int64s, among, distinct
from shortlist_server.system.filters import Allowed

_NOTHING: Int32s = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Restrictions:
    """The restrictions of each query of a batch. All queries share the filter and the deleted items."""

    seen: Sequence[Int32s]  # [batch] sorted, distinct rows, none deleted; empty where seen items may come again
    excluded: Sequence[Int32s]  # [batch] sorted, distinct rows
    allowed: Allowed | None  # None: every item that is not deleted
    deleted: Int32s  # sorted, distinct rows

    @property
    def blocked(self) -> list[Int32s]:
        """The rows that each query must not get although `allowed` lets them through, int32, sorted and distinct."""
        deleted = self.deleted if self.allowed is None else _NOTHING
        return [
            distinct(np.concatenate([seen, excluded, deleted])) if len(excluded) or len(deleted) else seen
            for seen, excluded in zip(self.seen, self.excluded, strict=True)
        ]

    def broken(self, query: int, rows: Int32s) -> dict[str, Bools]:
        """Which of `rows` break a restriction: drop reason -> bool [rows]. Each row breaks one at most."""
        seen = among(rows, self.seen[query])
        excluded = among(rows, self.excluded[query]) & ~seen
        deleted = among(rows, self.deleted) & ~seen & ~excluded
        masks = {"seen": seen, "excluded": excluded, "deleted": deleted}
        if self.allowed is not None:
            masks["filtered"] = ~self.allowed.items[rows] & ~seen & ~excluded & ~deleted
        return {reason: mask for reason, mask in masks.items() if mask.any()}

    def ruled_out(self, query: int) -> dict[str, int]:
        """How many items each restriction keeps from the query: drop reason -> items. An item counts once."""
        seen, excluded = self.seen[query], np.setdiff1d(self.excluded[query], self.seen[query], assume_unique=True)
        counts = {"seen": len(seen), "excluded": len(excluded), "deleted": len(self.deleted)}
        if self.allowed is not None:
            twice = int(np.count_nonzero(~self.allowed.items[np.concatenate([seen, excluded])]))
            counts["filtered"] = self.allowed.ruled_out - twice
        return {reason: count for reason, count in counts.items() if count}

    def select(self, which: Int64s) -> Restrictions:
        """The restrictions of the queries at the positions `which`."""
        return replace(self, seen=[self.seen[i] for i in which], excluded=[self.excluded[i] for i in which])
