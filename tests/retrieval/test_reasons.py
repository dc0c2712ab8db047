"""Reasons on a catalogue of five items where everybody can see what follows from what."""

import numpy as np
import pytest
import scipy.sparse as sp

from core.types import NO_ITEM, Reason
from retrieval.als import ALS
from retrieval.fusion import Fusion
from retrieval.index import VectorIndex
from retrieval.item_item import ItemItem
from retrieval.popularity import Popularity
from retrieval.retriever import Retriever

TEA, CUP, TENT, LAMP, HIT = range(5)


@pytest.fixture
def retriever(queries_of):
    goes_with = sp.csr_matrix(
        ([1.0, 0.2, 0.9, 0.1], ([TEA, TENT, TENT, TEA], [CUP, CUP, LAMP, LAMP])), (5, 5), dtype=np.float32
    )
    bought = ItemItem("bought_together", goes_with, np.inf)
    popular = Popularity.fit("popular", queries_of([[HIT], [HIT, TEA], [HIT], [CUP]]), 5, np.inf)
    return Retriever((bought, popular), Fusion(np.array([1, 0.5, 0, 0], np.float32)), 5)


def reasons_of(retriever, queries, items):
    candidates = retriever.score(queries, np.array([items], np.int32))
    return retriever.reasons(queries, candidates)[0]


def test_the_anchor_is_the_item_that_adds_most(retriever, queries_of):
    cup, lamp = reasons_of(retriever, queries_of([[TENT, TEA]]), [CUP, LAMP])
    assert (cup.source, cup.anchor) == ("bought_together", TEA)
    assert (lamp.source, lamp.anchor) == ("bought_together", TENT)
    assert 0 < cup.share <= 1


def test_what_only_popularity_says_has_no_anchor(retriever, queries_of):
    (hit,) = reasons_of(retriever, queries_of([[TENT, TEA]]), [HIT])
    assert (hit.source, hit.anchor) == ("popular", NO_ITEM)


def test_a_stranger_gets_popularity_as_reason(retriever, queries_of):
    for reason in reasons_of(retriever, queries_of([[]]), [HIT, TEA]):
        assert (reason.source, reason.anchor) == ("popular", NO_ITEM)


def test_padding_has_no_reason(retriever, queries_of):
    assert reasons_of(retriever, queries_of([[TEA]]), [CUP, NO_ITEM])[1] == Reason("")


def test_an_anchor_is_preferred_unless_it_is_the_weakest_of_the_truth(retriever, queries_of):
    """Popularity speaks louder in both cases; in the second one so loud that naming an item would mislead."""
    queries = queries_of([[TENT, TEA]])
    for weight, source in ((1.5, "bought_together"), (50.0, "popular")):
        louder = Retriever(retriever.all_sources, Fusion(np.array([1, weight, 0, 0], np.float32)), 5)
        assert reasons_of(louder, queries, [CUP])[0].source == source


def test_a_source_of_vectors_names_the_closest_item_that_was_wished_for(queries_of):
    """The lamp is nearest to what the user dislikes, then to the tent, though the tea has a long vector."""
    vectors = np.array([[9, 3, 0], [-1, 0, -1], [0, 1, 0.1], [0, 1, 0], [0, 1, 0]], np.float32)
    als = ALS.of(VectorIndex.build(vectors))
    retriever = Retriever((als,), Fusion(np.array([1, 0], np.float32)), 5)
    queries = queries_of([[TEA, TENT, HIT]], types=[[1, 1, 6]])
    lamp, cup = reasons_of(retriever, queries, [LAMP, CUP])
    assert (lamp.source, lamp.anchor) == ("als", TENT)
    assert cup.anchor == NO_ITEM


def test_every_query_names_items_of_its_own_history(retriever, queries_of):
    queries = queries_of([[TEA], [TENT]])
    candidates = retriever.score(queries, np.array([[CUP], [LAMP]], np.int32))
    assert [own[0].anchor for own in retriever.reasons(queries, candidates)] == [TEA, TENT]
