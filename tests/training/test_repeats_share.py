"""The share of repeats counts everybody who came back, and every item once for each stretch of time."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import DAY, EventType, Queries
from shortlist_training.repeats_share import share_of_repeats

NOW = 100


def users(lists: list[list[tuple[int, float]]], kind: EventType = EventType.PURCHASE) -> Queries:
    pairs = [pair for each in lists for pair in each]
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in lists])]).astype(np.int64)
    times = (np.array([day for _, day in pairs]) * DAY).astype(np.int64)
    n, now = len(pairs), np.full(len(lists), NOW * DAY, np.int64)
    items = np.array([item for item, _ in pairs], np.int32)
    return Queries(offsets, items, times, np.full(n, kind, np.int8), np.ones(n, np.float32), now)


def share(histories: Queries, *cuts: int) -> float:
    return share_of_repeats(histories, [histories.before(cut * DAY) for cut in cuts])


def test_those_who_take_nothing_new_count_too() -> None:
    rebuyers = [[(0, 1), (1, 2), (0, 50), (1, 51), (0, 52)] for _ in range(7)]
    others = [[(0, 1), (2, 60), (3, 61)] for _ in range(3)]
    assert share(users(rebuyers + others), 40) == 14 / 20


def test_each_stretch_begins_with_what_was_seen_until_then() -> None:
    histories = users([[(0, 1), (5, 50), (5, 80)]])
    assert share(histories, 40) == 0.0
    assert share(histories, 40, 70) == 1 / 2


def test_people_without_history_and_dislikes_say_nothing() -> None:
    assert share(users([[(0, 50), (0, 60)]]), 40) == 0.0
    assert share(users([[(0, 1), (0, 60)]], EventType.DISLIKE), 40) == 0.0
    assert share(users([[(0, 1)]]), 40) == 0.0
