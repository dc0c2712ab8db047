"""Ratings: which of them are wishes, found out from the data."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.ndcg import beats
from shortlist_core.types import EventType, Queries
from shortlist_layers.item_features import ItemFeatures
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_training.qualities import qualities
from shortlist_training.slices import slices

FEWEST = 0.01
"""Share of the ratings that lie below the middle of the scale, from which on it is tried to read them as dislikes."""

CERTAIN = 2.0
"""Standard errors by which reading low ratings as dislikes must find more of what is liked."""


def dislikes_below(histories: Queries, items: ItemFeatures, most: int, seed: int) -> float:
    """The value below which ratings are dislikes: the middle of their scale, or -inf where all ratings are wishes.

    Low ratings are dislikes where item-item similarity (EASE) finds more of what was liked in the newest slice of time,
    rated in the middle or higher, if it reads them so, beyond chance. Films that people rate low may still say what
    they watch next; then all ratings are wishes. At most `most` queries are asked.
    """
    values = histories.values[histories.types == EventType.RATING]
    if not len(values) or not np.isfinite(values).all():
        return -math.inf
    middle = float(values.min() + values.max()) / 2
    if (values < middle).mean() < FEWEST:
        return -math.inf
    try:
        cut = slices(histories, items.has_content, 1, most, seed)[-1].without_new_items()
    except DataError:  # there is nothing to try it on; training says so
        return -math.inf
    low = histories.keep((histories.types == EventType.RATING) & (histories.values < middle))
    keys = low.rows() * len(items) + low.items
    queries = np.repeat(np.arange(len(cut.queries)), np.diff(cut.taken_offsets))
    liked = cut.only(~np.isin(cut.users[queries] * len(items) + cut.taken, keys))
    if not len(liked.queries):
        return -math.inf
    read = replace(liked, past=cut.past.with_dislikes(middle), queries=liked.queries.with_dislikes(middle))
    as_dislikes, as_wishes = (
        qualities(ItemItem.fit(FitInputs(each.past, items, RetrievalSettings(()), seed))[0], each)
        for each in (read, liked)
    )
    return middle if beats(as_dislikes, as_wishes, CERTAIN) else -math.inf
