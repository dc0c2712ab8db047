"""Tiring: what the scores of items are multiplied by that users were shown lately and did not take.

The score of an item is discounted for each impression, as Lee, Lakshmanan, Tiwari and Shah do (2014, Modeling
Impression Discounting in Large-scale Recommender Systems); impressions fade with a half-life, so that items come back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.tiring import Tiring
from shortlist_core.types import NO_ITEM, SECOND, Float32s, Float64s, Int32s, Int64s, Queries

FLOOR = 0.01
"""The smallest factor: also what is shown all the time can stand at the end of a list."""


def tiring_factors(impressions: Queries, histories: Queries, items: Int32s, settings: Sequence[Tiring]) -> Float32s:
    """What the scores of the candidates `items` [batch, n] are multiplied by, float32 [batch, n], from FLOOR to 1.

    The factor is `per_impression` to the power of the effective number of impressions: of those since the user last
    took the item, each counts 0.5^(age / recovery), by its age at the moment of the request (`impressions.moments`).
    `impressions`, `histories` and `settings` are of the same users; a history tells what was taken.
    """
    n_items = 1 + max(int(rows.max(initial=0)) for rows in (impressions.items, histories.items, items))
    rows, keys = impressions.rows(), _keys(impressions, n_items)
    recovery = np.array([each.recovery for each in settings]) * SECOND
    ages = np.maximum(impressions.moments[rows] - impressions.times, 0)
    counts = np.where(impressions.times > _last_taken(histories, keys, n_items), 0.5 ** (ages / recovery[rows]), 0)
    pairs, of_pair = np.unique(keys, return_inverse=True)
    effective = np.append(np.bincount(of_pair, counts, len(pairs)), 0)  # the last one: never shown
    asked = np.arange(len(items))[:, None] * n_items + items
    at = np.searchsorted(pairs, asked)
    shown = (np.append(pairs, -1)[at] == asked) & (items != NO_ITEM)
    per_impression = np.array([each.per_impression for each in settings])
    return discounted(per_impression[:, None], effective[np.where(shown, at, len(pairs))]).astype(np.float32)


def discounted(per_impression: Float64s | float, effective: Float64s) -> Float64s:
    """The factor of items with these effective numbers of impressions, float64 like `effective`."""
    return np.asarray(np.maximum(np.power(per_impression, effective), FLOOR), np.float64)


def _keys(queries: Queries, n_items: int) -> Int64s:
    return queries.rows() * n_items + queries.items


def _last_taken(histories: Queries, keys: Int64s, n_items: int) -> Int64s:
    """When the pair of user and item at each of `keys` was last taken, microseconds, int64; long ago where never."""
    wanted = histories.weights > 0
    own, newest = np.unique(_keys(histories, n_items)[wanted][::-1], return_index=True)  # histories end with the newest
    times = np.append(histories.times[wanted][::-1][newest], np.iinfo(np.int64).min)
    at = np.searchsorted(own, keys)
    return np.asarray(np.where(np.append(own, -1)[at] == keys, times[at], times[-1]), np.int64)
