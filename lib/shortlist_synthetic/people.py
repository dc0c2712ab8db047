"""Synthetic users: each likes a few clusters and has events there over the last months."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import DAY, EventType, Queries
from shortlist_synthetic.clusters import Clusters

AS_OF = 1_767_225_600_000_000
"""The end of the events: 2026-01-01, in microseconds."""

INTERESTS = (0.6, 0.3, 0.1)
"""Shares of a user's events in the clusters that the user likes."""

LENGTH, SPREAD, LONGEST = 20, 1.0, 300
"""Events per user: the median, the deviation of the logarithm, and the maximum."""

AGE_DAYS = 60.0
KINDS = {EventType.VIEW: 0.6, EventType.CART: 0.15, EventType.PURCHASE: 0.25}


def histories(clusters: Clusters, users: int) -> Queries:
    """Histories of `users` users, oldest event first, as one batch of queries at AS_OF."""
    generator = np.random.default_rng([clusters.seed, 2])
    lengths = np.clip(generator.lognormal(np.log(LENGTH), SPREAD, users), 1, LONGEST).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    owner = np.repeat(np.arange(users), lengths)
    shares = np.diff(clusters.starts) / len(clusters)
    liked = generator.choice(len(shares), (users, len(INTERESTS)), p=shares)
    cluster = liked[owner, generator.choice(len(INTERESTS), len(owner), p=INTERESTS)]
    # One uniform number selects an item of the cluster by its share of the cluster's popularity.
    reached = np.concatenate([[0], np.cumsum(clusters.popularity[clusters.order])])
    low, high = reached[clusters.starts[cluster]], reached[clusters.starts[cluster + 1]]
    place = np.searchsorted(reached, low + (high - low) * generator.random(len(owner)), side="right") - 1
    place = np.clip(place, clusters.starts[cluster], clusters.starts[cluster + 1] - 1)
    times = AS_OF - 1 - (generator.exponential(AGE_DAYS, len(owner)) * DAY).astype(np.int64)
    kinds = generator.choice(list(map(int, KINDS)), len(owner), p=list(KINDS.values()))
    return Queries(
        offsets,
        clusters.order[place].astype(np.int32),
        times[np.lexsort((times, owner))],
        kinds.astype(np.int8),
        np.ones(len(owner), np.float32),
        np.full(users, AS_OF, np.int64),
    )
