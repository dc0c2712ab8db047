"""Ranking: features of candidates, their scaling, and probabilities from logits."""

from __future__ import annotations

import math

import numpy as np

from shortlist_core.types import DAY, NO_ITEM, Bools, Float32s, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def any_marked(items: Int32s, marked: Bools) -> bool:
    """Return whether some item of `items`, int32 [batch, n], that is not padding is `marked`, bool [catalogue]."""
    for row in items:
        for item in row:
            if item >= 0 and marked[item]:
                return True
    return False


@compiled
def mean_price(items: Int32s, prices: Float32s) -> np.float32:
    """Return the mean price of the items, int32 [n], whose price is known; NaN where none is.

    `prices` float32 [catalogue, 2] are the price and 1, or 0 and 0 where it is not known.
    """
    total = known = 0.0
    for item in items:
        total += prices[item, 0] * prices[item, 1]
        known += prices[item, 1]
    return np.float32(total / known) if known > 0 else np.float32(np.nan)


@compiled
def write_context(
    items: Int32s,
    offsets: Int64s,
    histories: Int32s,
    first: Int64s,
    last: Int64s,
    prices: Float32s,
    as_of: int,
    output: Float32s,
    at: int,
) -> None:
    """Write six features of each candidate into `output`'s last axis from place `at` on: log days since the item
    was first and last taken, price, whether it is known, its distance from the mean price of the history, log
    length of the history.

    `items` int32 [batch, n], padding reads as item 0; the history of query i is `histories[offsets[i]:offsets[i +
    1]]`. `first` and `last` int64 [catalogue] and `as_of` are microseconds, later than `as_of` reads as `as_of`;
    `prices` as in `mean_price`; `output` float32 [batch or more, n or more, at + 6 or more].
    """
    batch, n = items.shape
    for i in range(batch):
        for j in range(n):  # nothing but look-ups, so that many of them are under way at a time
            item, row = max(items[i, j], 0), output[i, j, at:]
            row[0], row[1] = 1 + max(as_of - first[item], 0) / DAY, 1 + max(as_of - last[item], 0) / DAY
            row[2], row[3] = prices[item, 0], prices[item, 1]
        usual = mean_price(histories[offsets[i] : offsets[i + 1]], prices)
        length = np.float32(math.log1p(offsets[i + 1] - offsets[i]))
        for j in range(n):
            row = output[i, j, at:]
            row[0], row[1] = math.log(row[0]), math.log(row[1])
            distance = abs(row[2] - usual) * row[3]
            row[4] = np.float32(0) if math.isnan(distance) else distance
            row[5] = length


@compiled
def scale(output: Float32s, mean: Float32s, spread: Float32s, low: Float32s, high: Float32s) -> None:
    """Scale the first features of each row of `output`, float32 [rows, features or more], in place.

    Each is limited to `low` and `high`, then its distance from `mean` is taken in units of `spread`, of 1 where the
    spread is not above 1e-6; all four float32 [features]. NaN stays NaN.
    """
    for i in range(len(output)):
        row = output[i]
        for j in range(len(mean)):
            inside = min(max(row[j], low[j]), high[j])  # in this order what is no number stays none
            row[j] = (inside - mean[j]) / (spread[j] if spread[j] > np.float32(1e-6) else np.float32(1))


@compiled
def calibrate(scores: Float32s, items: Int32s, slope: np.float32, offset: np.float32) -> None:
    """Turn logits into probabilities in place: sigmoid(slope * logit + offset), -inf where an item is NO_ITEM.

    `scores` float32 and `items` int32 [batch, n]; what goes into the sigmoid is limited to -60 and 60.
    """
    for i in range(items.shape[0]):
        for j in range(items.shape[1]):
            logit = min(max(slope * scores[i, j] + offset, np.float32(-60)), np.float32(60))
            probability = np.float32(1) / (np.float32(1) + np.float32(math.exp(-logit)))
            scores[i, j] = probability if items[i, j] != NO_ITEM else np.float32(-np.inf)
