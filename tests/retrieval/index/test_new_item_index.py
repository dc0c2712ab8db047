"""An index with fresh vectors over it answers as an index of all vectors would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.index.new_item_index import NewItemIndex
from shortlist_retrieval.index.vector_index import VectorIndex

N, ROOM, DIM = 40, 12, 8
GENERATOR = np.random.default_rng(0)
PUBLISHED = GENERATOR.normal(size=(N, DIM)).astype(np.float32)
QUERIES = GENERATOR.normal(size=(3, DIM)).astype(np.float32)
NEW = np.arange(N, N + ROOM, dtype=np.int32)


@pytest.fixture
def index():
    return NewItemIndex.over(VectorIndex.build(PUBLISHED), ROOM)


def vectors(count, seed=1):
    return np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)


def exact(everything, there, query, count, excluded=()):
    products = everything @ query
    rows = [row for row in np.argsort(-products, kind="stable").tolist() if row in there and row not in excluded]
    return rows[:count]


def found(index, count, excluded=None):
    return [[row for row in own if row != NO_ITEM] for own in index.search(QUERIES, count, excluded)[0].tolist()]


def test_nothing_fresh_is_the_index_itself(index):
    plain = VectorIndex.build(PUBLISHED)
    for mine, its in zip(index.search(QUERIES, 7), plain.search(QUERIES, 7), strict=True):
        assert np.array_equal(mine, its)
    assert np.array_equal(index.take(np.array([[3, 0], [39, 3]])), plain.take(np.array([[3, 0], [39, 3]])))
    assert len(index) == N and index.dim == DIM


def test_rows_without_a_vector_yet_read_as_zeros_and_are_not_found(index):
    assert not index.take(NEW).any() and np.array_equal(index.take(np.array([N, 1]))[1], PUBLISHED[1])
    index.put(NEW[:1], vectors(1))
    assert not index.take(NEW[1:]).any()
    assert not {*NEW[1:].tolist()} & {row for own in found(index, N + ROOM) for row in own}


@settings(max_examples=150)
@given(st.data())
def test_search_is_exact_over_all_vectors(data):
    index, everything, there = NewItemIndex.over(VectorIndex.build(PUBLISHED), ROOM), np.zeros((N + ROOM, DIM)), set()
    everything[:N] = PUBLISHED
    there |= set(range(N))
    for step in range(data.draw(st.integers(0, 3))):
        changed = data.draw(st.lists(st.integers(0, ROOM - 1), unique=True))  # no more than there is room for
        new = data.draw(st.lists(st.integers(N, N + ROOM - 1), unique=True))
        rows = np.array([*changed, *new], np.int32)
        written = vectors(len(rows), step + 10)  # none like those published
        index.put(rows, written)
        everything[rows] = written
        there |= {*rows.tolist()}
    count = data.draw(st.integers(1, N + ROOM + 5))
    own = [data.draw(st.sets(st.integers(0, N + ROOM - 1))) for _ in QUERIES]
    allowed = data.draw(st.none() | st.lists(st.booleans(), min_size=N + ROOM, max_size=N + ROOM))
    excluded = None
    if allowed is not None or any(own):
        rows = [np.array(sorted(of_query), np.int32) for of_query in own]
        excluded = Exclusions(rows, None if allowed is None else np.array(allowed))
    for query, of_query, best in zip(QUERIES, own, found(index, count, excluded), strict=True):
        kept = there if allowed is None else {row for row in there if allowed[row]}
        assert best == exact(everything, kept, query, count, of_query)
    rows, products = index.search(QUERIES, count, excluded)
    assert rows.shape == products.shape == (3, count)
    taken = np.einsum("bnd,bd->bn", index.take(np.maximum(rows, 0)), QUERIES)
    assert products[rows != NO_ITEM] == pytest.approx(taken[rows != NO_ITEM], abs=1e-5)
    everyone = np.arange(N + ROOM, dtype=np.int32)
    assert index.take(everyone) == pytest.approx(everything)
    assert index.at(QUERIES, np.tile(everyone, (3, 1))) == pytest.approx(QUERIES @ everything.T, abs=1e-5)


def test_the_vectors_of_published_rows_stay_known(index):
    index.put(np.array([3, N], np.int32), vectors(2))
    assert np.array_equal(index.published(np.array([3, 4])), PUBLISHED[3:5])
    assert not np.array_equal(index.take(np.array([3])), PUBLISHED[3:4])


def test_room_for_changed_rows_ends_and_new_ones_still_come(index, caplog):
    index.put(np.arange(ROOM - 1, dtype=np.int32), vectors(ROOM - 1))
    index.put(np.array([20, 21, N, 0], np.int32), vectors(4, 2))
    assert "1 changed items" in caplog.text
    assert np.array_equal(index.take(np.array([21])), PUBLISHED[21:22])
    assert np.array_equal(index.take(np.array([20, N, 0])), vectors(4, 2)[[0, 2, 3]])
    index.put(NEW, vectors(ROOM))
    assert np.array_equal(index.take(NEW), vectors(ROOM))


def test_products_with_new_rows(index):
    index.put(NEW[:5], vectors(5))
    rows = NEW[[4, 0, 2]]
    assert index.products(QUERIES, rows) == pytest.approx(QUERIES @ vectors(5)[[4, 0, 2]].T, abs=1e-5)


def test_large_indexes_have_fresh_vectors_too():
    many = GENERATOR.normal(size=(21_000, DIM)).astype(np.float32)
    index = NewItemIndex.over(VectorIndex.build(many), ROOM)
    query = np.ones((1, DIM), np.float32)
    before = index.search(query, 20)[0][0]
    index.put(np.array([before[0], 21_000], np.int32), np.stack([-query[0], 9 * query[0]]))
    after = index.search(query, 20)[0][0].tolist()
    assert after[0] == 21_000 and before[0] not in after
    assert len({*after} & {*before.tolist()}) >= 18
