"""Stage one as a whole, over a few small sources."""

from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.types import NO_ITEM
from shortlist_retrieval import retriever as retriever_module
from shortlist_retrieval.best import best
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.neighbours import cosine
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.transitions import Transitions, transition_weights

ITEMS = 80
GENERATOR = np.random.default_rng(5)
HISTORIES = [GENERATOR.integers(0, ITEMS - 1, GENERATOR.integers(2, 15)).tolist() for _ in range(120)]
ASKED = [HISTORIES[0], [], [7], HISTORIES[1] + HISTORIES[2]]
FIELDS = ("items", "fused", "scores", "ranks", "moments")


@pytest.fixture(scope="module")
def retriever(queries_of):
    events = queries_of(HISTORIES)
    profiles = history_profile(events, ITEMS, np.inf).matrix()
    sources = (
        ItemItem(cosine(profiles), 20.0, name="cosine"),
        Transitions(transition_weights(events, ITEMS)),
        ALS.factorised(profiles, 16, 0),
        Popularity.counted("popular", events, ITEMS, np.inf),
    )
    return Retriever(sources, Fusion(GENERATOR.random(8).astype(np.float32)), ITEMS)


@pytest.fixture
def queries(queries_of):
    return queries_of(ASKED)


class Broken(Source):
    """Raises when it is asked, or only when it is asked for details."""

    kind = name = "broken"

    def __init__(self, at_once=True):
        self.at_once = at_once

    def scores(self, queries):
        if self.at_once:
            raise OSError("the disk is gone")
        return self

    def top(self, count, allowed):
        raise OSError("the disk is gone")

    def write(self, writer):
        raise OSError("the disk is gone")

    @classmethod
    def load(cls, bundle, name, new=None):
        raise OSError("the disk is gone")


def row(candidates, query):
    valid = candidates.valid[query]
    return {n: getattr(candidates, n)[query][valid] if n != "moments" else candidates.moments[query] for n in FIELDS}


def test_best_first_and_padding_behind(retriever, queries):
    found = retriever.retrieve(queries, 30)
    assert found.sources == ("cosine", "transitions", "als", "popular")
    for query in range(len(queries)):
        own = row(found, query)
        assert (np.diff(own["fused"]) <= 0).all()
        assert len(np.unique(own["items"])) == len(own["items"])
    assert (found.fused[~found.valid] == -np.inf).all()
    assert not found.scores[~found.valid].any()
    assert not found.ranks[~found.valid].any()


def test_retrieve_is_the_best_of_what_is_proposed(retriever, queries):
    union, found = retriever.propose(queries, 25), retriever.retrieve(queries, 25)
    chosen = best(union, 25)
    for query in range(len(queries)):
        every = np.sort(union.fused[query][union.valid[query]])[::-1]
        assert np.array_equal(row(found, query)["fused"], every[:25])
    for name in FIELDS:
        assert np.array_equal(getattr(found, name), getattr(chosen, name))


def test_ranks_are_the_places_in_each_sources_own_list(retriever, queries):
    found = retriever.retrieve(queries, 20)
    for i, source in enumerate(retriever.all_sources):
        lists = source.scores(queries).top(ITEMS, None)
        for query in range(len(queries)):
            for item, rank in zip(found.items[query], found.ranks[query, :, i], strict=True):
                if item != NO_ITEM:
                    assert rank == (np.flatnonzero(lists[query] == item) + 1 if item in lists[query] else 0)


def test_a_batch_answers_as_lone_queries_do(retriever, queries):
    together = retriever.retrieve(queries, 25)
    for query in range(len(queries)):
        alone = retriever.retrieve(queries.slice(query, query + 1), 25)
        mine, theirs = row(together, query), row(alone, 0)
        assert mine["fused"] == pytest.approx(theirs["fused"], abs=1e-5)
        assert mine["scores"] == pytest.approx(theirs["scores"], abs=1e-5)
        assert np.array_equal(mine["items"], theirs["items"])


def test_given_items_are_described_as_retrieved_ones(retriever, queries):
    found = retriever.retrieve(queries, 25, blocked=queries.seen())
    backwards = found.items[:, ::-3]
    again = retriever.score(queries, backwards)
    assert np.array_equal(again.items, backwards)
    assert again.fused == pytest.approx(found.fused[:, ::-3], abs=1e-5)
    assert np.array_equal(again.ranks, found.ranks[:, ::-3])


def test_blocked_and_excluded_items_never_come(retriever, queries):
    allowed = np.arange(ITEMS) % 2 == 0
    blocked = [np.unique(queries.history(i)) for i in range(len(queries))]
    found = retriever.retrieve(queries, 40, blocked=blocked, allowed=allowed)
    for query in range(len(queries)):
        own = row(found, query)["items"]
        assert len(own)
        assert not np.isin(own, blocked[query]).any()
        assert allowed[own].all()


def test_lists_from_outside_take_the_last_places(retriever, queries):
    """Up to a tenth of the places for each list, of what may be proposed, described like all others."""
    usual = retriever.retrieve(queries, 20, blocked=queries.seen())
    rest = [np.setdiff1d(np.arange(ITEMS, dtype=np.int32), usual.items[i])[::-1] for i in range(len(queries))]
    seen_first = [np.append(seen[:2], rows).astype(np.int32) for seen, rows in zip(queries.seen(), rest, strict=True)]
    also = {"fresh": seen_first, "together": [rows[1:] for rows in rest]}
    found = retriever.retrieve(queries, 20, blocked=queries.seen(), also=also)
    for query, seen in enumerate(queries.seen()):
        own, before = row(found, query), row(usual, query)
        new = [item for item in rest[query] if item not in seen][:3]
        assert set(own["items"]) == set(before["items"][: 20 - len(new)]) | set(new)
        assert (np.diff(own["fused"]) <= 0).all()
        described = retriever.score(queries.slice(query, query + 1), own["items"][None])
        assert own["scores"] == pytest.approx(described.scores[0], abs=1e-5)


def test_what_is_on_the_list_already_takes_no_other_place(retriever, queries):
    usual = retriever.retrieve(queries, 20, blocked=queries.seen())
    first = [items[items != NO_ITEM][:2] for items in usual.items]
    again = retriever.retrieve(queries, 20, blocked=queries.seen(), also={"fresh": first})
    for name in FIELDS:
        assert np.array_equal(getattr(again, name), getattr(usual, name))


def test_where_few_sources_speak_they_say_more(retriever, queries_of):
    """Each proposes half of what is asked for; to a newcomer popularity alone proposes all, whoever else is asked."""
    large = replace(retriever, all_sources=tuple(retriever.all_sources))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retriever_module, "LIST_LENGTH", 5)
        alone, among_others = large.retrieve(queries_of([[]]), 30), large.retrieve(queries_of([HISTORIES[0], []]), 30)
    assert alone.valid.all()
    assert alone.ranks[0, :, 3].tolist() == list(range(1, 31))
    assert np.array_equal(among_others.items[1], alone.items[0])


def test_nothing_allowed_is_an_empty_answer(retriever, queries):
    found = retriever.retrieve(queries, 10, allowed=np.zeros(ITEMS, bool))
    assert not found.valid.any()
    everything = [np.arange(ITEMS, dtype=np.int32)] * len(queries)
    assert not retriever.retrieve(queries, 10, blocked=everything).valid.any()


def test_a_batch_of_none(retriever, queries_of):
    assert len(retriever.retrieve(queries_of([]), 10)) == 0


def test_no_argument_is_written_to(retriever, queries):
    blocked = [np.array([1, 2], np.int32)] * len(queries)
    allowed = np.ones(ITEMS, bool)
    for array in (*blocked, allowed):
        array.setflags(write=False)
    found = retriever.retrieve(queries, 10, blocked=blocked, allowed=allowed)
    for name in FIELDS:
        getattr(found, name).setflags(write=False)
    retriever.reasons(queries, found)
    best(found, 5)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_source_that_raises_is_named_and_the_others_answer(retriever, queries, at_once):
    fusion = Fusion(np.insert(retriever.fusion.weights, [0, 4], [3, 3]))
    broken = replace(retriever, all_sources=(Broken(at_once), *retriever.all_sources), fusion=fusion)
    found, whole = broken.retrieve(queries, 25), retriever.retrieve(queries, 25)
    assert found.failed == ("broken",)
    assert np.array_equal(found.items, whole.items)
    assert found.fused == pytest.approx(whole.fused)


def test_what_goes_with_an_item_is_neither_itself_nor_the_popular(retriever):
    found = retriever.similar(7, 10)
    assert "popular" not in found.sources
    assert found.valid.any()
    assert 7 not in found.items


def test_a_loaded_retriever_answers_the_same(retriever, queries, stored):
    loaded = Retriever.load(stored(retriever.write))
    mine, theirs = retriever.retrieve(queries, 25), loaded.retrieve(queries, 25)
    assert mine.sources == theirs.sources
    for name in FIELDS:
        assert np.array_equal(getattr(mine, name), getattr(theirs, name))
