"""Filters of any width, against brute force: always a full list where enough items pass, of the best of them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent / "index"))

from exact_search import DIM, unit

from shortlist_core.types import NO_ITEM
from shortlist_retrieval.exclusions import FEW, Exclusions
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.neighbours import cosine
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.scores import StaticScores

MANY, AT = 60_000, 100
WIDEST, NARROWEST = 0.5, 0.0001


@pytest.fixture(scope="module")
def vectors():
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(300, DIM))
    return unit(centres[generator.integers(300, size=MANY)] + 0.6 * generator.normal(size=(MANY, DIM)))


@pytest.fixture(scope="module")
def index(vectors):
    return VectorIndex.build(vectors)


def recalls(index, vectors, requests, seed):
    """The share of the best 100 that each of some random requests finds. Every list is as full as it can be."""
    generator = np.random.default_rng(seed)
    shares = np.exp(generator.uniform(np.log(NARROWEST), np.log(WIDEST), requests))
    found_of_best = []
    for share in shares:
        query = unit(vectors[generator.integers(MANY)] + 0.05 * generator.normal(size=DIM))
        allowed = generator.random(MANY, np.float32) < share
        blocked = np.unique(generator.integers(0, MANY, 20)).astype(np.int32)
        rows, products = index.search(query[None], AT, Exclusions.of(1, [blocked], allowed))
        allowed[blocked] = False
        products_of_all = np.where(allowed, vectors @ query, -np.inf)
        passing = min(AT, np.count_nonzero(allowed))
        best = np.argpartition(-products_of_all, max(passing - 1, 0))[:passing]
        found = rows[0][rows[0] != NO_ITEM]
        assert len(found) == len(set(found.tolist())) == len(best) and allowed[found].all()
        assert (np.diff(products[0][: len(found)]) <= 1e-6).all()
        found_of_best.append(len(np.intersect1d(found, best)) / len(best) if len(best) else 1.0)
    assert (shares * MANY > FEW).any(), "none of the requests searches the inverted lists"
    return np.array(found_of_best)


def test_lists_are_full_and_of_the_best(index, vectors):
    found = recalls(index, vectors, 300, seed=1)
    assert found.mean() >= 0.995 and np.quantile(found, 0.02) >= 0.98


@pytest.mark.slow
def test_a_hundred_thousand_random_requests(index, vectors):
    found = recalls(index, vectors, 100_000, seed=2)
    print(f"recall@{AT}: mean {found.mean():.5f}, least {found.min():.2f}, below .98: {(found < 0.98).mean():.4%}")
    assert found.mean() >= 0.98 and np.quantile(found, 0.01) >= 0.98


def test_popular_items_come_in_the_same_order_behind_a_narrow_filter():
    """They are sorted there, and picked from the order of all items behind a wide one."""
    values = np.random.default_rng(3).permutation(MANY).astype(np.float32) - 1_000
    order = np.argsort(-values).astype(np.int32)
    scores = StaticScores(values, order[values[order] > 0], np.zeros(2, np.float32), 2)
    allowed = np.random.default_rng(4).random(MANY) < 0.01
    narrow = Exclusions.of(2, [np.zeros(0, np.int32), order[:50:2].copy()], allowed)
    narrow = replace(narrow, rows=[np.sort(rows) for rows in narrow.rows])
    assert (scores.top(20, narrow) == scores.top(20, replace(narrow, few=None))).all()


ITEMS, TAKEN = 400, 60


@pytest.fixture(scope="module")
def retriever(queries_of):
    """Of most items nothing is known: nobody took them."""
    generator = np.random.default_rng(5)
    histories = [generator.integers(0, TAKEN, generator.integers(2, 15)).tolist() for _ in range(120)]
    events = queries_of(histories)
    profiles = history_profile(events, ITEMS, np.inf).matrix()
    sources = (
        ItemItem(cosine(profiles), 20.0, name="cosine"),
        ALS.factorised(profiles, 16, 0),
        Popularity.counted("popular", events, ITEMS, np.inf),
    )
    return Retriever(sources, Fusion(generator.random(6).astype(np.float32)), ITEMS)


@pytest.mark.parametrize("seed", range(40))
def test_every_method_of_stage_one_fills_its_list_with_what_passes(retriever, queries_of, seed):
    """Users with and without history; filters that let through what many took, or what nobody ever did."""
    generator = np.random.default_rng(seed)
    allowed = generator.random(ITEMS) < np.exp(generator.uniform(np.log(0.002), np.log(0.5)))
    if seed % 2:
        allowed[:TAKEN] = False
    queries, count = queries_of([[1, 2, 3], [], [TAKEN - 1]]), int(generator.integers(1, 60))
    blocked = [np.sort(generator.choice(ITEMS, 5, replace=False)).astype(np.int32) for _ in range(len(queries))]
    found = retriever.retrieve(queries, count, blocked=blocked, allowed=allowed)
    for query, own in enumerate(blocked):
        passing = np.setdiff1d(np.flatnonzero(allowed), own)
        rows = found.items[query][found.valid[query]]
        assert len(rows) == min(count, len(passing)) and np.isin(rows, passing).all()
        assert np.isfinite(found.fused[query][found.valid[query]]).all()
    similar = retriever.similar(3, count, blocked=blocked[0], allowed=allowed)
    passing = np.setdiff1d(np.flatnonzero(allowed), [3, *blocked[0]])
    assert similar.valid.sum() == min(count, len(passing))


def test_without_a_filter_nothing_is_filled_up(retriever, queries_of):
    """What nobody took is no candidate of a user without history unless a filter leaves nothing else."""
    found = retriever.retrieve(queries_of([[]]), 200)
    assert TAKEN - 5 <= found.valid.sum() <= TAKEN


def test_of_what_the_sources_do_not_know_the_most_taken_comes_first(retriever, queries_of):
    allowed = np.zeros(ITEMS, bool)
    allowed[[5, 300, 301, 302]] = True
    assert 5 in retriever.retrieve(queries_of([[]]), 2, allowed=allowed).items[0]
