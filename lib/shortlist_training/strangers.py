"""Strangers: how stage one orders items for users without history, at least as well as any one source does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.ndcg import beats
from shortlist_core.types import Float32s, Float64s
from shortlist_retrieval.fusion import FEWEST_WITHOUT_HISTORY, Fusion
from shortlist_training.samples import FusionSample, sample_ndcgs

ADDED = (0.25, 0.5, 1.0)
"""Weights that are tried for a further source beside the best one."""

CERTAIN = 2.0
"""Standard errors by which whatever is more than the best single source must be better than it."""


def for_strangers(fusion: Fusion, samples: Sequence[FusionSample]) -> Float32s | None:
    """The weights for users without history: those of the best single source, or of what is better beyond chance.

    Such users get lists of popularity, of several windows and of their groups. The best one is found on the slices, and
    with it begins what is tried: a further source beside it, one after another, and the weights that the fusion
    learned, asked on slices that it was not fitted on. float32 [2 * sources]; None where too few strangers came.
    """
    strangers = [(inputs[cold], gains[cold]) for inputs, gains, cold, _ in samples]
    inputs, gains = (np.concatenate(column) for column in zip(*strangers, strict=True))
    if len(inputs) < FEWEST_WITHOUT_HISTORY:
        return None
    singles = np.eye(inputs.shape[2], dtype=np.float32)[inputs.shape[2] // 2 :]  # the place alone
    found = [sample_ndcgs(single, inputs, gains) for single in singles]
    best = int(np.argmax([ndcgs.mean() for ndcgs in found]))
    weights, ndcgs = singles[best], found[best]
    for further in np.eye(inputs.shape[2], dtype=np.float32):
        for weight in ADDED:
            tried = weights + weight * further
            of_tried = sample_ndcgs(tried, inputs, gains)
            if beats(of_tried, ndcgs, CERTAIN):
                weights, ndcgs = tried, of_tried
    if len(samples) > 1 and beats(_of_fusion(strangers), ndcgs, CERTAIN):
        return fusion.for_no_history
    return np.asarray(weights, np.float32)


def _of_fusion(strangers: Sequence[tuple[Float32s, Float32s]]) -> Float64s:
    """NDCG@10 of each stranger, by fusions that were learned from the strangers of the other slices."""
    found = []
    for i, (inputs, gains) in enumerate(strangers):
        others = [each for j, each in enumerate(strangers) if j != i]
        signals, taken = (np.concatenate(column) for column in zip(*others, strict=True))
        learned = Fusion.fit(signals, taken, np.ones(len(signals), np.bool_)).for_no_history
        assert learned is not None
        found.append(sample_ndcgs(learned, inputs, gains))
    return np.concatenate(found)
