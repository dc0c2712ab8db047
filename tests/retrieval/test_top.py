import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shortlist_retrieval.top import top_positions

NUMBERS = st.sampled_from([-np.inf, -2, -1, -0.5, 0, 1, 3])
VALUES = arrays.arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(0, 8)), elements=NUMBERS)


@given(VALUES, st.integers(0, 10))
def test_top_positions_are_those_of_a_stable_sort(values, count):
    expected = np.argsort(-values, axis=1, kind="stable")[:, :count]
    assert np.array_equal(top_positions(values, count), expected)
