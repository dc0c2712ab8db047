"""All features of the ranker, in the order of their columns: a new feature is one line here, the last one."""

from __future__ import annotations

from collections.abc import Sequence

from shortlist_ranking.features.feature import Feature
from shortlist_ranking.features.history_length import HistoryLength
from shortlist_ranking.features.item_clock import ItemClock
from shortlist_ranking.features.price import Price
from shortlist_ranking.features.source_signals import SourceSignals

FEATURES: tuple[Feature, ...] = (
    SourceSignals(),  # first: training starts the scorer from stage one's weights of these
    ItemClock(),
    Price(),
    HistoryLength(),
)

UNSAID = ("source_signals", "item_clock", "price", "history_length")
"""The features of older bundles, which do not say which they have."""


def features_named(names: Sequence[str]) -> tuple[Feature, ...]:
    """The features of these names, in this order; raises KeyError with the first name that there is not."""
    by_name = {feature.name: feature for feature in FEATURES}
    return tuple(by_name[name] for name in names)
