"""How fast items tire is found in impressions that were drawn by known settings."""

import numpy as np
import pytest

from shortlist_core.tiring import NEVER, Tiring
from shortlist_core.types import SECOND, EventType, Queries
from shortlist_ranking.showings import Showings
from shortlist_ranking.tiring_fit import fit_tiring

pytestmark = pytest.mark.fast

MINUTE = 60 * SECOND
SHOWN, CLICKED = EventType.IMPRESSION, EventType.CLICK


def of(users: list[list[tuple[int, int, int]]]) -> Queries:
    """Users by their events: time, item and type."""
    events = np.array([event for user in users for event in sorted(user)], np.int64).reshape(-1, 3)
    offsets = np.concatenate([[0], np.cumsum([len(user) for user in users])]).astype(np.int64)
    items, types = events[:, 1].astype(np.int32), events[:, 2].astype(np.int8)
    return Queries(
        offsets, items, events[:, 0], types, np.ones(len(events), np.float32), np.zeros(len(users), np.int64)
    )


def histories(tiring: Tiring, *, clicks_have_impressions: bool, users: int = 700, visits: int = 10) -> Queries:
    """Users who come every half a day or so and are shown eight of fifteen items, some of which everybody likes."""
    draw, n_items = np.random.default_rng(7), 60
    rates, active = np.exp(draw.normal(-2.2, 0.6, n_items)), np.exp(draw.normal(0, 0.5, users))
    found = []
    for user in range(users):
        own, events, now = draw.choice(n_items, 15, replace=False), [], 0.0
        effective, last = np.zeros(n_items), np.zeros(n_items)
        for _ in range(visits):
            now += draw.exponential(10 * 3_600)
            items = draw.choice(own, 8, replace=False)
            fresh = effective[items] * 0.5 ** ((now - last[items]) / tiring.recovery)
            taken = draw.random(8) < np.minimum(rates[items] * active[user], 0.9) * tiring.per_impression**fresh
            effective[items], last[items] = np.where(taken, 0, fresh + 1), now
            time = int(now * SECOND)
            events += [(time, item, SHOWN) for item in items[~taken | clicks_have_impressions]]
            events += [(time + clicks_have_impressions * MINUTE, item, CLICKED) for item in items[taken]]
        found.append(events)
    return of(found)


@pytest.mark.parametrize("clicks_have_impressions", [True, False])
def test_the_settings_are_found_again(clicks_have_impressions: bool) -> None:
    true = Tiring(0.6, 12 * 3_600)
    fitted = fit_tiring(histories(true, clicks_have_impressions=clicks_have_impressions), 0)
    assert fitted.tiring is not None and fitted.gain > 2 * fitted.error
    assert fitted.tiring.per_impression == pytest.approx(true.per_impression, abs=0.08)
    assert 6 * 3_600 <= fitted.tiring.recovery <= 24 * 3_600


def test_where_nothing_tires_that_is_found() -> None:
    assert fit_tiring(histories(NEVER, clicks_have_impressions=True), 0).tiring == NEVER


def test_too_little_data_says_nothing() -> None:
    few = histories(Tiring(0.5), clicks_have_impressions=True, users=10)
    assert fit_tiring(few, 0).tiring is None
    assert fit_tiring(few.keep(few.types != SHOWN), 0).tiring is None
    assert fit_tiring(few.slice(0, 0), 0).tiring is None


def test_a_showing_is_taken_when_the_user_takes_the_item_before_it_is_shown_again() -> None:
    user = [
        (0, 1, SHOWN), (0, 2, SHOWN), (MINUTE, 1, CLICKED), (2 * MINUTE, 1, CLICKED),
        (90 * MINUTE, 1, SHOWN), (90 * MINUTE, 2, SHOWN), (91 * MINUTE, 2, CLICKED),
        (300 * MINUTE, 3, CLICKED),
    ]  # fmt: skip
    showings = Showings.of(of([user]))
    told = zip(showings.items.tolist(), (showings.times // MINUTE).tolist(), showings.taken.tolist(), strict=True)
    assert list(told) == [(1, 0, True), (1, 90, False), (2, 0, False), (2, 90, True)]
    assert showings.before.tolist() == [-1, -1, -1, 2]  # taken in between, item 1 is new again
    assert showings.visits.tolist() == [0, 1, 0, 1]
    assert showings.effective(90 * 60).tolist() == [0, 0, 0, 0.5]


def test_of_logs_that_say_what_became_of_each_showing_clicks_are_showings() -> None:
    showings = Showings.of(of([[(0, 1, SHOWN), (0, 2, CLICKED), (60 * MINUTE, 1, CLICKED), (60 * MINUTE, 3, SHOWN)]]))
    told = zip(showings.items.tolist(), (showings.times // MINUTE).tolist(), showings.taken.tolist(), strict=True)
    assert list(told) == [(1, 0, False), (1, 60, True), (2, 0, True), (3, 60, False)]
    assert showings.before.tolist() == [-1, 0, -1, -1]
