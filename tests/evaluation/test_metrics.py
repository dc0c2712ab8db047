import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_evaluation.metrics import (
    ItemSets,
    f1_at,
    first_ranks,
    hit_at,
    map_at,
    mrr_at,
    ndcg_at,
    precision_at,
    recall_at,
)

METRICS = (ndcg_at, hit_at, recall_at, precision_at, f1_at, mrr_at, map_at)


def lists(*rows):
    return np.array(rows, np.int32)


# Relevant 3 and 7; the list finds 3 at place 2, and 7 at place 4.
RANKED, RELEVANT = lists([5, 3, 9, 7, 1]), ItemSets.of([[3, 7]])


def test_values_by_hand():
    ideal = 1 + 1 / math.log2(3)
    assert ndcg_at(RANKED, RELEVANT, 5)[0] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)
    assert ndcg_at(RANKED, RELEVANT, 2)[0] == pytest.approx((1 / math.log2(3)) / ideal)
    assert hit_at(RANKED, RELEVANT, 1)[0] == 0
    assert hit_at(RANKED, RELEVANT, 2)[0] == 1
    assert recall_at(RANKED, RELEVANT, 2)[0] == 0.5
    assert precision_at(RANKED, RELEVANT, 5)[0] == pytest.approx(2 / 5)
    assert f1_at(RANKED, RELEVANT, 5)[0] == pytest.approx(2 * 0.4 * 1.0 / 1.4)
    assert mrr_at(RANKED, RELEVANT, 5)[0] == 0.5
    assert mrr_at(RANKED, RELEVANT, 1)[0] == 0
    assert map_at(RANKED, RELEVANT, 5)[0] == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_ideal_list_is_cut_at_k_so_that_ten_of_thirty_can_be_perfect():
    relevant = ItemSets.of([list(range(30))])
    ranked = lists(list(range(10)))
    assert ndcg_at(ranked, relevant, 10)[0] == pytest.approx(1)
    assert map_at(ranked, relevant, 10)[0] == pytest.approx(1)
    assert recall_at(ranked, relevant, 10)[0] == pytest.approx(1 / 3)


def test_an_item_listed_twice_counts_once():
    ranked = lists([3, 3, 3, 7, -1])
    assert recall_at(ranked, RELEVANT, 5)[0] == 1
    assert precision_at(ranked, RELEVANT, 5)[0] == pytest.approx(2 / 5)
    assert ndcg_at(ranked, RELEVANT, 5)[0] < 1
    assert first_ranks(ranked).tolist() == [[True, False, False, True, False]]


@pytest.mark.parametrize("metric", METRICS)
def test_padding_is_never_a_hit(metric):
    assert metric(lists([-1, -1, -1]), ItemSets.of([[0, 1]]), 3)[0] == 0


@pytest.mark.parametrize("metric", METRICS)
def test_users_without_relevant_items_have_no_value(metric):
    values = metric(lists([1, 2], [1, 2]), ItemSets.of([[], [1, 2]]), 2)
    assert np.isnan(values[0])
    assert values[1] == pytest.approx(1)


@pytest.mark.parametrize("metric", METRICS)
def test_lists_shorter_than_k_and_empty_ones(metric):
    assert metric(lists([3]), RELEVANT, 10)[0] > 0
    assert metric(np.empty((1, 0), np.int32), RELEVANT, 10)[0] == 0


@pytest.mark.parametrize("metric", METRICS)
def test_another_users_items_do_not_count(metric):
    values = metric(lists([1, 2], [3, 4]), ItemSets.of([[3, 4], [1, 2]]), 2)
    assert values.tolist() == [0, 0]


def test_lists_of_other_users_are_refused():
    with pytest.raises(ValueError, match="2 lists for 1 users"):
        ndcg_at(lists([1], [2]), RELEVANT, 1)


def naive(name, ranked, relevant, k):
    """Textbook loops over one user's list."""
    top, found, gains, precisions, first = ranked[:k], set(), 0.0, 0.0, 0
    for place, item in enumerate(top, start=1):
        if item in relevant and item not in found:
            found.add(item)
            gains += 1 / math.log2(place + 1)
            precisions += len(found) / place
            first = first or place
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(k, len(relevant)) + 1))
    precision, recall = len(found) / k, len(found) / len(relevant)
    return {
        "ndcg_at": gains / ideal,
        "hit_at": float(bool(found)),
        "recall_at": recall,
        "precision_at": precision,
        "f1_at": 2 * precision * recall / (precision + recall) if found else 0.0,
        "mrr_at": 1 / first if first else 0.0,
        "map_at": precisions / min(k, len(relevant)),
    }[name]


users = st.lists(
    st.tuples(
        st.lists(st.integers(-1, 15), min_size=12, max_size=12),
        st.sets(st.integers(0, 15), min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=6,
)


@given(users, st.integers(1, 14))
def test_every_metric_agrees_with_loops(drawn, k):
    ranked, relevant = lists(*[r for r, _ in drawn]), ItemSets.of([sorted(s) for _, s in drawn])
    for metric in METRICS:
        expected = [naive(metric.__name__, r, s, k) for r, s in drawn]
        assert metric(ranked, relevant, k) == pytest.approx(expected), metric.__name__


@given(users, st.integers(1, 12))
def test_bounds_and_monotony(drawn, k):
    ranked, relevant = lists(*[r for r, _ in drawn]), ItemSets.of([sorted(s) for _, s in drawn])
    for metric in METRICS:
        values = metric(ranked, relevant, k)
        assert (values >= 0).all() and (values <= 1 + 1e-12).all()
    for metric in (hit_at, recall_at, mrr_at):
        assert (metric(ranked, relevant, k + 1) >= metric(ranked, relevant, k)).all()


@given(users)
def test_moving_a_relevant_item_up_never_hurts(drawn):
    for ranked, relevant in drawn:
        sets = ItemSets.of([sorted(relevant)])
        front = [i for i in ranked if i in relevant] + [i for i in ranked if i not in relevant]
        for metric in METRICS:
            assert metric(lists(front), sets, 5)[0] >= metric(lists(ranked), sets, 5)[0] - 1e-12


pairs = st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=5)


@given(pairs, st.data())
def test_item_sets_behave_like_sets(sets, data):
    a = ItemSets.of([sorted(s) for s in sets])
    others = data.draw(st.lists(st.sets(st.integers(0, 9)), min_size=len(sets), max_size=len(sets)))
    b = ItemSets.of([sorted(s) for s in others])
    assert as_sets(a) == sets
    assert as_sets(a.minus(b)) == [s - o for s, o in zip(sets, others, strict=True)]
    even = np.arange(10) % 2 == 0
    assert as_sets(a.only(even)) == [{i for i in s if i % 2 == 0} for s in sets]
    which = np.array(data.draw(st.lists(st.integers(0, len(sets) - 1), max_size=4)), np.int64)
    assert as_sets(a.take(which)) == [sets[i] for i in which]
    assert as_sets(a.slice(1, len(sets))) == sets[1:]


def as_sets(item_sets):
    found = []
    for start, stop in zip(item_sets.offsets[:-1], item_sets.offsets[1:], strict=True):
        items = item_sets.items[start:stop].tolist()
        assert items == sorted(set(items))
        found.append(set(items))
    return found


def test_items_gain_by_their_weights_where_they_have_any():
    gained = ItemSets.of_pairs(np.zeros(3, np.int64), np.array([5, 7, 5], np.int32), 1, np.array([1, 1, 3], np.float32))
    best, worse = (ndcg_at(lists(ranked), gained, 10)[0] for ranked in ([5, 7], [7, 5]))
    assert best == pytest.approx(1)
    assert worse == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))
    assert ndcg_at(lists([1, 5]), gained.minus(ItemSets.of([[7]])), 10)[0] == pytest.approx(1 / math.log2(3))
    assert math.isnan(ndcg_at(lists([5]), gained.only(np.zeros(9, bool)), 10)[0])
