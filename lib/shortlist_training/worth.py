"""Worth: whether a source of stage one pays, found out on the newest slice of time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_core.types import Float64s
from shortlist_retrieval.fusion import Fusion
from shortlist_training.samples import FusionSample, sample_ndcgs

CERTAIN = 2.0
"""Standard errors by which stage one must be better with the source for it to pay beyond doubt."""


@dataclass(frozen=True)
class Worth:
    """What a source adds to stage one's NDCG@10 on the newest slice, on average, and the standard error of that."""

    gain: float
    error: float

    def pays(self, doubt: float = 0.0) -> bool:
        """Whether there is a gain, or might be by `doubt` standard errors.

        Where it is within chance, a source costs time, but what it says is weighed.
        """
        return self.gain + doubt * self.error > 0

    @property
    def surely_pays(self) -> bool:
        """Whether the gain is more than chance."""
        return self.gain > CERTAIN * self.error


def worth_of(position: int, samples: Sequence[FusionSample]) -> Worth:
    """The worth of the source at this position; `samples` are those of all slices, the newest last.

    The fusion is learned on the older slices and asked on the newest. With one slice it is learned on each half of its
    queries and asked on the other.
    """
    newest = samples[-1]
    if len(samples) > 1:
        found = _gains(position, samples[:-1], newest)
    else:
        inputs, gains, cold, away = newest
        even, odd = ((inputs[half::2], gains[half::2], cold[half::2], away[half::2]) for half in (0, 1))
        found = np.concatenate([_gains(position, [even], odd), _gains(position, [odd], even)])
    if not len(found):
        return Worth(0.0, 0.0)
    return Worth(float(found.mean()), float(found.std() / math.sqrt(len(found))))


def _gains(position: int, learned: Sequence[FusionSample], asked: FusionSample) -> Float64s:
    """What the source adds to the NDCG@10 of each query with history of the sample `asked`."""
    inputs, gains, cold = (np.concatenate(column) for column in list(zip(*learned, strict=True))[:3])
    warm = ~asked[2]
    others = np.delete(np.arange(inputs.shape[2]), [position, inputs.shape[2] // 2 + position])
    with_it = Fusion.fit(inputs, gains, cold).weights
    without = Fusion.fit(inputs[..., others], gains, cold).weights
    of_asked, taken = asked[0][warm], asked[1][warm]
    return sample_ndcgs(with_it, of_asked, taken) - sample_ndcgs(without, of_asked[..., others], taken)


def without_source(sample: FusionSample, position: int) -> FusionSample:
    """The sample as if there were no source at this position."""
    inputs, gains, without_history, away = sample
    others = np.delete(inputs, [position, inputs.shape[2] // 2 + position], axis=2)
    return others, gains, without_history, away
