import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shortlist_evaluation.metrics import ItemSets
from shortlist_evaluation.top_k import top_k


def scores(*rows):
    return np.array(rows, np.float32)


def test_best_first_ties_by_column_and_padding():
    found = top_k(scores([1, 3, 2, 3], [-1, -3, -0.0, 0.0]), 6)
    assert found.tolist() == [[1, 3, 2, 0, -1, -1], [2, 3, 0, 1, -1, -1]]


def test_excluded_and_not_finite_are_never_listed():
    found = top_k(scores([np.nan, np.inf, -np.inf, 2, 1]), 5, exclude=ItemSets.of([[3]]))
    assert found.tolist() == [[4, -1, -1, -1, -1]]


@given(hnp.arrays(np.float32, (3, 12), elements=st.floats(-4, 4, width=32)), st.integers(1, 12))
def test_agrees_with_a_stable_sort(drawn, k):
    expected = np.argsort(-drawn, axis=1, kind="stable")[:, :k]
    assert top_k(drawn, k).tolist() == expected.tolist()
