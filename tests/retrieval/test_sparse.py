"""The compiled loops over sparse rows, against dense arithmetic."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shortlist_core.types import NO_ITEM
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.sparse import SparseRows, product

COLUMNS = 50


@pytest.fixture(scope="module")
def matrix():
    generator = np.random.default_rng(0)
    dense = generator.normal(size=(30, COLUMNS)) * (generator.random((30, COLUMNS)) < 0.2)
    dense[7] = 0
    return sp.csr_matrix(dense.astype(np.float32))


def sparse(dense):
    return SparseRows.of(sp.csr_matrix(dense))


def dense(rows):
    return rows.matrix().toarray()


def listing(of_each, factors):
    offsets = np.cumsum([0, *map(len, of_each)])
    columns = np.concatenate([np.zeros(0, int), *of_each]).astype(np.int32)
    return SparseRows(offsets, columns, np.asarray(factors, np.float32), 30)


@pytest.mark.parametrize("of_each", [[[]], [[7]], [[3], [4, 4, 9]], [list(range(30)), [], [0]]])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sums_are_those_of_dense_arithmetic(matrix, of_each, index):
    matrix = matrix.copy()
    matrix.indptr, matrix.indices = matrix.indptr.astype(index), matrix.indices.astype(index)
    factors = np.linspace(-1, 2, sum(map(len, of_each)))
    found = product(listing(of_each, factors), matrix)
    for i, own in enumerate(of_each):
        factors, counts = factors[len(own) :], factors[: len(own)]
        assert dense(found)[i] == pytest.approx(counts @ matrix.toarray()[np.array(own, int)], abs=1e-5)
        columns = found.columns[found.offsets[i] : found.offsets[i + 1]].tolist()
        assert len(set(columns)) == len(columns)


def test_what_cancels_out_is_left_out_and_counted_once():
    matrix = sp.csr_matrix(np.array([[1, 1], [-1, 0], [2, 0]], np.float32))
    found = product(listing([[0, 1], [0, 1, 2]], np.ones(5)), matrix)
    assert dense(found).tolist() == [[0, 1], [2, 1]]
    assert found.offsets.tolist() == [0, 1, 3]


def test_rows_past_the_matrix_add_nothing(matrix):
    found = product(listing([[30, 4]], np.ones(2)), matrix)
    assert dense(found)[0] == pytest.approx(matrix.toarray()[4])


def test_moments_are_those_of_the_dense_rows(matrix):
    rows = np.vstack([matrix.toarray()[:3], np.zeros((1, COLUMNS), np.float32)])
    expected = np.stack([rows.mean(axis=1), rows.std(axis=1)], axis=1)
    assert sparse(rows).moments() == pytest.approx(expected, abs=1e-6)


SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 12))


@given(arrays.arrays(np.float32, SHAPES, elements=st.sampled_from([-1, 0, 0.5, 2])), st.integers(0, 15), st.data())
def test_the_largest_come_first_and_what_is_excluded_never(values, count, data):
    batch, width = values.shape
    excluded = [np.array(sorted(data.draw(st.sets(st.integers(0, width - 1)))), np.int32) for _ in range(batch)]
    allowed = data.draw(st.one_of(st.none(), arrays.arrays(np.bool_, width)))
    columns = sparse(values).top(count, Exclusions(excluded, allowed))
    assert columns.shape == (batch, count)
    for i in range(batch):
        may = [c for c in range(width) if values[i, c] > 0 and c not in excluded[i] and (allowed is None or allowed[c])]
        expected = sorted(may, key=lambda c: (-values[i, c], c))[:count]
        assert columns[i].tolist() == expected + [NO_ITEM] * (count - len(expected))


def test_what_is_no_number_is_not_the_largest():
    columns = sparse(np.array([[np.nan, 1, np.inf]], np.float32)).top(3)
    assert columns.tolist() == [[2, 1, NO_ITEM]]


def test_values_in_given_columns(matrix):
    rows = sparse(matrix.toarray()[:2])
    wanted = np.array([[3, NO_ITEM, 49], [49, 0, 3]], np.int32)
    expected = np.where(wanted == NO_ITEM, 0, np.take_along_axis(matrix.toarray()[:2], np.maximum(wanted, 0), 1))
    for _ in range(2):  # the room it works in is left as it was
        assert rows.at(wanted) == pytest.approx(expected)


def test_items_past_the_columns_are_worth_nothing_and_may_be_excluded():
    rows = sparse(np.array([[0, 2, 1], [3, 0, 0]], np.float32))
    beyond = np.array([[1, 3, 900, NO_ITEM, 2], [0, 2, 3, 4, 5]], np.int32)
    assert rows.at(beyond).tolist() == [[2, 0, 0, 0, 1], [3, 0, 0, 0, 0]]
    excluded = Exclusions([np.array([1, 3, 900], np.int32), np.zeros(0, np.int32)], np.ones(1_000, bool))
    assert rows.top(2, excluded).tolist() == [[2, NO_ITEM], [0, NO_ITEM]]
