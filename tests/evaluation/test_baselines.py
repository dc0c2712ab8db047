import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from shortlist_core.types import DAY
from shortlist_evaluation.baselines import (
    Blend,
    Factors,
    ItemWeights,
    Popularity,
    bpr,
    ease,
    ials,
    item_neighbours,
    z_scores,
)
from shortlist_evaluation.protocol import Interactions

EVERYBODY = np.arange(4, dtype=np.int32)


def random_matrix(users=40, items=12, density=0.3, seed=0):
    dense = np.random.default_rng(seed).random((users, items)) < density
    return sp.csr_matrix(dense.astype(np.float32))


def log(users, items, days_ago):
    return Interactions(
        pl.Series([f"u{i}" for i in range(max(users) + 1)]),
        pl.Series([f"i{i}" for i in range(max(items) + 1)]),
        np.array(users, np.int32),
        np.array(items, np.int32),
        1000 * DAY - np.array(days_ago, np.int64) * DAY,
        1000 * DAY,
    )


def test_popularity_counts_people_not_purchases():
    train = log([0, 0, 0, 1, 2, 1], [0, 0, 0, 1, 1, 0], [40, 30, 20, 10, 5, 1])
    assert Popularity.fit(train).scores(np.array([0, 2], np.int32)).tolist() == [[2, 2], [2, 2]]
    assert Popularity.fit(train, days=14).counts.tolist() == [1, 2]


def test_ease_solves_its_regression():
    # Each column is the ridge regression of one item on all the others (Steck 2019, eq. 4).
    matrix, l2 = random_matrix(), 5.0
    x, weights = matrix.toarray().astype(np.float64), ease(matrix, l2)
    for item in range(x.shape[1]):
        others = np.delete(x, item, axis=1)
        ridge = np.linalg.solve(others.T @ others + l2 * np.eye(others.shape[1]), others.T @ x[:, item])
        assert np.delete(weights[:, item], item) == pytest.approx(ridge, abs=1e-5)
        assert weights[item, item] == 0


def test_ease_weights_give_the_scores_of_a_user():
    matrix = random_matrix()
    weights = ease(matrix, 5.0)
    scores = ItemWeights(matrix, weights).scores(EVERYBODY)
    assert scores.dtype == np.float32
    assert scores == pytest.approx(matrix[EVERYBODY].toarray() @ weights, abs=1e-5)


def test_each_candidate_keeps_its_nearest_items():
    weights = item_neighbours(random_matrix(items=20), neighbours=3)
    assert (weights.getnnz(axis=0) <= 3).all()
    assert weights.getnnz(axis=1).max() > 3  # an item may be near to many candidates


def test_item_neighbours_are_tf_idf_cosines():
    matrix = random_matrix()
    x = matrix.toarray().T
    weighted = x * (np.log(x.shape[0]) - np.log1p(x.sum(axis=0)))
    unit = weighted / np.linalg.norm(weighted, axis=1, keepdims=True)
    full = item_neighbours(matrix, neighbours=12).toarray()
    assert full == pytest.approx(unit @ unit.T, abs=1e-5)


def test_an_item_known_only_to_users_of_nearly_everything_is_like_nothing():
    matrix = sp.csr_matrix(np.array([[1, 1, 0, 1], [0, 1, 1, 0], [0, 1, 1, 0]], np.float32))
    weights = item_neighbours(matrix).toarray()  # user 0 has three of four items: weight ln(4 / 4) = 0
    assert np.isfinite(weights).all()
    assert weights[0].tolist() == [0] * 4
    assert weights[1, 2] > 0


TWO_TASTES = sp.csr_matrix(np.kron(np.eye(2), np.ones((10, 5))).astype(np.float32))
"""Users 0-9 have items 0-4, users 10-19 have items 5-9."""


@pytest.mark.parametrize("fit", [ials, bpr])
def test_factors_find_two_tastes_and_repeat_themselves(fit):
    model = fit(TWO_TASTES, factors=4)
    scores = model.scores(np.array([0, 19], np.int32))
    assert scores[0, :5].min() > scores[0, 5:].max()
    assert scores[1, 5:].min() > scores[1, :5].max()
    assert fit(TWO_TASTES, factors=4).scores(EVERYBODY) == pytest.approx(model.scores(EVERYBODY), abs=1e-5)


def test_z_scores_of_rows_and_of_a_flat_row():
    z = z_scores(np.array([[1, 2, 3], [7, 7, 7]], np.float32))
    assert z[0] == pytest.approx([-(1.5**0.5), 0, 1.5**0.5], abs=1e-6)
    assert z[1].tolist() == [0, 0, 0]


def test_blend_weighs_models_of_any_scale_alike():
    small = Factors(np.ones((4, 1), np.float32), np.array([[0.001], [0.002], [0.003]], np.float32))
    large = Popularity(np.array([300, 200, 100], np.float32))
    assert Blend(((1.0, small), (1.0, large))).scores(EVERYBODY) == pytest.approx(np.zeros((4, 3)), abs=1e-5)
    assert Blend(((1.0, small), (0.4, large))).scores(EVERYBODY)[0].argmax() == 2
    assert Blend(((0.4, small), (1.0, large))).scores(EVERYBODY)[0].argmax() == 0
