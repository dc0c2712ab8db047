import numpy as np
import pytest

from shortlist_core.types import Candidates
from shortlist_kernels.signals import signals


def candidates(scores, ranks, levels):
    scores = np.array(scores, np.float32)
    items = np.arange(scores.shape[1], dtype=np.int32)[None].repeat(len(scores), 0)
    names = tuple(f"s{i}" for i in range(scores.shape[2]))
    fused = np.zeros(items.shape, np.float32)
    return Candidates(items, fused, scores, np.array(ranks, np.int32), np.array(levels, np.float32), names)


def test_distance_is_in_standard_deviations_and_place_falls_with_rank():
    found = signals(candidates([[[5.0], [1.0], [2.0]]], [[[1], [0], [11]]], [[[2.0, 1.5]]]))
    assert found.dtype == np.float32
    assert found[0, :, 0] == pytest.approx([np.log(3), -np.log(1 + 1 / 1.5), 0])
    assert found[0, :, 1] == pytest.approx([1, 0, 0.5])


def test_a_candidate_reads_the_same_in_any_company():
    generator = np.random.default_rng(0)
    scores, ranks = generator.normal(size=(1, 9, 3)), generator.integers(0, 5, (1, 9, 3))
    levels = generator.random((1, 3, 2))
    together = signals(candidates(scores, ranks, levels))
    for n in range(9):
        alone = signals(candidates(scores[:, [n]], ranks[:, [n]], levels))
        assert np.array_equal(alone[:, 0], together[:, n])


def test_a_source_without_spread_says_nothing():
    assert signals(candidates([[[3.0]]], [[[0]]], [[[3.0, 0.0]]])).tolist() == [[[0, 0]]]


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number_says_nothing(broken):
    found = signals(candidates([[[broken], [1.0]]], [[[0], [0]]], [[[0.0, 1.0]]]))
    assert found[0, 0].tolist() == [0, 0]
    assert found[0, 1, 0] > 0
