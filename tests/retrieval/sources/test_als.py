import numpy as np
import pytest
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares

from shortlist_retrieval.sources.als import ALS, CONFIDENCE, PENALTY
from shortlist_retrieval.sparse import SparseRows

FACTORS = 16


@pytest.fixture(scope="module")
def profiles():
    """Two crowds with ten items each."""
    generator = np.random.default_rng(0)
    crowd = np.arange(60)[:, None] % 2 == np.arange(20)[None] // 10
    return sp.csr_matrix(((generator.random((60, 20)) < 0.5) & crowd).astype(np.float32))


@pytest.fixture(scope="module")
def als(profiles):
    return ALS.factorised(profiles, FACTORS, 0)


def test_folding_in_is_what_the_reference_computes_for_a_user(als, profiles):
    reference = AlternatingLeastSquares(FACTORS, regularization=PENALTY, alpha=CONFIDENCE, use_cg=False, num_threads=1)
    reference.item_factors = als.index.vectors
    reference.user_factors = np.zeros((60, FACTORS), np.float32)
    own = profiles[:5]
    expected = np.stack([reference.recalculate_user(user, own[user]) for user in range(5)])
    assert als.fold_in(SparseRows.of(own)) == pytest.approx(expected.reshape(5, FACTORS), abs=2e-3)


def test_a_newcomer_gets_the_items_of_the_crowd(als, queries_of):
    scores = als.scores(queries_of([[0, 1, 2], [12, 15]])).at(np.arange(20, dtype=np.int32)[None].repeat(2, 0))
    assert scores[0, 3:10].mean() > scores[0, 10:].mean()
    assert scores[1, [10, 11, 13, 14]].mean() > scores[1, :10].mean()


def test_a_stronger_wish_moves_the_user_further(als):
    once = sp.csr_matrix(([1.0], ([0], [3])), (1, 20), dtype=np.float32)
    more = sp.csr_matrix(([5.0], ([0], [3])), (1, 20), dtype=np.float32)
    item = als.index.vectors[3]
    assert als.fold_in(SparseRows.of(more))[0] @ item > als.fold_in(SparseRows.of(once))[0] @ item


def test_fewer_items_than_factors(queries_of):
    als = ALS.factorised(sp.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], np.float32)), FACTORS, 0)
    assert np.isfinite(als.fold_in(SparseRows.of(sp.csr_matrix(np.array([[1, 0, 0]], np.float32))))).all()
