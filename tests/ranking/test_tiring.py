from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist_core.tiring import NEVER, Tiring
from shortlist_core.types import DAY, NO_ITEM, SECOND, EventType, Queries
from shortlist_ranking.tiring import FLOOR, tiring_factors

pytestmark = pytest.mark.fast

NOW = 1_700_000_000 * SECOND
SHOWN, BOUGHT, DISLIKED = EventType.IMPRESSION, EventType.PURCHASE, EventType.DISLIKE
HALF = Tiring(0.5, 86_400.0)

TIMES = st.lists(st.integers(0, 60 * DAY), max_size=6).map(lambda ages: [NOW - age for age in ages])
SETTINGS = st.builds(Tiring, st.floats(0.05, 1.0), st.floats(3_600, 2_592_000))


def of(*users: list[tuple[EventType, int, int]]) -> Queries:
    """Users by their events: type, item and time, in any order."""
    events = [sorted(user, key=lambda event: event[2]) for user in users]
    types, items, times = (np.array([e[k] for user in events for e in user], np.int64) for k in range(3))
    offsets = np.concatenate([[0], np.cumsum([len(user) for user in events])]).astype(np.int64)
    now = np.full(len(users), NOW, np.int64)
    return Queries(
        offsets, items.astype(np.int32), times, types.astype(np.int8), np.ones(len(times), np.float32), now, asked=now
    )


def factors(*users: list[tuple[EventType, int, int]], items: list[int], tiring: Tiring = HALF, later: int = 0):
    queries = of(*users)
    queries = replace(queries, asked=queries.now + later)
    shown = queries.types == SHOWN
    asked = np.array([items] * len(users), np.int32)
    return tiring_factors(queries.keep(shown), queries.keep(~shown), asked, [tiring] * len(users))


def test_each_impression_lowers_by_the_same_share_and_counts_half_after_every_recovery():
    now = [(SHOWN, 1, NOW), (SHOWN, 2, NOW), (SHOWN, 2, NOW), (SHOWN, 3, NOW - DAY), (SHOWN, 4, NOW - 2 * DAY)]
    assert factors(now, items=[0, 1, 2, 3, 4]).tolist() == [[1, 0.5, 0.25, np.float32(0.5**0.5), np.float32(0.5**0.25)]]


def test_only_the_user_who_was_shown_an_item_finds_it_lower():
    assert factors([(SHOWN, 1, NOW)], [], [(SHOWN, 0, NOW)], items=[0, 1, NO_ITEM]).tolist() == [
        [1, 0.5, 1],
        [1, 1, 1],
        [0.5, 1, 1],
    ]


def test_what_the_user_took_has_not_tired_and_what_the_user_dislikes_has():
    shown = [(SHOWN, 1, NOW - 5), (SHOWN, 2, NOW - 5)]
    found = factors([*shown, (BOUGHT, 1, NOW - 5), (DISLIKED, 2, NOW - 5), (SHOWN, 2, NOW - 5)], items=[1, 2])
    assert found[0, 0] == 1 and found[0, 1] == pytest.approx(0.25)
    assert factors([*shown, (BOUGHT, 1, NOW - 9)], items=[1])[0, 0] == pytest.approx(0.5)  # taken before it was shown


def test_each_user_has_settings_of_their_own():
    queries, items = of(*[[(SHOWN, 1, NOW)]] * 3), np.ones((3, 1), np.int32)
    nothing = queries.keep(queries.types != SHOWN)
    found = tiring_factors(queries, nothing, items, [HALF, NEVER, Tiring(0.25, 60)])
    assert found.ravel().tolist() == [0.5, 1, 0.25]


@given(TIMES, st.integers(0, 60 * DAY), SETTINGS)
def test_one_impression_more_never_raises_an_item(times: list[int], age: int, tiring: Tiring):
    shown = [(SHOWN, 1, time) for time in times]
    before = factors(shown, items=[1], tiring=tiring)[0, 0]
    after = factors([*shown, (SHOWN, 1, NOW - age)], items=[1], tiring=tiring)[0, 0]
    assert FLOOR <= after <= before <= 1


@given(TIMES, st.lists(st.integers(0, 90 * DAY), min_size=2, max_size=2), SETTINGS)
def test_an_item_comes_back_as_time_goes_by(times: list[int], waits: list[int], tiring: Tiring):
    shown, (sooner, later) = [(SHOWN, 1, time) for time in times], sorted(waits)
    first, second = (factors(shown, items=[1], tiring=tiring, later=wait)[0, 0] for wait in (sooner, later))
    assert first <= second
    ages_ago = int(60 * tiring.recovery) * SECOND + 90 * DAY
    assert factors(shown, items=[1], tiring=tiring, later=ages_ago)[0, 0] == pytest.approx(1)


@settings(max_examples=50)
@given(st.integers(0, 2**32), SETTINGS)
def test_whoever_shares_the_batch_changes_nothing(seed: int, tiring: Tiring):
    draw = np.random.default_rng(seed)
    users = [
        [
            (EventType(draw.choice([SHOWN, SHOWN, BOUGHT])), draw.integers(9), NOW - draw.integers(9) * DAY)
            for _ in range(k)
        ]
        for k in draw.integers(0, 9, 4)
    ]
    items = draw.permutation(9).tolist()
    together = factors(*users, items=items, tiring=tiring)
    alone = [factors(user, items=items, tiring=tiring)[0] for user in users]
    assert np.array_equal(together, alone)
