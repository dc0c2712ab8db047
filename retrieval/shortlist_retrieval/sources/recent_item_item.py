"""Recent item-item: EASE over fading events, as fashions pass. It exists only where events fade or repeat."""

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
"""Half-lives to choose from, as shares of the time that the data spans, tried on the newest slice."""


@dataclass(frozen=True)
class RecentItemItem(ItemNeighbours):
    """EASE's weights over events that fade with age."""

    name: str = "item_item_recent"

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """True where the settings make the source differ from EASE over all time."""
        return settings.has_recent

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings with the best half-life and way to read histories, and then with the best penalty for them.

        Until the penalty is chosen, that of EASE over all time is used.
        """
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
        _, best = max(tried, key=lambda result: result[0])
        if not best.has_recent:
            return best
        penalised = [replace(best, recent_penalty=penalty) for penalty in PENALTIES]
        return max(penalised, key=lambda candidate: trial.quality(cls._fitted(trial.inputs, candidate)))

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[RecentItemItem]:
        """The source fitted on the histories, as of their moment."""
        return (cls._fitted(inputs, inputs.settings),)

    @classmethod
    def _fitted(cls, inputs: FitInputs, settings: RetrievalSettings) -> RecentItemItem:
        half_life, repeated = settings.half_life_days, settings.repeated
        fading = history_profile(inputs.histories, inputs.n_items, half_life, repeated).matrix()
        return cls(ease(fading, settings.recent_penalty), half_life if settings.read_fading else np.inf, repeated)
