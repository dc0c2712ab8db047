import numpy as np
import pytest
import scipy.sparse as sp

from retrieval import sparse
from retrieval.sparse import row_entries, weighted_sum


@pytest.fixture(scope="module")
def matrix():
    generator = np.random.default_rng(0)
    dense = generator.normal(size=(30, 50)) * (generator.random((30, 50)) < 0.2)
    dense[7] = 0
    return sp.csr_matrix(dense.astype(np.float32))


@pytest.mark.parametrize("counted_up_to", [0, 1_000], ids=["sorted", "counted"])
@pytest.mark.parametrize("rows", [[], [7], [3], [4, 4, 9], list(range(30))])
def test_sums_are_those_of_dense_arithmetic(matrix, monkeypatch, rows, counted_up_to):
    monkeypatch.setattr(sparse, "COUNTED_UP_TO", counted_up_to)
    rows = np.array(rows, np.int32)
    factors = np.linspace(-1, 2, len(rows)).astype(np.float32)
    columns, sums = weighted_sum(matrix, rows, factors)
    expected = factors @ matrix.toarray()[rows] if len(rows) else np.zeros(50)
    assert columns.tolist() == np.flatnonzero(expected).tolist()
    assert sums == pytest.approx(expected[columns], abs=1e-5)
    assert (columns.dtype, sums.dtype) == (np.int32, np.float32)


def test_entries_lie_where_the_rows_say(matrix):
    owner, at = row_entries(matrix, np.array([5, 7, 2], np.int32))
    assert owner.tolist() == [0] * np.diff(matrix.indptr)[5] + [2] * np.diff(matrix.indptr)[2]
    assert np.array_equal(matrix.indices[at], np.concatenate([matrix[5].indices, matrix[2].indices]))
