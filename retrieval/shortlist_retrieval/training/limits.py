"""Limits of training: how many batches the models of stage one take. Told without Keras, as plans need no model."""

from __future__ import annotations

TOWER_BATCH = 256
"""Examples of a batch of the two towers."""

LATER_TOWERS = 0.3
"""Share of the first slice's most batches of the towers that each later slice may take."""

SEQUENCE_BATCH = 2_000
"""Steps of a batch of the sequence model."""

SEQUENCE_TRIAL = 500
"""Batches that the sequence model is trained on at most until it has shown that it pays, unless transitions say so."""

PASSES, LATER_PASSES = 36, 6
"""Looks of the sequence model at every step in all, and in each later slice at least, as far as the limit allows."""

LATER_SEQUENCE = 0.15
"""Share of the limit that each later slice may take where the limit was reached before."""

FULL_UP_TO = 8_192
"""Most items among which every prediction is compared with all others; with more items, with a sample of them."""

SAMPLED_SHARE = 0.4
"""Share of the limit where there are too many items for all of them to be told apart in each batch, which is slower."""


def limit_for(batches: int, n_items: int) -> int:
    """How many of `batches` the sequence model may be trained on, at most, where so many items were taken."""
    return batches if n_items <= FULL_UP_TO else int(SAMPLED_SHARE * batches)
