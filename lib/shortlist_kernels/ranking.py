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
def write_clocks(items: Int32s, first: Int64s, last: Int64s, as_of: int, matrix: Float32s, at: int) -> None:
    """Write log(1 + days) from `first` and from `last` to `as_of` into two columns, from `at` on; padding reads as
    item 0.
    """
    batch, n = items.shape
    for i in range(batch):
        for j in range(n):  # nothing but look-ups, so that many of them are under way at a time
            item, row = max(items[i, j], 0), matrix[i, j, at:]
            row[0], row[1] = 1 + max(as_of - first[item], 0) / DAY, 1 + max(as_of - last[item], 0) / DAY
        for j in range(n):
            row = matrix[i, j, at:]
            row[0], row[1] = math.log(row[0]), math.log(row[1])


@compiled
def write_prices(
    items: Int32s, offsets: Int64s, histories: Int32s, prices: Float32s, matrix: Float32s, at: int
) -> None:
    """Write the price, whether it is known, and its distance to the history's mean into three columns, from `at` on;
    padding reads as item 0.
    """
    batch, n = items.shape
    for i in range(batch):
        for j in range(n):
            item, row = max(items[i, j], 0), matrix[i, j, at:]
            row[0], row[1] = prices[item, 0], prices[item, 1]
        usual = mean_price(histories[offsets[i] : offsets[i + 1]], prices)
        for j in range(n):
            row = matrix[i, j, at:]
            distance = abs(row[0] - usual) * row[1]
            row[2] = np.float32(0) if math.isnan(distance) else distance


@compiled
def write_history_lengths(offsets: Int64s, n: int, matrix: Float32s, at: int) -> None:
    """Write log(1 + events) of each history beside its first `n` candidates, into the column `at`."""
    for i in range(len(offsets) - 1):
        matrix[i, :n, at] = np.float32(math.log1p(offsets[i + 1] - offsets[i]))


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
