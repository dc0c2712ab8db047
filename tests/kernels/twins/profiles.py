"""Profiles, event by event."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from shortlist_core.types import DAY
from twins import draws


def write_profiles(
    bounds, items, times, weights, now, last, half_life, fade, repeated, slots, offsets, columns, values
):
    end = 0
    for i in range(len(bounds) - 1):
        newest_first = range(bounds[i + 1] - 1, bounds[i] - 1, -1)
        found = {}
        for place, event in enumerate([event for event in newest_first if weights[event] > 0][:last]):
            age = max(int(now[i]) - int(times[event]), 0)
            weight = weights[event] * np.float32(fade**place * 2.0 ** (-age / half_life))
            item = int(items[event])
            if item < len(slots):
                found.setdefault(item, []).append(weight)
        for item, own in found.items():
            columns[end], values[end] = item, np.sqrt(np.sum(own)) if repeated else max(own)
            end += 1
        offsets[i + 1] = end


@st.composite
def write_profiles_inputs(draw):
    batch, catalogue = draw(st.integers(0, 3)), draw(st.integers(0, 5))
    bounds = draws.offsets(draw, batch, 8)
    events = int(bounds[-1])
    times = draws.array(draw, np.int64, events, st.integers(0, 50 * DAY))
    return (
        bounds,
        draws.array(draw, np.int32, events, st.integers(0, 7)),
        times,
        draws.array(draw, np.float32, events, st.sampled_from([0, 0.5, 1, 3])),
        draws.array(draw, np.int64, batch, st.integers(0, 60 * DAY)),
        draw(st.integers(0, 9)),
        np.float64(draw(st.sampled_from([1, 7, np.inf])) * DAY),
        np.float64(draw(st.sampled_from([1, 0.5]))),
        draw(st.booleans()),
        draws.zeros(np.int32, catalogue),
        draws.zeros(np.int64, batch + 1),
        draws.zeros(np.int32, events),
        draws.zeros(np.float32, events),
    )
