"""Chosen settings of stage one in words, with how well the settings did that were tried."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.fit_inputs import RetrievalSettings
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.recent_item_item import RecentItemItem
from shortlist_retrieval.sources.source import Source
from shortlist_training.training_record import Finding


def chosen_settings(settings: RetrievalSettings, trials: Mapping[str, Sequence[float]]) -> Iterator[Finding]:
    """A finding for each setting; `trials` has the qualities of each source with what was tried, by its name."""

    def why(source: type[Source]) -> str:
        tried = trials.get(source.name)
        if not tried:
            return "kept from the bundle that training went on from"
        return (
            f"best of {len(tried)} tried alone on the newest slice, by the mean of NDCG@10 and Recall@100:"
            f" {max(tried):.4f}, the worst {min(tried):.4f}"
        )

    windows = ", ".join(f"{days:.1f}" for days in settings.windows_days) or "none"
    yield Finding("Windows of popularity, days", windows, "shares of the data's span")
    yield Finding("Penalty of EASE over all time", f"{settings.penalty:g}", why(ItemItem))
    faded = math.isfinite(settings.half_life_days)
    half_life = f"{settings.half_life_days:.1f} days" if faded else "they do not fade"
    yield Finding("Half-life of events", half_life, why(RecentItemItem))
    if settings.has_recent:
        recent = f"{settings.recent_penalty:g}, {'with' if settings.repeated else 'without'} repeated events"
        yield Finding("Penalty of EASE over recent events", recent, why(RecentItemItem))
    yield Finding("Factors of ALS", f"{settings.factors}", why(ALS))
