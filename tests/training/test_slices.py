"""No slice may know what came later: its past, its questions and its answers are held against the clock."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, NO_GROUP, NO_ITEM
from shortlist_training.slices import ends, last_moments, slices, time_slice

ITEMS = 12
HAS_TEXT = np.ones(ITEMS, bool)
EVENTS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, ITEMS - 1), st.sampled_from([0, 1, 4, 6, 7])), max_size=8
)
USERS = st.lists(EVENTS, min_size=1, max_size=12)


def histories_of(queries_of, users, now=31):
    users = [sorted(own, key=lambda event: event[0]) for own in users]
    times, items, types = ([[event[i] for event in own] for own in users] for i in range(3))
    return queries_of(items, times=times, types=types, now=now)


def events_of(queries, user):
    a, b = queries.offsets[user], queries.offsets[user + 1]
    return list(zip(queries.times[a:b].tolist(), queries.items[a:b].tolist(), queries.types[a:b].tolist(), strict=True))


def taken_of(cut, query):
    return cut.taken[cut.taken_offsets[query] : cut.taken_offsets[query + 1]].tolist()


def check(cut, histories, start, end):
    """All that a slice promises, event by event."""
    assert (cut.past.times < start).all()
    assert cut.as_of == start
    for query, user in enumerate(cut.users):
        asked = int(cut.queries.now[query])
        assert start <= asked < end
        everything = events_of(histories, user)
        before = [event for event in everything if event[0] < asked]
        assert events_of(cut.queries, query) == before, "all that was known when it was asked, and nothing else"
        own = {item for _, item, kind in before if kind != 7}  # what was only shown is still new
        expected = {i for t, i, kind in everything if asked <= t < end and kind not in (6, 7)} - own
        expected = {item for item in expected if item in cut.past.items or cut.new[item]}
        assert sorted(taken_of(cut, query)) == sorted(expected)
        assert expected, "who took nothing new is not asked about"


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(USERS, st.integers(0, 5), st.integers(1, 8))
def test_last_moments_are_held_back_from_those_who_are_asked_alone(queries_of, users, seed, most):
    histories = histories_of(queries_of, users)
    cut = last_moments(histories, HAS_TEXT, most, seed)
    assert len(cut.queries) <= most
    asked = set(cut.users.tolist())
    for user in range(len(histories)):
        everything, past = events_of(histories, user), events_of(cut.past, user)
        newest = everything[-1][0] if everything else 0
        assert past in (everything, [event for event in everything if event[0] < newest])
        assert past != everything or user not in asked
    for query, user in enumerate(cut.users):
        before = events_of(cut.past, user)
        assert events_of(cut.queries, query) == before
        assert cut.queries.now[query] == histories.now[0]
        own = {item for _, item, kind in before if kind != 7}
        last = {item for _, item, kind in events_of(histories, user)[len(before) :] if kind not in (6, 7)} - own
        assert sorted(taken_of(cut, query)) == sorted(item for item in last if cut.in_catalogue[item])
        assert taken_of(cut, query)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(USERS, st.integers(1, 25), st.integers(1, 8), st.integers(0, 5), st.integers(0, ITEMS))
def test_a_time_slice_never_sees_what_came_later(queries_of, users, start, length, seed, textless):
    histories = histories_of(queries_of, users)
    a, b = start * DAY, (start + length) * DAY
    has_content = np.arange(ITEMS) >= textless
    cut = time_slice(histories, a, b, has_content, 100, np.random.default_rng(seed))
    check(cut, histories, a, b)
    before, inside = histories.times < a, (histories.times >= a) & (histories.times < b)
    came = set(histories.items[inside].tolist()) - set(histories.items[before].tolist())
    assert np.flatnonzero(cut.new).tolist() == sorted(item for item in came if has_content[item])
    assert cut.in_catalogue.sum() == len(set(histories.items[before].tolist()))


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(USERS, st.integers(1, 25), st.integers(1, 8), st.integers(0, 5))
def test_groups_are_those_of_the_users_asked_about(queries_of, users, start, length, seed):
    histories = histories_of(queries_of, users)
    groups = np.arange(len(users), dtype=np.int32)[:, None]
    a, b = start * DAY, (start + length) * DAY
    cut = time_slice(replace(histories, groups=groups), a, b, np.ones(ITEMS, bool), 100, np.random.default_rng(seed))
    check(cut, replace(histories, groups=groups), a, b)
    known = ~cut.queries.without_history
    assert np.array_equal(cut.queries.groups[known], groups[cut.users[known]])
    of_strangers = cut.queries.groups[~known]  # of some of them nothing is known
    assert ((of_strangers == NO_GROUP) | (of_strangers == groups[cut.users[~known]])).all()


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(USERS, st.integers(1, 25), st.integers(1, 8), st.integers(0, 5))
def test_without_its_new_items_a_slice_is_one_of_items_without_words(queries_of, users, start, length, seed):
    histories = histories_of(queries_of, users)
    a, b = start * DAY, (start + length) * DAY
    every, none = np.ones(ITEMS, bool), np.zeros(ITEMS, bool)
    found = time_slice(histories, a, b, every, 100, np.random.default_rng(seed)).without_new_items()
    expected = time_slice(histories, a, b, none, 100, np.random.default_rng(seed))
    assert not found.new.any()
    for name in ("users", "taken_offsets", "taken"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))
    assert np.array_equal(found.queries.items, expected.queries.items)
    assert np.array_equal(found.queries.now, expected.queries.now)


def test_where_everything_that_is_taken_is_new_the_ends_of_histories_teach(queries_of):
    early = [[(day, (user + 3 * day) % 10, 4) for day in (1, 2, 3)] for user in range(40)]
    late = [[(1, 0, 4), (20 + user % 10, 10, 4)] for user in range(20)]
    [last] = slices(histories_of(queries_of, early + late), np.ones(ITEMS, bool), 4, 100, 0)
    assert last.count_informative() and not last.new.any()


def test_new_users_are_asked_about_without_history_too(queries_of):
    known, new = [(2, 0, 4), (4, 1, 4), (12, 2, 4), (13, 3, 4)], [(11, 0, 4), (12, 1, 4), (13, 2, 4)]
    histories = histories_of(queries_of, [known] * 10 + [new] * 3)
    cut = time_slice(histories, 10 * DAY, 20 * DAY, np.ones(ITEMS, bool), 1_000, np.random.default_rng(0))
    without = cut.queries.lengths == 0
    assert set(cut.users[without].tolist()) == {10, 11, 12}
    assert (cut.queries.now[without] == 11 * DAY).all()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(USERS, st.integers(0, 5))
def test_ends_keep_every_historys_beginning_apart_from_its_end(queries_of, users, seed):
    histories = histories_of(queries_of, users)
    cut = ends(histories, ITEMS, 100, np.random.default_rng(seed))
    assert not cut.new.any(), "what lies in the ends has no common time"
    for query, user in enumerate(cut.users):
        everything, own = events_of(histories, user), events_of(cut.queries, query)
        assert 0 < len(own) < len(everything)
        assert own == everything[: len(own)] == events_of(cut.past, user)
        later = {item for _, item, kind in everything[len(own) :] if kind not in (6, 7)}
        later -= {item for _, item, kind in own if kind != 7}
        assert sorted(taken_of(cut, query)) == sorted(item for item in later if item in cut.past.items)


def crowd(queries_of, users=240, same_time=False):
    generator = np.random.default_rng(0)
    made = []
    for _ in range(users):
        days = [5] * 10 if same_time else sorted(generator.integers(0, 31, 10).tolist())
        made.append([(day, int(item), 4) for day, item in zip(days, generator.integers(0, ITEMS, 10), strict=True)])
    return histories_of(queries_of, made)


def test_slices_follow_each_other_and_end_with_the_data(queries_of):
    histories = crowd(queries_of)
    made = slices(histories, HAS_TEXT, 3, 1_000, 0)
    assert len(made) == 3
    cuts = [cut.as_of for cut in made]
    assert np.diff(cuts) == pytest.approx([cuts[1] - cuts[0]] * 2, abs=2)
    for cut, end in zip(made, [*cuts[1:], 31 * DAY], strict=True):
        check(cut, histories, cut.as_of, end)


def test_no_more_queries_than_asked_for_and_the_same_ones_for_a_seed(queries_of):
    histories = crowd(queries_of)
    first, again, other = (slices(histories, HAS_TEXT, 3, 70, seed) for seed in (1, 1, 2))
    assert all(len(cut.queries) <= 70 for cut in first)
    assert [cut.users.tolist() for cut in first] == [cut.users.tolist() for cut in again]
    assert [cut.users.tolist() for cut in first] != [cut.users.tolist() for cut in other]


def test_where_all_times_are_equal_the_ends_of_histories_are_the_slice(queries_of):
    made = slices(crowd(queries_of, same_time=True), HAS_TEXT, 3, 1_000, 0)
    assert len(made) == 1
    assert (np.diff(made[0].taken_offsets) > 0).all()
    assert len(made[0].queries) > 100


def test_labels_are_found_where_they_are_and_nowhere_else(queries_of):
    cut = slices(crowd(queries_of), HAS_TEXT, 1, 1_000, 0)[0]
    items = np.tile(np.arange(-1, ITEMS, dtype=np.int32), (len(cut.queries), 1))
    assert NO_ITEM in items
    found = cut.gains_of(items, 0)
    for query in range(len(cut.queries)):
        assert items[query][found[query] > 0].tolist() == sorted(taken_of(cut, query))
    assert np.array_equal(cut.gains_of(items[5:9], 5), found[5:9])


def test_what_is_known_already_is_blocked(queries_of):
    cut = slices(crowd(queries_of), HAS_TEXT, 1, 1_000, 0)[0]
    for query, rows in enumerate(cut.queries.seen()):
        assert set(rows.tolist()) == set(cut.queries.history(query).tolist())
        assert not set(taken_of(cut, query)) & set(rows.tolist())


@pytest.mark.parametrize("users", [[[(1, 1, 4)]] * 3, [[(1, 1, 4), (2, 1, 4)]], [[(1, 1, 4)] * 5] * 2])
def test_where_nobody_has_two_items_there_is_nothing_to_learn(queries_of, users):
    with pytest.raises(DataError, match="nothing to learn"):
        slices(histories_of(queries_of, users), HAS_TEXT, 4, 1_000, 0)


@pytest.mark.parametrize(
    ("users", "why"),
    [
        ([[(1, 1, 4)]] * 3, "no user of 3 has two different items"),
        ([[(1, 1, 4), (2, 2, 4)], [(1, 3, 4), (2, 4, 4)]], "2 of 2 users .* nobody .* any of the 2 items .* before"),
        ([[(1, 1, 4), (2, 2, 6)], [(1, 2, 4), (2, 1, 6)]], "2 of 2 users .* was only shown to them, or disliked"),
        ([[(1, 1, 4), (2, 2, 4), (3, 1, 4)], [(1, 2, 4)]], "1 of 2 users .* they had taken before"),
    ],
)
def test_each_cause_of_nothing_to_learn_is_told(queries_of, users, why):
    with pytest.raises(DataError, match=f"{why}.*: there is nothing to learn from"):
        slices(histories_of(queries_of, users), HAS_TEXT, 4, 1_000, 0)


def test_three_users_make_a_slice(queries_of):
    users = [[(day, (day + user) % ITEMS, 4) for day in range(10)] for user in range(3)]
    [cut] = slices(histories_of(queries_of, users), HAS_TEXT, 4, 1_000, 0)
    assert len(cut.queries) > 0


def test_what_came_next_is_worth_most_and_simultaneous_things_the_same(queries_of):
    """Item 3 is new on day 21, items 4 and 5 together on day 22, item 6 after these three."""
    asked = [(day, item, 4) for day, item in ((1, 1), (2, 2), (21, 3), (22, 4), (22, 5), (23, 2), (24, 6), (25, 3))]
    others = [[(1, item, 4)] for item in range(ITEMS)]
    cut = time_slice(
        histories_of(queries_of, [asked, *others]), 20 * DAY, 30 * DAY, HAS_TEXT, 1_000, np.random.default_rng(0)
    )
    query = next(q for q in range(len(cut.queries)) if cut.queries.now[q] == 20 * DAY)
    assert taken_of(cut, query) == [3, 4, 5, 6]
    gains = cut.gains[cut.taken_offsets[query] : cut.taken_offsets[query + 1]]
    assert gains == pytest.approx([1, 1 / 1.1, 1 / 1.1, 1 / 1.3])
    assert cut.ideal()[query] == pytest.approx((np.array([1, 1 / 1.1, 1 / 1.1, 1 / 1.3]) / np.log2([2, 3, 4, 5])).sum())


def test_few_users_are_asked_at_several_moments_each_never_the_same_twice(queries_of, monkeypatch):
    monkeypatch.setattr("shortlist_training.slices.FEWEST_PER_SLICE", 600)
    cut = slices(crowd(queries_of), HAS_TEXT, 1, 1_000, 0)[0]
    pairs = list(zip(cut.users.tolist(), cut.queries.now.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert len(pairs) > len(set(cut.users.tolist()))
