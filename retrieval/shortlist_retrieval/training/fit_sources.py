"""Fits every source of stage one on the events before a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from shortlist_core.types import DAY, Int64s, Queries
from shortlist_retrieval.retriever import Source
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.demographic import Demographic
from shortlist_retrieval.sources.item_item import ItemItem, cosine, ease, history_profile
from shortlist_retrieval.sources.popularity import Popularity, window_name
from shortlist_retrieval.sources.similar_users import SimilarUsers
from shortlist_retrieval.sources.transitions import Transitions, transition_weights
from shortlist_retrieval.sources.two_tower import TwoTower

WINDOW_SHARES = (1 / 40, 1 / 20, 1 / 10)
"""Popularity's windows as shares of the time that the data spans: a week, two and four of most of a year."""

HALF_LIFE_SHARES = (1 / 20, 1 / 10, 1 / 5, np.inf)
"""Half-lives that validation chooses from, likewise."""

PENALTIES = (50.0, 200.0, 800.0, 3_200.0)
"""EASE's penalties that validation chooses from."""

FACTORS = (8, 16, 32, 64)
"""ALS's factors that validation chooses from."""


@dataclass(frozen=True)
class RetrievalSettings:
    """What the recipe finds out about the data at hand."""

    windows_days: tuple[float, ...]
    penalty: float = 200.0  # of EASE over all time
    half_life_days: float = np.inf  # of events in the fading sources; inf: nothing fades
    repeated: bool = False  # whether EASE over fading events counts repeated ones
    read_fading: bool = False  # whether it reads histories as fading, too
    recent_penalty: float = 200.0  # of EASE over fading events
    factors: int = 64  # of ALS

    @property
    def has_recent(self) -> bool:
        """Whether EASE over fading events differs from EASE over all time."""
        return bool(np.isfinite(self.half_life_days)) or self.repeated

    def recent(self, histories: Queries, n_items: int) -> ItemItem:
        """EASE over fading events."""
        fading = history_profile(histories, n_items, self.half_life_days, self.repeated).matrix()
        read = self.half_life_days if self.read_fading else np.inf
        return ItemItem("item_item_recent", ease(fading, self.recent_penalty), read, self.repeated)


def span_days(times: Int64s, as_of: int) -> float:
    """How long the data reaches back from `as_of`, a few early stragglers left aside; at least an hour, in days."""
    start = np.quantile(times, 0.05) if len(times) else as_of
    return max((as_of - float(start)) / DAY / 0.95, 1 / 24)


def fit_sources(
    histories: Queries,
    n_items: int,
    text: sp.csr_matrix,
    tower: TwoTower,
    settings: RetrievalSettings,
    seed: int,
) -> tuple[Source, ...]:
    """All sources as of the histories' `now`; `text` are the text neighbours, which no event changes."""
    everything = history_profile(histories, n_items, np.inf).matrix()
    sources: list[Source] = [tower, ItemItem("item_item", ease(everything, settings.penalty), np.inf)]
    half_life = settings.half_life_days
    if settings.has_recent:
        sources.append(settings.recent(histories, n_items))
    sources += [
        ItemItem("cosine", cosine(everything), half_life),
        Transitions("transitions", transition_weights(histories, n_items), np.inf),
        SimilarUsers.fit(histories, n_items, half_life),
        ALS.fit(everything, settings.factors, seed),
        ItemItem("text", text, half_life),
    ]
    for days in (*settings.windows_days, np.inf):
        sources.append(Popularity.fit(window_name(days), histories, n_items, days))
    if histories.groups is not None:
        sources.append(Demographic.fit(histories, histories.groups, n_items))
    return tuple(sources)
