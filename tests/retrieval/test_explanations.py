"""Reasons on a catalogue of five items where everybody can see what follows from what."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM, EventType
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.profile import wanted_only
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.popularity import Popularity

TEA, CUP, TENT, LAMP, HIT = range(5)


@pytest.fixture
def retriever(queries_of):
    goes_with = sp.csr_matrix(
        ([1.0, 0.2, 0.9, 0.1], ([TEA, TENT, TENT, TEA], [CUP, CUP, LAMP, LAMP])), (5, 5), dtype=np.float32
    )
    bought = ItemItem(goes_with, np.inf, name="bought_together")
    popular = Popularity.counted("popular", queries_of([[HIT], [HIT, TEA], [HIT], [CUP]]), 5, np.inf)
    return Retriever((bought, popular), Fusion(np.array([1, 0.5, 0, 0], np.float32)), 5)


class Reason(NamedTuple):
    source: str
    anchor: int = NO_ITEM
    share: float = 0.0
    done: int = EventType.INTERACTION


def reasons_of(retriever, queries, items):
    """Of one query."""
    candidates = retriever.score(queries, np.array([items], np.int32))
    told = retriever.reasons(queries, candidates).of(0, len(items))
    columns = (told.anchors.tolist(), told.shares.tolist(), told.done.tolist())
    return [Reason(told.sources[speaker], *rest) for speaker, *rest in zip(told.speakers, *columns, strict=True)]


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
    assert retriever.reasons(queries, candidates).anchors.tolist() == [[TEA], [TENT]]


def test_the_strongest_thing_done_with_an_anchor_is_told(retriever, queries_of):
    """Of equally strong ones the oldest."""
    view, click, like, buy = EventType.VIEW, EventType.CLICK, EventType.LIKE, EventType.PURCHASE
    for types, done in (([click, buy, view], buy), ([click, view, view], click), ([view, like, buy], like)):
        [cup] = reasons_of(retriever, queries_of([[TEA, TEA, TEA]], types=[types]), [CUP])
        assert (cup.anchor, cup.done) == (TEA, done)


CATALOGUE, FACTORS = 60, 5


@settings(max_examples=30)
@drawn(st.integers(0, 2**32 - 1))
def test_reasons_are_those_that_plain_loops_find(queries_of, seed):
    """Several users at once, some of whom have no history, with padding and items that sources know nothing of."""
    draw = np.random.default_rng(seed)
    weights = [sp.random(CATALOGUE, CATALOGUE, 0.2, "csr", np.float32, draw) for _ in range(2)]
    vectors = draw.normal(size=(CATALOGUE, FACTORS)).astype(np.float32)
    sources = (
        ItemItem(weights[0], np.inf, name="often"),
        ALS.of(VectorIndex.build(vectors)),
        Popularity.counted("popular", queries_of([draw.integers(0, CATALOGUE, 30).tolist()]), CATALOGUE, np.inf),
        ItemItem(weights[1], 3.0, name="faded"),
    )
    retriever = Retriever(sources, Fusion(draw.normal(0.5, 1, 8).astype(np.float32)), CATALOGUE)
    histories = [draw.integers(0, CATALOGUE, draw.integers(0, 8)).tolist() for _ in range(4)]
    queries = queries_of(histories, types=[draw.integers(0, 9, len(own)).tolist() for own in histories])
    found = retriever.retrieve(queries, 12)
    padded = replace(found, items=np.where(draw.random(found.items.shape) < 0.1, NO_ITEM, found.items))
    told, given = retriever.reasons(queries, padded), retriever.fusion.contributions(padded, queries)
    for i, n in np.ndindex(padded.items.shape):
        speaker, share = plain_speaker(np.where(padded.ranks[i, n] > 0, given[i, n], 0), given[i, n], [0, 1, 3])
        if padded.items[i, n] == NO_ITEM:
            assert (told.sources[told.speakers[i, n]], told.anchors[i, n], told.shares[i, n]) == ("", NO_ITEM, 0)
            continue
        assert told.speakers[i, n] == speaker and told.shares[i, n] == pytest.approx(share, abs=1e-6)
        events = wanted_only(queries.slice(i, i + 1))
        if speaker == 2:
            support = {}
        elif speaker == 1:
            support = {row: cosine(vectors[row], vectors[padded.items[i, n]]) for row in events.items.tolist()}
        else:
            profile = sources[speaker].profile(queries.slice(i, i + 1)).matrix()
            support = {row: profile[0, row] * weights[speaker // 3][row, padded.items[i, n]] for row in profile.indices}
        anchor, most = int(told.anchors[i, n]), max(support.values(), default=0)
        assert (anchor == NO_ITEM) == (most <= 0) and (anchor == NO_ITEM or support[anchor] == pytest.approx(most))


def plain_speaker(given, all_given, naming):
    shares = np.maximum(given, 0) / max(np.maximum(all_given, 0).sum(), 1e-9)
    named, best = max(naming, key=lambda s: shares[s]), int(shares.argmax())
    speaker = named if shares[named] >= max(shares[best] / 3, 1e-9) else best
    return speaker, shares[speaker]


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a))
