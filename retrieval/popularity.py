"""What many people took lately, in several windows: the source of last resort, and a strong one where fashions pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bundle.reader import Bundle
from bundle.writer import BundleWriter
from core.types import DAY, Float32s, Int32s, Queries
from layers.new_items import NewItems
from retrieval.profile import wanted
from retrieval.scores import StaticScores


@dataclass(frozen=True)
class Popularity:
    """log(1 + distinct users) per item within a window that ends with the training data."""

    name: str
    values: Float32s  # [items], and 0 for those that came later
    order: Int32s  # rows, most popular first; items that nobody took in the window are left out
    n_items: int  # that there were

    @classmethod
    def fit(cls, name: str, histories: Queries, n_items: int, window_days: float) -> Popularity:
        """Count who took what in the `window_days` before each history's `now`."""
        recent = wanted(histories) & (
            histories.times >= np.repeat(histories.now, histories.lengths) - window_days * DAY
        )
        pairs = np.unique(histories.rows()[recent] * n_items + histories.items[recent])
        values = np.log1p(np.bincount(pairs % n_items, minlength=n_items)).astype(np.float32)
        order = np.argsort(-values, kind="stable").astype(np.int32)
        return cls(name, values, order[values[order] > 0], n_items)

    def scores(self, queries: Queries) -> StaticScores:
        """The same for every query."""
        return StaticScores(self.values, self.order, self.level, len(queries))

    @cached_property
    def level(self) -> Float32s:
        """Mean and standard deviation over the catalogue, float32 [2]."""
        values = self.values[: self.n_items]
        return np.array([values.mean(), values.std()], np.float32)

    def write(self, writer: BundleWriter) -> None:
        """Store the counts under the source's name."""
        writer.array(f"retrieval/{self.name}/values", self.values[: self.n_items])
        writer.array(f"retrieval/{self.name}/order", self.order)

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Popularity:
        """The source that `write` stored; nobody has taken new items yet."""
        values = bundle.array(f"retrieval/{name}/values", new.room if new else None)
        n_items = len(values) - (new.room if new else 0)
        return cls(name, values, bundle.array(f"retrieval/{name}/order"), n_items)


def window_name(days: float) -> str:
    """The source's name for a window: `popular_14d`, `popular_6h`; `popular` for all time."""
    if np.isinf(days):
        return "popular"
    return f"popular_{round(days)}d" if days >= 1 else f"popular_{max(1, round(days * 24))}h"
