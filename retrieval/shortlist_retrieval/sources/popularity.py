"""Popularity: what many users took within a window. It serves users without history, and follows fashions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import DAY, Float32s, Int32s, Queries, among
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.profile import strongest, wanted
from shortlist_retrieval.sources.fit_inputs import SHORTEST_SPAN, FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.recent_choices import RecentChoices
from shortlist_retrieval.sources.scores import StaticScores
from shortlist_retrieval.sources.source import Source

WINDOW_SHARES = (1 / 40, 1 / 20, 1 / 10)
"""Windows as shares of the time that the data spans. For most of a year: one week, two weeks and four weeks."""


@dataclass(frozen=True)
class Popularity(Source):
    """Scores log(1 + distinct users) of each item, within a window that ends with the training data, or now.

    A user counts by the weight of the strongest event on the item.
    """

    kind = "Popularity"
    personal = False
    counts_takers = True

    name: str
    values: Float32s  # [items and spare rows] scores; 0 for new items
    order: Int32s  # rows, most popular first; items that nobody took in the window are left out
    n_items: int  # items of the bundle
    window_days: float = np.inf

    @property
    def explanation(self) -> Explanation:
        """The explanation, which names the window."""
        return _explanation(self.window_days)

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings with windows that fit the span of the data. No window is tried, as each one becomes a source.

        Data of an hour or less, or without times, has no windows: each would hold what all time holds.
        """
        shares = WINDOW_SHARES if trial.span_days > SHORTEST_SPAN else ()
        return replace(settings, windows_days=tuple(trial.span_days * share for share in shares))

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Popularity]:
        """One source for each window, and one for all time."""
        histories, n_items = inputs.histories, inputs.n_items
        windows = (*inputs.settings.windows_days, np.inf)
        return [cls.counted(window_name(days), histories, n_items, days) for days in windows]

    @classmethod
    def counted(cls, name: str, histories: Queries, n_items: int, window_days: float) -> Popularity:
        """The source that counts each item's users within the `window_days` before each history's `now`."""
        since = np.repeat(histories.now, histories.lengths) - window_days * DAY
        recent = histories.keep(wanted(histories) & (histories.times >= since))
        pairs, weights = strongest(recent.rows() * n_items + recent.items, recent.weights)
        values = np.log1p(np.bincount(pairs % n_items, weights, minlength=n_items)).astype(np.float32)
        order = np.argsort(-values, kind="stable").astype(np.int32)
        return cls(name, values, order[values[order] > 0], n_items, window_days)

    def with_recent(self, recent: RecentChoices) -> Popularity:
        """The source as of `recent.now`: the recent choices within the window are added to the counts.

        A window holds about as many choices now as in training. So the trained counts shrink by the share that the
        recent choices have of them. The clock does not decide: after a week without reported events, last week's
        fashion is still the best that is known. The counts of all time do not shrink.
        """
        inside = recent.times > recent.now - self.window_days * DAY
        rows, at = np.unique(recent.items[inside], return_inverse=True)
        counts = np.bincount(at, recent.weights[inside])
        if not len(rows):
            return self
        users = np.expm1(self.values)
        if np.isfinite(self.window_days):
            users *= max(0.0, 1 - counts.sum() / max(float(users.sum(dtype=np.float64)), 1))
        users[rows] += counts
        values = np.log1p(users)
        return replace(self, values=values, order=_reordered(self.order, values, rows))

    def scores(self, queries: Queries) -> StaticScores:
        """The scores, which are the same for every query."""
        return StaticScores(self.values, self.order, self.level, len(queries))

    @cached_property
    def level(self) -> Float32s:
        """Score mean and deviation over the bundle's items, float32 [2]."""
        values = self.values[: self.n_items]
        return np.array([values.mean(), values.std()], np.float32)

    def write(self, writer: BundleWriter) -> None:
        """Store the counts under the source's name."""
        writer.array(f"retrieval/{self.name}/values", self.values[: self.n_items])
        writer.array(f"retrieval/{self.name}/order", self.order)
        window = self.window_days if np.isfinite(self.window_days) else None  # JSON has no infinity
        writer.json(f"retrieval/{self.name}/settings", {"window_days": window})

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Popularity:
        """The source that `write` stored. New items have a score of 0, as nobody has taken them yet."""
        prefix, spare_rows = f"retrieval/{name}", new.spare_rows if new else None
        values, order = bundle.array(f"{prefix}/values", spare_rows), bundle.array(f"{prefix}/order")
        window_days = bundle.json(f"{prefix}/settings")["window_days"] or np.inf
        return cls(name, values, order, len(values) - (spare_rows or 0), window_days)


def _reordered(order: Int32s, values: Float32s, changed: Int32s) -> Int32s:
    """An order by falling value, int32, brought up to date after the values of the rows `changed` [k], ascending.

    The other rows keep their order among each other, so the catalogue need not be sorted again.
    """
    rest = order[~among(order, changed)]
    rest = rest[values[rest] > 0]
    moved = changed[np.argsort(-values[changed], kind="stable")]
    return np.insert(rest, np.searchsorted(-values[rest], -values[moved]), moved)


def window_name(days: float) -> str:
    """The source's name for a window: `popular_14d`, `popular_6h`, `popular_36m`; `popular` for all time.

    Windows of which each is twice as long as the one before have different names.
    """
    if np.isinf(days):
        return "popular"
    length, unit = _rounded(days)
    return f"popular_{length}{unit[0]}"


@lru_cache(64)  # made once: answers ask for it, and find their sentences by it
def _explanation(window_days: float) -> Explanation:
    if np.isinf(window_days):
        return Explanation(ReasonKind.POPULAR, "Popular with many.")
    length, unit = _rounded(window_days)
    window = f"last {unit}" if length == 1 else f"last {length} {unit}s"
    return Explanation(ReasonKind.POPULAR, f"Popular in the {window}.")


def _rounded(days: float) -> tuple[int, str]:
    """A window as a whole number of the largest unit that it holds: days, hours or minutes; at least one minute."""
    if days >= 1:
        return round(days), "day"
    if days * 24 >= 1:
        return round(days * 24), "hour"
    return max(1, round(days * 24 * 60)), "minute"
