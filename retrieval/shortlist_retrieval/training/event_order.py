"""Order of events: which of a user's events came first on an item, and which were simultaneous."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Bools, Int32s, Int64s


def first_on_item(users: Int64s, items: Int32s, n_items: int) -> Bools:
    """Which events are the user's first one on the item, bool [events]; the events stand user by user, oldest first."""
    first = np.zeros(len(items), bool)
    first[np.unique(users * n_items + items, return_index=True)[1]] = True
    return first


def starts_of_moments(users: Int64s, times: Int64s) -> Int64s:
    """For each event, where the user's simultaneous events begin and the strictly earlier ones end, int64 [events]."""
    new_moment = np.ones(len(users), bool)
    new_moment[1:] = (users[1:] != users[:-1]) | (times[1:] != times[:-1])
    starts = np.flatnonzero(new_moment)
    return starts[np.cumsum(new_moment) - 1] if len(users) else np.zeros(0, np.int64)
