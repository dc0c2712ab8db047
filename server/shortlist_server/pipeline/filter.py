"""Filter: removes candidates that break a restriction, as retrieval does already: this stage catches its mistakes."""

from __future__ import annotations

import numpy as np

from shortlist_server.pipeline.batch import Retrieved
from shortlist_server.pipeline.counts import StageCounts


def filter(batch: Retrieved) -> tuple[Retrieved, list[StageCounts]]:
    """The batch without the candidates that break a restriction, and the counts of each request."""
    broken, counts = np.zeros(batch.candidates.items.shape, np.bool_), []
    for i in range(len(batch)):
        rows = batch.rows(i)
        breaking = batch.restrictions.broken(i, rows)
        for mask in breaking.values():
            broken[i, : len(rows)] |= mask
        dropped = {reason: int(np.count_nonzero(mask)) for reason, mask in breaking.items()}
        counts.append(StageCounts.of(len(rows), len(rows) - sum(dropped.values()), **dropped))
    return (batch.without(broken) if broken.any() else batch), counts
