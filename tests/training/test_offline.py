"""The serving pipeline offline: a really trained system, published and loaded again."""

import numpy as np
import pytest

from shortlist_core.types import NO_ITEM
from shortlist_data.dataset import Dataset
from shortlist_data.splits import parse_time
from shortlist_evaluation.new_items import NewItems
from shortlist_evaluation.protocol import Heldout
from shortlist_ranking.ranker import Ranker
from shortlist_server.pipeline.query import Query
from shortlist_training.assess import source_alone, with_new_items
from shortlist_training.offline import UnansweredError, serving_offline

FIELDS = ("items", "fused", "scores", "ranks", "moments")


@pytest.fixture(scope="module")
def system(trained_bundle):
    with serving_offline(trained_bundle.load()) as recommender:
        yield recommender


@pytest.fixture(scope="module")
def users(system):
    ids = system.bundle.histories.ids
    return [*(ids[row] for row in range(0, 60, 12)), "nobody"]


def asked(users, count):
    return [Query(user_id=user, count=count, candidate_count=max(count, 400)) for user in users]


def taken(system, user):
    return system.bundle.histories.queries([user]).seen()[0]


def test_a_loaded_system_retrieves_and_ranks_as_the_trained_one(system, users, trained_bundle):
    trained, queries = trained_bundle.trained, system.bundle.histories.queries(users)
    mine, theirs = trained.retriever.retrieve(queries, 100), system.bundle.retriever.retrieve(queries, 100)
    for name in FIELDS:
        assert np.array_equal(getattr(mine, name), getattr(theirs, name)), name
    scores = Ranker.of(trained.scorer, trained.facts).rank(queries, mine)
    assert np.array_equal(system.bundle.ranker.rank(queries, theirs), scores)


def test_every_source_of_the_recipe_is_published(system, trained_bundle):
    assert system.bundle.retriever.sources == trained_bundle.trained.retriever.sources
    assert len(set(system.bundle.retriever.sources)) == len(system.bundle.retriever.sources)


def test_lists_are_best_first_without_what_was_taken(system, users):
    done = []
    lists = system.recommend(asked(users, 10), done.append)
    assert lists.items.shape == lists.scores.shape == (len(users), 10)
    assert sum(done) == len(users)
    for user, items, scores in zip(users, lists.items, lists.scores, strict=True):
        assert (items != NO_ITEM).all()
        assert len(np.unique(items)) == 10
        assert (np.diff(scores) <= 0).all()
        assert not np.isin(items, taken(system, user)).any()


def test_stages_and_sources_alone(system, users):
    retrieved = system.retrieve(asked(users, 30))
    assert (np.diff(retrieved.scores, axis=1) <= 1e-6).all()
    for name in system.bundle.retriever.sources:
        lists = source_alone(system, name, asked(users, 15))
        for user, items in zip(users, lists, strict=True):
            assert not np.isin(items[items != NO_ITEM], taken(system, user)).any()
    tower = source_alone(system, "two_tower", asked(users, 15))
    assert (tower[:-1, :15] != NO_ITEM).all()
    assert (tower[-1] == NO_ITEM).all(), "it says nothing of a user without history"


def test_more_than_the_catalogue_holds(system, users):
    lists = system.recommend(asked(users[:1], 1_000))
    shown = lists.items[0][lists.items[0] != NO_ITEM]
    assert 0 < len(shown) <= len(system.bundle.items)


def test_no_query_is_no_list(system):
    assert system.recommend([]).items.shape == (0, 0)


def test_a_ranker_that_fails_is_not_hidden(system, users):
    class Broken:
        def rank(self, queries, candidates):
            raise ValueError("no scores")

    with pytest.raises(UnansweredError, match=f"user {users[0]!r} in full: ranker_skipped"):
        system.with_ranker(Broken()).recommend(asked(users[:1], 5))


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
