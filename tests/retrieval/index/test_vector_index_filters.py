"""The FAISS index finds nothing outside a filter, and the best inside it."""

import numpy as np
import pytest
from exact_search import MANY, exact

from shortlist_core.types import NO_ITEM
from shortlist_retrieval.exclusions import FEW


def test_a_narrow_filter_is_searched_exactly(large, vectors, queries, excluding):
    allowed = np.zeros((len(queries), MANY), bool)
    for i in range(len(queries)):
        allowed[i, np.random.default_rng(i).choice(MANY, 300, replace=False)] = True
    rows, _ = large.search(queries, 50, excluding(allowed))
    for i, query in enumerate(queries):
        assert rows[i].tolist() == exact(vectors, query, 50, allowed[i]).tolist()


def test_a_wide_filter_bars_what_it_bars_and_loses_little(large, vectors, queries, excluding):
    allowed = np.random.default_rng(3).random((len(queries), MANY)) < 0.95
    assert allowed.sum(axis=1).min() > FEW
    rows, _ = large.search(queries, 100, excluding(allowed))
    for own, mask in zip(rows, allowed, strict=True):
        found = own[own != NO_ITEM]
        assert mask[found].all()
        assert len(set(found.tolist())) == len(found)
    recall = [
        len(np.intersect1d(own, exact(vectors, q, 100, mask))) / 100
        for own, q, mask in zip(rows, queries, allowed, strict=True)
    ]
    assert np.mean(recall) >= 0.9


@pytest.mark.parametrize("excluded", [0, 1, 49, 50, 51])
def test_the_few_that_a_user_has_seen_are_passed_over(small, vectors, queries, excluded, excluding):
    """They are the best of all; the next best take their places, as many as were asked for."""
    allowed = np.ones((len(queries), 500), bool)
    for mask, query in zip(allowed, queries, strict=True):
        mask[exact(vectors[:500], query, excluded)] = False
    rows, products = small.search(queries, 50, excluding(allowed))
    for query, own, values, mask in zip(queries, rows, products, allowed, strict=True):
        assert own.tolist() == exact(vectors[:500], query, 50, mask).tolist()
        assert values == pytest.approx(vectors[own] @ query, abs=1e-6)


def test_one_who_has_seen_much_changes_nothing_for_the_others(small, vectors, queries, excluding):
    allowed = np.ones((len(queries), 500), bool)
    for i, (mask, query) in enumerate(zip(allowed, queries, strict=True)):
        mask[exact(vectors[:500], query, 90 * (i % 2))] = False
    rows, products = small.search(queries, 50, excluding(allowed))
    for query, own, values, mask in zip(queries, rows, products, allowed, strict=True):
        assert own.tolist() == exact(vectors[:500], query, 50, mask).tolist()
        assert values == pytest.approx(vectors[own] @ query, abs=1e-6)


@pytest.mark.parametrize("excluded", [1, 80])
def test_in_a_large_catalogue_too(large, vectors, queries, excluded, excluding):
    allowed = np.ones((len(queries), MANY), bool)
    for mask, query in zip(allowed, queries, strict=True):
        mask[exact(vectors, query, excluded)] = False
    rows, _ = large.search(queries, 100, excluding(allowed))
    assert all(mask[own].all() and (own != NO_ITEM).all() for own, mask in zip(rows, allowed, strict=True))
    recall = [
        len(np.intersect1d(own, exact(vectors, q, 100, m))) / 100
        for own, q, m in zip(rows, queries, allowed, strict=True)
    ]
    assert np.mean(recall) >= 0.9


@pytest.mark.parametrize("index", ["small", "large"])
def test_a_filter_that_leaves_few_or_none(index, queries, request, excluding):
    index = request.getfixturevalue(index)
    allowed = np.zeros((2, len(index.vectors)), bool)
    allowed[1, [3, 5]] = True
    rows, _ = index.search(queries[:2], 10, excluding(allowed))
    assert (rows[0] == NO_ITEM).all()
    assert sorted(rows[1, :2].tolist()) == [3, 5]
    assert (rows[1, 2:] == NO_ITEM).all()


def test_a_narrow_filter_on_a_loaded_index_is_searched_exactly(loaded, vectors, queries, excluding):
    allowed = np.zeros((1, MANY), bool)
    allowed[0, ::100] = True
    rows, products = loaded.search(queries[:1], 50, excluding(allowed))
    assert rows[0].tolist() == exact(loaded.take(np.arange(MANY)), queries[0], 50, allowed[0]).tolist()
    assert products[0] == pytest.approx(vectors[rows[0]] @ queries[0], abs=1e-3)
