import numpy as np
import pytest

from shortlist_evaluation import bootstrap
from shortlist_evaluation.bootstrap import mean_interval


def test_width_is_that_of_the_normal_theory():
    values = np.random.default_rng(1).normal(5, 2, 4_000)
    low, high = mean_interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 2 / np.sqrt(4_000), rel=0.1)


def test_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    covered = [low <= 0.3 <= high for low, high in (mean_interval(rng.random(200) < 0.3) for _ in range(200))]
    assert 0.90 <= np.mean(covered) <= 0.99


def test_same_seed_same_interval_other_seed_another():
    values = np.random.default_rng(3).random(50)
    assert mean_interval(values, seed=1) == mean_interval(values, seed=1)
    assert mean_interval(values, seed=1) != mean_interval(values, seed=2)


def test_resampling_in_pieces_changes_nothing(monkeypatch):
    values = np.random.default_rng(3).random(50)
    whole = mean_interval(values)
    monkeypatch.setattr(bootstrap, "CELLS", 170)
    assert mean_interval(values) == whole


def test_undefined_users_are_left_out():
    assert mean_interval(np.array([1.0, np.nan, 1.0])) == (1.0, 1.0)
    assert np.isnan(mean_interval(np.array([np.nan]))).all()
    assert np.isnan(mean_interval(np.array([]))).all()
