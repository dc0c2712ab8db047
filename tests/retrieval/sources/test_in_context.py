"""What is taken in a context: against counting by hand, stored and loaded, and nothing where none is told."""

from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.types import NO_GROUP
from shortlist_retrieval.group_popularity import SHRINKAGE
from shortlist_retrieval.sources.in_context import InContext

ITEMS = 4
PHONE, DESK, HOME = 0, 1, 2  # two devices and a page
HISTORIES = [[0, 1, 0], [0, 2], [1]]
CONTEXTS = [[PHONE, HOME], [DESK, NO_GROUP], [PHONE, HOME], [PHONE, NO_GROUP], [DESK, HOME], [NO_GROUP, HOME]]


@pytest.fixture
def source(queries_of):
    histories = queries_of(HISTORIES)
    return InContext.counted(replace(histories, event_contexts=np.array(CONTEXTS, np.int32)), ITEMS)


def scores(source, queries_of, *contexts):
    width = max(map(len, contexts))
    rows = np.array([[*each, *[NO_GROUP] * (width - len(each))] for each in contexts], np.int32)
    queries = replace(queries_of([[]] * len(contexts)), contexts=rows)
    return source.scores(queries).at(np.arange(ITEMS, dtype=np.int32)[None].repeat(len(contexts), 0))


def by_hand(of_context, of_all, total, users):
    shrinkage = max(SHRINKAGE * total / users, 1)
    share = (np.array(of_context) + shrinkage * np.array(of_all) / total) / (sum(of_context) + shrinkage)
    return np.log1p(total * share)


def test_scores_are_what_is_taken_in_the_context_shrunk_towards_all_of_its_key(source, queries_of):
    # On the phone two users took item 0; at the desk one took item 1 and one item 2. A user's second time counts once.
    on_phone = by_hand([2, 0, 0, 0], [2, 1, 1, 0], 4, 2)
    at_home = by_hand([1, 1, 1, 0], [1, 1, 1, 0], 3, 3)
    both = scores(source, queries_of, [PHONE], [PHONE, HOME])
    assert both[0] == pytest.approx(on_phone, rel=1e-5)
    assert both[1] == pytest.approx((on_phone + at_home) / 2, rel=1e-5)


def test_what_is_not_told_or_not_known_says_nothing(source, queries_of):
    assert not scores(source, queries_of, [NO_GROUP], [99]).any()
    assert not source.scores(queries_of([[0]])).at(np.arange(ITEMS, dtype=np.int32)[None]).any()
    known, unknown = scores(source, queries_of, [DESK], [DESK, 99])
    assert known == pytest.approx(unknown)


def test_a_shop_without_choices_in_a_context_has_empty_rows(queries_of):
    histories = replace(queries_of([[0]]), event_contexts=np.array([[NO_GROUP]], np.int32))
    assert InContext.counted(histories, ITEMS).popularity.nnz == 0
