"""The whole system, trained, published and loaded again."""

import numpy as np
import pytest

from shortlist_core.types import NO_ITEM
from shortlist_data.dataset import Dataset
from shortlist_data.splits import parse_time
from shortlist_evaluation.new_items import NewItems
from shortlist_evaluation.protocol import Heldout
from shortlist_ranking.ranker import Ranker
from shortlist_training.assess import with_new_items
from shortlist_training.offline import Recommender

FIELDS = ("items", "fused", "scores", "ranks", "moments")


@pytest.fixture(scope="module")
def system(trained_bundle):
    return Recommender.load(trained_bundle.load())


@pytest.fixture(scope="module")
def queries(system):
    return system.histories.queries([system.histories.ids[row] for row in range(0, 60, 12)] + ["a stranger"])


def test_a_loaded_system_retrieves_and_ranks_as_the_trained_one(system, queries, trained_bundle):
    trained = trained_bundle.trained
    mine, theirs = trained.retriever.retrieve(queries, 100), system.retriever.retrieve(queries, 100)
    for name in FIELDS:
        assert np.array_equal(getattr(mine, name), getattr(theirs, name)), name
    scores = Ranker.of(trained.scorer, trained.facts).rank(queries, mine)
    assert np.array_equal(system.ranker.rank(queries, theirs), scores)


def test_every_source_of_the_recipe_is_published(system, trained_bundle):
    assert system.retriever.sources == trained_bundle.trained.retriever.sources
    assert len(set(system.retriever.sources)) == len(system.retriever.sources)


def test_lists_are_best_first_without_what_was_taken(system, queries):
    done = []
    lists = system.recommend(queries, 10, done.append)
    assert lists.items.shape == lists.scores.shape == (len(queries), 10)
    assert sum(done) == len(queries)
    for items, scores, taken in zip(lists.items, lists.scores, queries.seen(), strict=True):
        assert (items != NO_ITEM).all()
        assert len(np.unique(items)) == 10
        assert (np.diff(scores) <= 0).all()
        assert not np.isin(items, taken).any()


def test_batches_give_what_lone_queries_get(system, queries):
    together = system.recommend(queries, 10)
    for query in range(len(queries)):
        alone = system.recommend(queries.slice(query, query + 1), 10)
        assert alone.scores[0] == pytest.approx(together.scores[query], abs=1e-5)
        assert alone.items[0].tolist() == together.items[query].tolist()


def test_stages_and_sources_alone(system, queries):
    retrieved = system.retrieve(queries, 30)
    assert (np.diff(retrieved.scores, axis=1) <= 1e-6).all()
    for name in system.retriever.sources:
        lists = system.retrieve_from(name, queries, 15)
        for query in range(len(queries)):
            own = lists.items[query][lists.items[query] != NO_ITEM]
            assert not np.isin(own, queries.history(query)).any()
    tower = system.retrieve_from("two_tower", queries, 15).items
    assert (tower[:-1] != NO_ITEM).all()
    assert (tower[-1] == NO_ITEM).all(), "it knows nothing of a stranger"


def test_more_than_the_catalogue_holds(system, queries):
    lists = system.recommend(queries.slice(0, 1), 1_000)
    shown = lists.items[0][lists.items[0] != NO_ITEM]
    assert 0 < len(shown) <= len(system.items)


def test_no_query_is_no_list(system):
    assert system.recommend(system.histories.queries([]), 5).items.shape == (0, 5)


def test_new_items_are_recommended_by_what_they_say(trained_bundle):
    dataset = Dataset.read(trained_bundle.data)
    heldout = Heldout.of(dataset, parse_time(trained_bundle.until))
    new = NewItems.of(dataset, heldout)
    past = dataset.until(heldout.train.now).interactions
    lists = with_new_items(trained_bundle.load(), new, past)
    first = len(heldout.train.item_ids)
    for ranked in lists.values():
        assert len(ranked) == len(new.heldout) and (ranked >= first).any(axis=1).all()
        assert 0 < new.evaluate(ranked)["recall@500"] <= 1
