from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.types import DAY, NO_ITEM, Candidates
from shortlist_kernels.signals import signals
from shortlist_ranking.action_rates import ActionRates
from shortlist_ranking.features.matrix import feature_matrix, feature_names, write_features
from shortlist_ranking.item_facts import ItemFacts

AS_OF = 100 * DAY
CONTEXT = ("age", "since_last_taken", "price", "price_known", "price_distance", "history_length")


@pytest.fixture
def facts(queries_of):
    """Item 0 was taken on days 40 and 90, item 1 on day 99, item 2 never; the price of item 1 is unknown."""
    prices = np.array([[1.5, 1], [0, 0], [-0.5, 1]], np.float32)
    return ItemFacts.fit(queries_of([[0, 1], [0]], times=[[40, 99], [90]]), prices, AS_OF)


def candidates(items, sources=("a", "b")):
    items = np.array(items, np.int32)
    zeros = np.zeros((*items.shape, 2), np.float32)
    fused, levels = np.zeros(items.shape, np.float32), np.ones((len(items), 2, 2), np.float32)
    return Candidates(items, fused, zeros, zeros.astype(np.int32), levels, sources)


def context(queries, items, facts):
    found = feature_matrix(queries, candidates(items), facts)
    assert found.dtype == np.float32
    assert found.shape[2] == len(feature_names(("a", "b")))
    return {name: found[..., 4 + i] for i, name in enumerate(CONTEXT)}


def test_clocks_of_items_are_as_of_the_training_time(queries_of, facts):
    found = context(queries_of([[0]]), [[0, 1, 2]], facts)
    assert found["age"][0] == pytest.approx(np.log1p([60, 1, 0]))
    assert found["since_last_taken"][0] == pytest.approx(np.log1p([10, 1, 0]))


def test_prices_and_their_distance_to_the_historys(queries_of, facts):
    found = context(queries_of([[0, 1], [1], []]), [[0, 1, 2]] * 3, facts)
    assert found["price_known"][0].tolist() == [1, 0, 1]
    assert found["price_distance"].tolist() == [[0, 0, 2], [0, 0, 0], [0, 0, 0]]


def test_users_are_known_by_the_length_of_their_history(queries_of, facts):
    found = context(queries_of([[0, 1], []], times=[[50, 93], []]), [[0], [0]], facts)
    assert found["history_length"][:, 0] == pytest.approx(np.log1p([2, 0]))


def test_a_new_item_is_new_until_popularity_knows_that_somebody_took_it(facts):
    facts = replace(facts, new=np.array([False, True, True]))
    made = replace(candidates([[0, 1, 2]], sources=("two_tower", "popular_7d")), taker_counts=(1,))
    made.scores[0] = [[0, 0], [1, 0], [0, 0.7]]
    assert facts.untaken(made).tolist() == [[False, True, False]]


def test_how_long_a_user_has_been_away_changes_nothing(queries_of, facts):
    soon, late = (feature_matrix(queries_of([[0]], times=[[day]]), candidates([[1]]), facts) for day in (99, 3))
    assert np.array_equal(soon, late)


def test_padding_and_batches_without_events_are_finite(queries_of, facts):
    found = feature_matrix(queries_of([[], []]), candidates([[NO_ITEM, 1], [2, NO_ITEM]]), facts)
    assert np.isfinite(found).all()


def test_they_are_what_numpy_makes_of_the_facts(queries_of):
    generator = np.random.default_rng(0)
    known = generator.random(30) < 0.6
    prices = np.stack([generator.normal(size=30) * known, known], axis=1).astype(np.float32)
    first = generator.integers(0, AS_OF + DAY, 30)
    facts = ItemFacts(first, first + DAY, prices, AS_OF, np.zeros(30, bool), ActionRates.fit(queries_of([[]]), 30))
    queries = queries_of([generator.integers(0, 30, n) for n in (0, 1, 5, 40)])
    made = candidates(generator.integers(0, 30, (4, 7)))
    found = feature_matrix(queries, made, facts)
    assert np.array_equal(found[..., :4], signals(made))
    for i in range(4):
        items, own = made.items[i], prices[queries.history(i)]
        taken = own[own[:, 1] > 0, 0].astype(np.float64)
        distance = np.abs(prices[items, 0] - taken.mean()) * prices[items, 1] if len(taken) else np.zeros(7)
        wanted = [
            np.log1p(np.maximum(AS_OF - facts.first[items], 0) / DAY),
            np.log1p(np.maximum(AS_OF - facts.last[items], 0) / DAY),
            *prices[items].T,
            distance,
            np.full(7, np.log1p(len(own))),
        ]
        assert pytest.approx(np.array(wanted), rel=1e-6, abs=1e-6) == found[i, :, 4:].T


def test_written_into_a_larger_array_nothing_else_is_touched(queries_of, facts):
    queries, made = queries_of([[0, 1], []]), candidates([[0, 1, 2], [2, 1, NO_ITEM]])
    found = np.full((3, 5, 12), 9, np.float32)
    write_features(queries, made, facts, found)
    assert np.array_equal(found[:2, :3, :10], feature_matrix(queries, made, facts))
    found[:2, :3, :10] = 9
    assert (found == 9).all()


def test_names_stand_in_the_order_of_the_columns():
    names = feature_names(("a", "b"))
    assert names == ["a:level", "b:level", "a:place", "b:place", *CONTEXT]


def test_nothing_is_written_to(queries_of, facts):
    for array in (facts.first, facts.last, facts.prices):
        array.setflags(write=False)
    made = candidates([[0, NO_ITEM]])
    for name in ("items", "scores", "ranks", "moments"):
        getattr(made, name).setflags(write=False)
    feature_matrix(queries_of([[0, 1]]), replace(made), facts)


def test_loaded_facts_are_the_same(facts, stored):
    loaded = ItemFacts.load(stored(facts.write))
    assert loaded.as_of == facts.as_of
    for name in ("first", "last", "prices", "new"):
        assert np.array_equal(getattr(loaded, name), getattr(facts, name))


def test_rows_behind_the_bundles_are_new(facts, stored):
    assert ItemFacts.load(stored(facts.write), 2).new.tolist() == [False] * 3 + [True] * 2
