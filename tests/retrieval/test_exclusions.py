"""What may not be proposed, against the plain reading of it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM
from shortlist_kernels.exclusions import write_first_passing
from shortlist_retrieval.exclusions import Exclusions

ITEMS = 12
ROWS = st.integers(0, ITEMS - 1)


@st.composite
def excluded(draw):
    """Of one to three queries."""
    rows = draw(st.lists(st.sets(ROWS), min_size=1, max_size=3))
    allowed = draw(st.none() | st.lists(st.booleans(), min_size=ITEMS, max_size=ITEMS))
    own = [np.array(sorted(of_query), np.int32) for of_query in rows]
    return Exclusions(own, None if allowed is None else np.array(allowed))


def passes(bars, query, row):
    return row != NO_ITEM and row not in bars.rows[query] and (bars.allowed is None or bars.allowed[row])


@given(excluded(), st.integers(0, 5), st.booleans(), st.data())
def test_the_first_that_pass_in_the_order_of_the_list(bars, count, shared, data):
    length = data.draw(st.integers(0, 9))
    one = st.lists(ROWS | st.just(NO_ITEM), min_size=length, max_size=length)
    lists = [data.draw(one) for _ in range(1 if shared else len(bars.rows))]
    rows, places = bars.first_passing(np.array(lists, np.int32).reshape(len(lists), length), count)
    assert rows.shape == places.shape == (len(bars.rows), count)
    for query, found in enumerate(rows.tolist()):
        own = lists[0] if shared else lists[query]
        expected = [place for place, row in enumerate(own) if passes(bars, query, row)][:count]
        assert found == [own[place] for place in expected] + [NO_ITEM] * (count - len(expected))
        assert places[query, : len(expected)].tolist() == expected


def test_lists_that_may_be_written_and_lists_of_files_share_one_compiled_loop():
    before = set(write_first_passing.signatures)  # of other tests, which call the loop itself
    for writable in (True, False):
        lists = np.zeros((1, 3), np.int32)
        lists.flags.writeable = writable
        Exclusions.of_all(1).first_passing(lists, 2)
        assert lists.flags.writeable == writable
    assert not any(arguments[0].mutable for arguments in set(write_first_passing.signatures) - before)
