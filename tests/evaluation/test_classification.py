import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_evaluation.classification import auc, log_loss, reliability


def test_auc_by_hand():
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1])) == pytest.approx(0.75)
    assert auc(np.array([1.0, 2.0]), np.array([0, 1])) == 1
    assert auc(np.array([2.0, 1.0]), np.array([0, 1])) == 0
    assert auc(np.array([5.0, 5.0, 5.0]), np.array([0, 1, 1])) == 0.5
    assert math.isnan(auc(np.array([1.0, 2.0]), np.array([1, 1])))


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_the_right_order(drawn):
    scores, labels = np.array([s for s, _ in drawn], np.float32), np.array([y for _, y in drawn])
    wins = [(p > n) + 0.5 * (p == n) for p, is_p in drawn if is_p for n, is_negative in drawn if not is_negative]
    if wins:
        assert auc(scores, labels) == pytest.approx(sum(wins) / len(wins))
        assert auc(np.exp(scores), labels) == pytest.approx(auc(scores, labels))
    else:
        assert math.isnan(auc(scores, labels))


def test_log_loss_by_hand():
    loss = log_loss(np.array([0.9, 0.2]), np.array([1, 0]))
    assert loss == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2)


def test_a_sure_mistake_is_costly_but_finite_also_in_float32():
    assert 10 < log_loss(np.array([1.0, 0.0], np.float32), np.array([0, 1])) < 20


def test_reliability_by_hand():
    found = reliability(np.array([0.1, 0.3, 0.8, 1.0]), np.array([0, 1, 1, 1]), bins=2)
    assert found.counts.tolist() == [2, 2]
    assert found.predicted == pytest.approx([0.2, 0.9])
    assert found.observed == pytest.approx([0.5, 1.0])
    assert found.ece == pytest.approx(0.5 * 0.3 + 0.5 * 0.1)


def test_calibrated_coin_has_small_error_and_a_boastful_one_large():
    rng = np.random.default_rng(0)
    p = rng.random(50_000)
    y = rng.random(50_000) < p
    assert reliability(p, y).ece < 0.01
    assert reliability(np.where(p > 0.5, 0.99, 0.01), y).ece > 0.2


def test_empty_bins_do_not_spoil_the_error():
    found = reliability(np.array([0.05, 0.05]), np.array([0, 0]), bins=10)
    assert np.isnan(found.predicted[1:]).all()
    assert found.ece == pytest.approx(0.05)
