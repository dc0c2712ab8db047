"""EASE over fading events, since fashions and seasons pass; there is one only where something fades or repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from shortlist_retrieval.neighbours import PENALTIES, ease
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.item_neighbours import ItemNeighbours

HALF_LIFE_SHARES = (1 / 20, 1 / 10, 1 / 5, np.inf)
"""Half-lives that are tried on the newest slice, as shares of the time that the data spans."""


@dataclass(frozen=True)
class RecentItemItem(ItemNeighbours):
    """EASE's weights of what was taken lately."""

    name: str = "item_item_recent"

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """Where it differs from EASE over all time."""
        return settings.has_recent

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """Choose the half-life, how histories are read, and then the penalty, which starts as that of all time."""
        start = replace(settings, recent_penalty=settings.penalty)
        tried: list[tuple[float, RetrievalSettings]] = []
        for share, repeated in product(HALF_LIFE_SHARES, (False, True)):
            half_life = trial.span_days * share
            fading = replace(start, half_life_days=half_life, repeated=repeated)
            source = cls._fitted(trial.inputs, fading)
            tried.append((trial.quality(source), fading))
            if np.isfinite(share):
                reading = replace(source, half_life_days=half_life)
                tried.append((trial.quality(reading), replace(fading, read_fading=True)))
        _, best = max(tried, key=lambda each: each[0])
        if not best.has_recent:
            return best
        penalties = [replace(best, recent_penalty=penalty) for penalty in PENALTIES]
        return max(penalties, key=lambda each: trial.quality(cls._fitted(trial.inputs, each)))

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[RecentItemItem]:
        """As of the histories' moment."""
        return (cls._fitted(inputs, inputs.settings),)

    @classmethod
    def _fitted(cls, inputs: FitInputs, settings: RetrievalSettings) -> RecentItemItem:
        half_life, repeated = settings.half_life_days, settings.repeated
        fading = history_profile(inputs.histories, inputs.n_items, half_life, repeated).matrix()
        return cls(ease(fading, settings.recent_penalty), half_life if settings.read_fading else np.inf, repeated)
