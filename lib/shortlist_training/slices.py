"""Time cut in slices: what the ranker learns from happened after everything that its features know.

At each cut the sources are fitted on the past; the queries are the users of the slice that follows, and what they took
there, new to them, is what should have been on top. Items that came within the slice are among it where they have
words: a server would have been told of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, NO_GROUP, Bools, EventType, Float32s, Int32s, Int64s, Queries
from shortlist_retrieval.profile import wanted
from shortlist_retrieval.training.fit_sources import span_days

SLICE_SHARE = 1 / 10
"""Of the time that the data spans."""

FEWEST_QUERIES = 200
"""Of all slices together; with fewer, time is not what separates past and future."""

FADE = 10.0
"""Items after which what a user took counts half: what comes next says more about now than what came much later."""

FILL = 300
"""Queries per slice that are worth having: with fewer users, they are asked about at several moments each."""

STRANGERS = 0.5
"""Of those who are asked about with a history, how many more may be asked about without one."""

HELD_BACK = 0.2
"""Share of every history's end that stands in for a slice where time cannot be cut."""


@dataclass(frozen=True)
class Slice:
    """What was known at a cut, who came afterwards and what they then took."""

    past: Queries  # all users, before the cut
    queries: Queries  # of those who came; a user may be asked about at several moments
    users: Int64s  # [queries] rows of `past`
    taken_offsets: Int64s  # [queries + 1]
    taken: Int32s  # rows of items that were new to the user, known or new, ascending within a query
    gains: Float32s  # of each taken item: 1 for what came next, 1 / (1 + k / 10) after k others
    known: Bools  # [items] whether anybody had taken the item before the cut
    new: Bools  # [items] which of the others had their first event in the slice and have words to be known by

    @property
    def as_of(self) -> int:
        """The cut, microseconds."""
        return int(self.past.now[0])

    def teaching(self) -> int:
        """How many queries have a history and took a known item: others alone would teach nothing."""
        return int(np.count_nonzero(~self.of_known().queries.without_history))

    def of_known(self) -> Slice:
        """The same as if no item had been new: whoever took new ones alone is not asked about."""
        kept = self.known[self.taken]
        rows = np.repeat(np.arange(len(self.queries)), np.diff(self.taken_offsets))
        counts = np.bincount(rows[kept], minlength=len(self.queries))
        able = np.flatnonzero(counts)
        return replace(
            self,
            queries=self.queries.select(able),
            users=self.users[able],
            taken_offsets=np.concatenate([[0], np.cumsum(counts[able])]).astype(np.int64),
            taken=self.taken[kept],
            gains=self.gains[kept],
            new=np.zeros_like(self.new),
        )

    def gains_of(self, items: Int32s, start: int) -> Float32s:
        """What the items [n, k], proposed to the queries from `start` on, are worth: 0 where not taken, [n, k]."""
        rows = np.repeat(np.arange(len(self.queries)), np.diff(self.taken_offsets))
        keys = rows * len(self.known) + self.taken
        asked = (start + np.arange(len(items)))[:, None] * len(self.known) + items
        at = np.minimum(np.searchsorted(keys, asked), max(len(keys) - 1, 0))
        if not len(keys):
            return np.zeros(items.shape, np.float32)
        return np.where((keys[at] == asked) & (items >= 0), self.gains[at], 0).astype(np.float32)

    def ideal(self) -> Float32s:
        """The DCG@10 of the best list for each query, float32 [queries]."""
        rows = np.repeat(np.arange(len(self.queries)), np.diff(self.taken_offsets))
        order = np.lexsort((-self.gains, rows))
        place = np.arange(len(order)) - self.taken_offsets[rows]
        parts = np.where(place < 10, self.gains[order] / np.log2(place + 2), 0)
        return np.bincount(rows, parts, len(self.queries)).astype(np.float32)


def slices(histories: Queries, worded: Bools, count: int, most: int, seed: int) -> list[Slice]:
    """`count` slices of no more than `most` queries, oldest first; where time gives too few queries, every history's
    end makes the only one. `worded`, bool [items], says which items have words.

    Raises DataError where that asks nobody anything either.
    """
    as_of = int(histories.now[0])
    length = span_days(histories.times, as_of) * SLICE_SHARE * DAY
    generator = np.random.default_rng(seed)
    cuts = [int(as_of - k * length) for k in range(count, 0, -1)]
    made = [time_slice(histories, cut, int(cut + length), worded, most, generator) for cut in cuts]
    sized = [(one, one.teaching()) for one in made]
    kept = [(one, size) for one, size in sized if size >= FEWEST_QUERIES / count]
    if kept and sum(size for _, size in kept) >= min(FEWEST_QUERIES, len(histories) // 4):
        return [one for one, _ in kept]
    last = ends(histories, len(worded), most, generator)
    if not len(last.queries):
        raise DataError("no user has two events that differ in their item: there is nothing to learn from")
    return [last]


def time_slice(
    histories: Queries, cut: int, end: int, worded: Bools, most: int, generator: np.random.Generator
) -> Slice:
    """The users with new items in `cut` to `end`.

    Known users are asked about at the cut. Those who came first in the slice are asked about at a moment of their own
    in it, with what they had done by then: the model meets short, fresh histories too. Where that makes few queries,
    more moments of the same users are added. Some of those who came first in the slice are also asked about as they
    came, without a history: a system that never met such people gives them worse than what is popular
    (docs/experiments.md, 2026-11-25).
    """
    past = histories.before(cut)
    inside = histories.keep((histories.times >= cut) & (histories.times < end))
    returning = np.flatnonzero((past.lengths > 0) & (inside.lengths > 0))
    fresh = np.flatnonzero((past.lengths == 0) & (inside.lengths > 1))
    places = (generator.random(len(fresh)) * (inside.lengths[fresh] - 1)).astype(np.int64) + 1
    users = np.concatenate([returning, fresh])
    times = np.concatenate([np.full(len(returning), cut), inside.times[inside.offsets[fresh] + places]])
    came = np.flatnonzero((past.lengths == 0) & (inside.lengths > 0))
    came = generator.permutation(came)[: int(STRANGERS * len(users))]
    users = np.concatenate([users, came])
    times = np.concatenate([times, inside.times[inside.offsets[came]]])
    if len(users) < FILL and len(inside.items):
        more = generator.integers(len(inside.items), size=2 * (FILL - len(users)))
        users = np.concatenate([users, inside.rows()[more]])
        times = np.concatenate([times, inside.times[more]])
    _, first = np.unique(np.stack([users, times]), axis=1, return_index=True)
    return _slice(histories, past, users[first], times[first], inside, worded, most, generator)


def ends(histories: Queries, n_items: int, most: int, generator: np.random.Generator) -> Slice:
    """Every history's end held back from its beginning, whatever the clock says; so no item counts as new."""
    places = np.arange(len(histories.items)) - np.repeat(histories.offsets[:-1], histories.lengths)
    first = np.ceil(histories.lengths * (1 - HELD_BACK)).astype(np.int64)
    late = places >= np.repeat(
        np.minimum(np.maximum(first, 1), np.maximum(histories.lengths - 1, 1)), histories.lengths
    )
    past = histories.keep(~late)
    inside, worded = histories.keep(late), np.zeros(n_items, np.bool_)
    return _slice(histories, past, np.arange(len(histories)), None, inside, worded, most, generator)


def _slice(
    histories: Queries,
    past: Queries,
    users: Int64s,
    asked: Int64s | None,
    inside: Queries,
    worded: Bools,
    most: int,
    generator: np.random.Generator,
) -> Slice:
    """Queries for the users at the times `asked` (None: just after `past`), and what they then took `inside`."""
    queries, later = (past if asked is None else histories).select(users), inside.select(users)
    if asked is not None:
        queries = queries.keep(queries.times < np.repeat(asked, queries.lengths))
        queries = replace(queries, now=asked)
        if queries.groups is not None:  # of half of the strangers nothing at all is known
            unknown = queries.without_history & (generator.random(len(queries)) < 0.5)
            queries = replace(queries, groups=np.where(unknown[:, None], NO_GROUP, queries.groups).astype(np.int32))
        later = later.keep(later.times >= np.repeat(asked, later.lengths))
    n_items = len(worded)
    known = np.bincount(past.items, minlength=n_items) > 0
    new = worded & ~known & (np.bincount(inside.items, minlength=n_items) > 0)
    later = later.keep(wanted(later) & (known | new)[later.items])
    rows = later.rows()
    keys, first = np.unique(rows * n_items + later.items, return_index=True)
    had = queries.keep(queries.types != EventType.IMPRESSION)  # as Queries.seen says: what was only shown is still new
    first_time = ~np.isin(keys, had.rows() * n_items + had.items)
    keys, times = keys[first_time], later.times[first[first_time]]
    gains = _gains(keys // n_items, times)
    able = np.flatnonzero(np.bincount(keys // n_items, minlength=len(users)) > 0)
    if len(able) > most:
        able = np.sort(generator.choice(able, most, replace=False))
    kept = np.isin(keys // n_items, able)
    counts = np.bincount(keys[kept] // n_items, minlength=len(users))[able]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    taken = (keys[kept] % n_items).astype(np.int32)
    return Slice(past, queries.select(able), users[able], offsets, taken, gains[kept], known, new)


def _gains(rows: Int64s, times: Int64s) -> Float32s:
    """1 / (1 + k / 10) for an item before which the same query took k others; simultaneous ones count as none."""
    order = np.lexsort((times, rows))
    moment = np.ones(len(order), bool)
    moment[1:] = (np.diff(rows[order]) != 0) | (np.diff(times[order]) != 0)
    starts = np.flatnonzero(moment)[np.cumsum(moment) - 1] if len(order) else order
    before = starts - np.searchsorted(rows[order], rows[order])
    gains = np.empty(len(order), np.float32)
    gains[order] = 1 / (1 + before / FADE)
    return gains
