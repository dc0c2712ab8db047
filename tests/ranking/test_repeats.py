"""What users take again: learned from rhythms, and nothing where nobody takes anything twice."""

from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.seen_items import SeenItems
from shortlist_core.types import DAY, NO_ITEM, EventType, Queries
from shortlist_ranking.expected import Expected
from shortlist_ranking.repeats import Repeats

WEEK = 7


def queries(lists, now, type=EventType.PURCHASE):
    """One user for each list of (item, day)."""
    lists = [sorted(each, key=lambda pair: pair[1]) for each in lists]
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in lists])]).astype(np.int64)
    pairs = [pair for each in lists for pair in each]
    items, days = np.array([item for item, _ in pairs], np.int32), np.array([day for _, day in pairs], float)
    n = len(pairs)
    return Queries(
        offsets, items, (days * DAY).astype(np.int64), np.full(n, type, np.int8), np.ones(n, np.float32),
        np.full(len(lists), now * DAY, np.int64),
    )  # fmt: skip


@pytest.fixture(scope="module")
def shop():
    """Item u is user u's weekly one; everybody also took two of the items 100 to 139 once, three weeks ago."""
    generator = np.random.default_rng(0)
    weekly = [[(user, day) for day in range(user % WEEK, 70, WEEK)] for user in range(60)]
    once = [[(100 + int(item), 40 + generator.random()) for item in generator.choice(40, 2, False)] for _ in range(60)]
    past = queries([a + b for a, b in zip(weekly, once, strict=True)], 70)
    later = queries([[(user, 70 + user % WEEK), (90, 72)] for user in range(60)], 77)
    return past, later


@pytest.fixture(scope="module")
def learned(shop):
    past, later = shop
    return Repeats.fit([(past, past, later)], past, 140)


def test_what_comes_every_week_comes_again_and_what_came_once_does_not(learned, shop):
    expected = learned.expected(shop[0])
    weekly = expected.items < 60
    assert expected.probabilities[weekly].min() > 0.8
    assert expected.probabilities[~weekly].max() < 0.1
    assert expected.likeliest(1, None)[7].tolist() == [7]


def test_likely_is_what_has_a_chance_worth_a_place():
    expected = Expected(np.array([0, 0, 3]), np.array([2, 5, 9], np.int32), np.array([0.5, 0.0001, 0.02]))
    assert [expected.likely(query).tolist() for query in range(2)] == [[], [2, 9]]
    assert [rows.tolist() for rows in expected.likeliest(5, None)] == [[], [2, 9, 5]]
    swapped = expected.select(np.array([1, 0]))
    assert [swapped.likely(query).tolist() for query in range(2)] == [[2, 9], []]


def test_the_share_of_repeats_decides_what_suits_the_data(learned):
    assert [replace(learned, share=share).usual_policy for share in (0.0, 0.49, 0.5, 0.9)] == [
        *(SeenItems.DROP, SeenItems.DROP, SeenItems.REPEATS, SeenItems.REPEATS),
    ]


def test_a_filter_holds_for_what_comes_again(learned, shop):
    allowed = np.ones(140, bool)
    allowed[7] = False
    assert 7 not in learned.expected(shop[0]).likeliest(3, allowed)[7].tolist()


def test_scores_of_seen_candidates_alone_change(learned, shop):
    asked = shop[0].slice(0, 2)
    items = np.array([[0, 90, 91], [1, 0, NO_ITEM]], np.int32)
    scores = np.array([[0.3, 0.2, 0.1], [0.3, 0.2, -np.inf]], np.float32)
    put = learned.expected(asked).put(items, scores)
    assert put[0, 0] > 0.8 and put[1, 0] > 0.8
    assert np.array_equal(put[:, 1:], scores[:, 1:])


def test_new_items_and_users_without_history_are_no_trouble(learned):
    some = queries([[], [(500, 69), (500, 62)]], 70)
    expected = learned.expected(some)
    assert expected.items.tolist() == [500] and np.isfinite(expected.probabilities).all()
    assert [rows.tolist() for rows in expected.likeliest(5, None)] == [[], [500]]
    nobody = queries([[]], 70)
    scores = np.array([[0.5]], np.float32)
    assert np.array_equal(learned.expected(nobody).put(np.array([[3]], np.int32), scores), scores)


def test_where_nobody_takes_anything_twice_nothing_comes_again(shop):
    past = queries([[(item, item) for item in range(10)] for _ in range(40)], 20)
    later = queries([[(11, 21)]] * 40, 30)
    never = Repeats.fit([(past, past, later)], past, 20)
    assert [len(rows) for rows in never.expected(past).likeliest(5, None)] == [0] * 40
    assert not never.expected(past).probabilities.any()
    assert never.usual_policy == SeenItems.DROP


def test_dislikes_are_no_wishes(learned, shop):
    disliked = queries([[(3, day) for day in range(0, 70, WEEK)]], 70, EventType.DISLIKE)
    assert len(learned.expected(disliked).items) == 0
