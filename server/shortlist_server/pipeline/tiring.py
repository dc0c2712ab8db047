"""Tiring: lowers what a user was shown lately and did not take, for the order of the list alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shortlist_core.tiring import NEVER
from shortlist_ranking.tiring import tiring_factors
from shortlist_server.pipeline.batch import Retrieved


def tired(batch: Retrieved) -> Retrieved:
    """The batch with the factors of what has tired; the same batch where nobody was shown anything.

    How items tire is what the query says, else the bundle.
    """
    if batch.impressions is None:
        return batch
    settings = [request.query.tiring or batch.bundle.tiring or NEVER for request in batch.requests]
    if not any(each.is_on for each in settings):
        return batch
    factors = tiring_factors(batch.impressions, batch.queries, batch.candidates.items, settings)
    return replace(batch, factors=factors if batch.factors is None else np.multiply(batch.factors, factors))
