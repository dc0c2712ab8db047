"""Vectors: inner products with vectors stored as half floats, and attention pooling of a history."""

from __future__ import annotations

import math

import numpy as np

from shortlist_core.types import Float32s, Int32s, UInt16s, UInt32s
from shortlist_kernels.compiled import compiled, compiled_sums
from shortlist_kernels.halves import REBIASED

HALVES_PER_UNIT = 4
"""Places of listed vectors are counted in units of so many half floats, which are 8 bytes."""

_BLOCK = 64


@compiled_sums
def write_listed_products(region: UInt16s, places: UInt32s, rows: Int32s, queries: Float32s, products: Float32s) -> int:
    """Write the inner products of each query [batch, d] with the listed vectors at its `rows`, int32 [batch, n],
    into `products`, float32 [batch, n].

    `region` uint16 are bits of finite half floats; vector r begins at `places[r]`, uint32, in units of
    HALVES_PER_UNIT. Rows that there are not are read as the nearest that there is. Sums may be taken in any order.

    The vectors lie all over memory: those of a block are asked for before the first of them is waited for, which
    halves the time. What is returned means nothing, but without it the compiler would leave the asking out.
    """
    batch, n = rows.shape
    dim, last = queries.shape[1], len(places) - 1
    starts = np.empty(_BLOCK, np.int64)
    asked = 0
    for i in range(batch):
        query = queries[i]
        for begin in range(0, n, _BLOCK):
            length = min(_BLOCK, n - begin)
            for k in range(length):
                starts[k] = np.int64(places[min(max(rows[i, begin + k], 0), last)]) * HALVES_PER_UNIT
            for k in range(length):
                asked ^= region[starts[k]] ^ region[starts[k] + dim // 2] ^ region[starts[k] + dim - 1]
            for k in range(length):
                stored, total = region[starts[k] : starts[k] + dim], np.float32(0)
                for j in range(dim):
                    half = np.uint32(stored[j])
                    bits = ((half & np.uint32(0x8000)) << np.uint32(16)) | ((half & np.uint32(0x7FFF)) << np.uint32(13))
                    total += np.uint32(bits).view(np.float32) * query[j]
                products[i, begin + k] = total * REBIASED
    return asked


@compiled
def add_pooled(
    vectors: Float32s,
    present: Float32s,
    types: Int32s,
    gaps: Int32s,
    of_places: Float32s,
    of_types: Float32s,
    of_gaps: Float32s,
    pooled: Float32s,
) -> None:
    """Add each head's weighted mean of a history's vectors to `pooled`, float32 [batch, heads, d]: attention
    pooling.

    `vectors` float32 [batch, steps, d], the present ones first: those before the first 0 in `present` float32
    [batch, steps]. The weights are a softmax over the sums of three tables, float32 [..., heads]: by step, by
    `types` and by `gaps`, int32 [batch, steps].
    """
    batch, steps = present.shape
    odds = np.empty(steps, np.float32)
    for i in range(batch):
        for head in range(pooled.shape[1]):
            length, top, total = 0, np.float32(-np.inf), np.float32(0)
            while length < steps and present[i, length] > 0:
                odds[length] = (
                    of_places[length, head] + of_types[types[i, length], head] + of_gaps[gaps[i, length], head]
                )
                top = max(top, odds[length])
                length += 1
            for t in range(length):
                odds[t] = math.exp(odds[t] - top)
                total += odds[t]
            for t in range(length):
                vector, mean, weight = vectors[i, t], pooled[i, head], odds[t] / total
                for k in range(len(vector)):
                    mean[k] += weight * vector[k]
