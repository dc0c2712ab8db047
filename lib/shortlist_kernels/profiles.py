"""Profiles: a history as a sparse row over the catalogue."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def write_profiles(
    bounds: Int64s,
    items: Int32s,
    times: Int64s,
    weights: Float32s,
    now: Int64s,
    last: int,
    half_life: float,
    fade: float,
    repeated: bool,
    slots: Int32s,
    offsets: Int64s,
    columns: Int32s,
    values: Float32s,
) -> None:
    """Write each history as a sparse row: its items into `columns` int32, their weights into `values` float32, both
    with a place for every event, and where the rows end into `offsets` int64 [batch + 1], whose first is 0.

    The events of query i, oldest first, are `items`, `times`, `weights` at `bounds[i]:bounds[i + 1]`. Of those with a
    weight above 0 (float32) the newest `last` count: each its weight times 0.5^(age at `now[i]` / half_life), times
    `fade` for every such event behind it. Of an item's events the one that counts most does, or, `repeated`, the root
    of the sum of all.
    `slots` int32 [catalogue] are zeros, and zeros again afterwards; items past it are left out, but count as read.
    """
    end = 0
    for i in range(len(bounds) - 1):
        read, factor = 0, 1.0
        for event in range(bounds[i + 1] - 1, bounds[i] - 1, -1):  # the newest first
            if not weights[event] > 0:
                continue
            if read == last:
                break
            weight = weights[event] * np.float32(factor * 2.0 ** (-max(now[i] - times[event], 0) / half_life))
            item, read, factor = items[event], read + 1, factor * fade
            if item >= len(slots):
                continue
            if slots[item] == 0:
                columns[end], values[end] = item, weight
                end += 1
                slots[item] = end
            elif repeated:
                values[slots[item] - 1] += weight
            else:
                values[slots[item] - 1] = max(values[slots[item] - 1], weight)
        for k in range(offsets[i], end):
            slots[columns[k]] = 0
            if repeated:
                values[k] = np.sqrt(values[k])
        offsets[i + 1] = end
