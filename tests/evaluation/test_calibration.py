from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from shortlist_evaluation.calibration import EDGES, calibration


def test_each_bin_against_a_plain_loop():
    generator = np.random.default_rng(1)
    probabilities = generator.beta(0.4, 20, 5_000).astype(np.float32)
    taken = generator.random(5_000) < probabilities * 1.5
    found = calibration(probabilities, taken, "about")
    distance = 0.0
    bins = list(found.bins)
    for low, high in pairwise(EDGES):
        inside = [i for i, p in enumerate(probabilities) if low <= p < high]
        if not inside:
            continue
        each = bins.pop(0)
        predicted, share = np.mean(probabilities[inside], dtype=np.float64), np.mean(taken[inside])
        assert (each.low, each.high, each.candidates) == (low, high, len(inside))
        assert each.predicted == pytest.approx(predicted)
        assert each.taken.mean == pytest.approx(share)
        assert each.taken.low <= share <= each.taken.high
        distance += len(inside) * abs(predicted - share)
    assert not bins
    assert found.error == pytest.approx(distance / 5_000, rel=1e-5)


def test_intervals_hold_what_probabilities_say_where_they_are_right():
    inside = []
    for seed in range(10):
        generator = np.random.default_rng(seed)
        probabilities = generator.beta(0.4, 8, 20_000).astype(np.float32)
        found = calibration(probabilities, generator.random(20_000) < probabilities, "")
        inside += [each.taken.low <= each.predicted <= each.taken.high for each in found.bins]
        assert found.error < 0.006
    assert np.mean(inside) > 0.9


def test_certainties_and_nothing_at_all():
    found = calibration(np.array([0, 1], np.float32), np.array([False, True]), "")
    assert [(each.low, each.high) for each in found.bins] == [(0, 0.001), (0.5, 1)]
    assert found.error == 0
    assert 0 <= found.bins[0].taken.low <= found.bins[0].taken.high < 1
    assert calibration(np.zeros(0, np.float32), np.zeros(0, bool), "") is None
