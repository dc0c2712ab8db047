import numpy as np
import pytest

from shortlist_ranking.order import scaled

pytestmark = pytest.mark.fast


def of(*numbers):
    return np.array(numbers, np.float32)


def test_probabilities_are_multiplied():
    assert scaled(of(0.5, 0.25), of(0.5, 2)).tolist() == [0.25, 0.5]


def test_negative_scores_fall_by_small_factors_and_rise_by_large_ones():
    halved, kept, doubled = scaled(of(-1, -1, -1, -3), of(0.5, 1, 2, 1))[:3]
    assert halved < kept < doubled


def test_scores_that_are_not_finite_stay():
    assert scaled(of(-np.inf, 1), of(5, 2)).tolist() == [-np.inf, 2]
    assert np.isnan(scaled(of(np.nan, np.nan), of(1, 1))).all()
