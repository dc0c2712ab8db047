"""The order for users without history: the best single source, and more only where it is better beyond chance."""

from __future__ import annotations

import numpy as np
import pytest

from shortlist_retrieval.fusion import Fusion
from shortlist_training.samples import FusionSample, sample_ndcgs
from shortlist_training.strangers import for_strangers

SOURCES, N = 3, 60


def lesson(seed: int, seen: tuple[float, float, float], strangers: int = 150) -> FusionSample:
    """Strangers and as many others; source i places what strangers took so well, and knows nothing of others."""
    draw = np.random.default_rng(seed)
    gains = np.zeros((2 * strangers, N), np.float32)
    gains[np.arange(2 * strangers), draw.integers(N, size=2 * strangers)] = 1
    signals = np.zeros((2 * strangers, N, 2 * SOURCES), np.float32)
    for source, well in enumerate(seen):
        scores = draw.normal(size=gains.shape) + well * gains
        scores[strangers:] = draw.normal(size=(strangers, N))
        ranks = (-scores).argsort(axis=1).argsort(axis=1)
        signals[..., source], signals[..., SOURCES + source] = scores, 1 / (1 + ranks / 10)
    return signals, gains, np.arange(2 * strangers) < strangers, np.zeros(2 * strangers, np.int64)


def learned(samples: list[FusionSample]) -> Fusion:
    return Fusion.fit(*(np.concatenate(column) for column in list(zip(*samples, strict=True))[:3]))


def weights(samples: list[FusionSample]) -> np.ndarray:
    found = for_strangers(learned(samples), samples)
    assert found is not None
    return found


def test_the_best_single_source_is_taken_where_the_others_are_noise() -> None:
    found = weights([lesson(seed, (0.0, 2.0, 0.0)) for seed in range(3)])
    assert int(found.argmax()) == SOURCES + 1
    fresh, gains, cold, _ = lesson(99, (0.0, 2.0, 0.0))
    single = np.eye(2 * SOURCES, dtype=np.float32)[SOURCES + 1]
    ours, plain = (sample_ndcgs(each, fresh[cold], gains[cold]).mean() for each in (found, single))
    assert ours >= 0.97 * plain


def test_a_second_source_that_knows_more_is_added() -> None:
    found = weights([lesson(seed, (1.5, 1.5, 0.0)) for seed in range(3)])
    fresh, gains, cold, _ = lesson(99, (1.5, 1.5, 0.0))
    for single in np.eye(2 * SOURCES, dtype=np.float32)[SOURCES:]:
        ours, plain = (sample_ndcgs(each, fresh[cold], gains[cold]).mean() for each in (found, single))
        assert ours > 1.1 * plain


@pytest.mark.parametrize("count", [1, 2])
def test_it_is_never_worse_than_the_best_source_on_what_it_learned_from(count: int) -> None:
    samples = [lesson(seed, (0.5, 0.7, 0.2)) for seed in range(count)]
    found = weights(samples)
    inputs, gains = (np.concatenate([sample[i][sample[2]] for sample in samples]) for i in (0, 1))
    singles = [sample_ndcgs(single, inputs, gains).mean() for single in np.eye(6, dtype=np.float32)[SOURCES:]]
    if not np.array_equal(found, learned(samples).for_no_history):
        assert sample_ndcgs(found, inputs, gains).mean() >= max(singles)


def test_too_few_strangers_are_nothing_to_learn_from() -> None:
    samples = [lesson(0, (1.0, 0.0, 0.0), strangers=4)]
    assert for_strangers(learned(samples), samples) is None
