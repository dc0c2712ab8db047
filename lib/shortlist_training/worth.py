"""Worth: whether a source of stage one pays, found out on the newest slice of time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_retrieval.fusion import Fusion
from shortlist_training.samples import FusionSample, sample_ndcgs

CERTAIN = 2.0
"""Standard errors by which stage one must be better with the source for it to pay beyond doubt."""


@dataclass(frozen=True)
class Worth:
    """What a source adds to stage one's NDCG@10 on the newest slice, on average, and the standard error of that."""

    gain: float
    error: float

    @property
    def pays(self) -> bool:
        """Whether there is a gain. Where it is within chance, a source costs time, but what it says is weighed."""
        return self.gain > 0

    @property
    def surely_pays(self) -> bool:
        """Whether the gain is more than chance."""
        return self.gain > CERTAIN * self.error


def worth_of(position: int, samples: Sequence[FusionSample]) -> Worth:
    """The worth of the source at this position; `samples` are those of all slices, the newest last.

    The fusion is learned on the older slices and asked on the newest. With one slice it is learned on one half of its
    queries and asked on the other.
    """
    inputs, gains, without_history, _ = samples[-1]
    if len(samples) > 1:
        learned = [np.concatenate(column) for column in list(zip(*samples[:-1], strict=True))[:3]]
        asked = ~without_history
    else:
        half = np.arange(len(inputs)) % 2 == 0
        learned = [inputs[half], gains[half], without_history[half]]
        asked = ~half & ~without_history
    inputs, gains = inputs[asked], gains[asked]
    if not len(inputs):
        return Worth(0.0, 0.0)
    others = np.delete(np.arange(inputs.shape[2]), [position, inputs.shape[2] // 2 + position])
    without = Fusion.fit(learned[0][..., others], learned[1], learned[2])
    difference = sample_ndcgs(Fusion.fit(*learned).weights, inputs, gains) - sample_ndcgs(
        without.weights, inputs[..., others], gains
    )
    return Worth(float(difference.mean()), float(difference.std() / math.sqrt(len(difference))))


def without_source(sample: FusionSample, position: int) -> FusionSample:
    """The sample as if there were no source at this position."""
    inputs, gains, without_history, away = sample
    others = np.delete(inputs, [position, inputs.shape[2] // 2 + position], axis=2)
    return others, gains, without_history, away
