"""Slices of time: training queries whose answers happened after everything that their features are made of.

At the cut before each slice, the sources are fitted on the past. The queries are the users of the slice, and what they
took in it, new to them, is what should have been ranked first. Items whose first event lies in the slice are among it
where they have text: a server would have been told of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, NO_GROUP, Bools, EventType, Float32s, Int64s, Queries
from shortlist_retrieval.profile import strongest, wanted
from shortlist_retrieval.training.fit_sources import span_days
from shortlist_training.slice import Slice

SLICE_SHARE = 1 / 10
"""Length of a slice, as a share of the time that the data spans."""

FEWEST_QUERIES = 200
"""Queries that all slices together need; with fewer, histories are cut instead of time."""

FADE = 10.0
"""After this many items, what a user took counts half: the next item says more about now than one much later."""

FEWEST_PER_SLICE = 300
"""Queries that a slice should have. With fewer users, each of them makes queries at several moments."""

WITHOUT_HISTORY = 0.5
"""Queries without history at most, as a share of the queries with one."""

HELD_BACK = 0.2
"""Share of every history, its end, that replaces a slice where time cannot be cut."""


def slices(histories: Queries, has_content: Bools, count: int, most: int, seed: int) -> list[Slice]:
    """`count` slices of at most `most` queries each, oldest first.

    Where slices of time give too few queries, the ends of all histories make the only slice. `has_content`, bool
    [items], says which items have words or a vector. Raises DataError, which says why, where the ends of histories give
    no query either.
    """
    as_of = int(histories.now[0])
    length = span_days(histories.times, as_of) * SLICE_SHARE * DAY
    generator = np.random.default_rng(seed)
    cuts = [int(as_of - k * length) for k in range(count, 0, -1)]
    cut_slices = [time_slice(histories, cut, int(cut + length), has_content, most, generator) for cut in cuts]
    sized = [(cut_slice, cut_slice.count_informative()) for cut_slice in cut_slices]
    kept = [(cut_slice, size) for cut_slice, size in sized if size >= FEWEST_QUERIES / count]
    if kept and sum(size for _, size in kept) >= min(FEWEST_QUERIES, len(histories) // 4):
        return [cut_slice for cut_slice, _ in kept]
    last = ends(histories, len(has_content), most, generator)
    if not len(last.queries):
        raise DataError(f"{_why_nothing(histories, last.past)}: there is nothing to learn from")
    return [last]


def _why_nothing(histories: Queries, past: Queries) -> str:
    """Why the ends of histories, of which `past` is the rest, give no query."""
    n_items = int(histories.items.max(initial=0)) + 1
    keys = histories.rows() * n_items + histories.items
    several = int((np.bincount(np.unique(keys) // n_items, minlength=len(histories)) > 1).sum())
    if not several:
        return f"no user of {len(histories):,} has two different items"
    who = f"{several:,} of {len(histories):,} users have two items or more, but"
    new = ~np.isin(keys, past.rows() * n_items + past.items)
    if not new.any():
        return f"{who} all that they took at the ends of their histories they had taken before"
    if not wanted(histories)[new].any():
        return f"{who} what was new to them at the ends of their histories was only shown to them, or disliked"
    count = len(np.unique(keys[new & wanted(histories)] % n_items))
    return f"{who} nobody had taken any of the {count:,} items that they wanted at the ends of their histories before"


def time_slice(
    histories: Queries, cut: int, end: int, has_content: Bools, most: int, generator: np.random.Generator
) -> Slice:
    """The slice from `cut` to `end` (microseconds), with at most `most` queries.

    Users with history make a query at the cut. Users who came first in the slice make a query at a random moment in it,
    with what they had done by then, so that the model sees short, recent histories too. Where these are few, queries at
    more moments of the same users are added. Some users who came first in the slice also make a query at their first
    event, without history: a system that was never trained on such users gives them worse lists than popularity does
    (docs/experiments.md, 2026-11-25).
    """
    past = histories.before(cut)
    inside = histories.keep((histories.times >= cut) & (histories.times < end))
    returning = np.flatnonzero((past.lengths > 0) & (inside.lengths > 0))
    new_users = np.flatnonzero((past.lengths == 0) & (inside.lengths > 1))
    moments = (generator.random(len(new_users)) * (inside.lengths[new_users] - 1)).astype(np.int64) + 1
    users = np.concatenate([returning, new_users])
    times = np.concatenate([np.full(len(returning), cut), inside.times[inside.offsets[new_users] + moments]])
    at_first_event = np.flatnonzero((past.lengths == 0) & (inside.lengths > 0))
    at_first_event = generator.permutation(at_first_event)[: int(WITHOUT_HISTORY * len(users))]
    users = np.concatenate([users, at_first_event])
    times = np.concatenate([times, inside.times[inside.offsets[at_first_event]]])
    if len(users) < FEWEST_PER_SLICE and len(inside.items):
        more = generator.integers(len(inside.items), size=2 * (FEWEST_PER_SLICE - len(users)))
        users = np.concatenate([users, inside.rows()[more]])
        times = np.concatenate([times, inside.times[more]])
    _, first = np.unique(np.stack([users, times]), axis=1, return_index=True)
    return _slice(histories, past, users[first], times[first], inside, has_content, most, generator)


def ends(histories: Queries, n_items: int, most: int, generator: np.random.Generator) -> Slice:
    """The slice that holds back the end of every history, whatever its time; no item counts as new in it."""
    positions = np.arange(len(histories.items)) - np.repeat(histories.offsets[:-1], histories.lengths)
    first = np.ceil(histories.lengths * (1 - HELD_BACK)).astype(np.int64)
    late = positions >= np.repeat(
        np.minimum(np.maximum(first, 1), np.maximum(histories.lengths - 1, 1)), histories.lengths
    )
    past = histories.keep(~late)
    inside, has_content = histories.keep(late), np.zeros(n_items, np.bool_)
    return _slice(histories, past, np.arange(len(histories)), None, inside, has_content, most, generator)


def last_moments(histories: Queries, has_content: Bools, most: int, seed: int) -> Slice:
    """The slice that holds back what at most `most` users took last, whenever that was; no item counts as new in it.

    Slices of time ask what people take next who come back or are in the midst of a visit, which is what a server is
    asked. This one asks what came next for people who have been away, most of them for long: lists for whole files of
    users are for them.
    """
    generator = np.random.default_rng(seed)
    is_last = histories.times == np.repeat(histories.now - histories.away, histories.lengths)
    rows = histories.rows()
    with_more = np.flatnonzero(np.bincount(rows[~is_last], minlength=len(histories)) > 0)
    asked = np.sort(generator.permutation(with_more)[:most])
    held_back = is_last & np.isin(rows, asked)
    past, inside = histories.keep(~held_back), histories.keep(held_back)
    return _slice(histories, past, asked, None, inside, np.zeros_like(has_content), most, generator)


def _slice(
    histories: Queries,
    past: Queries,
    users: Int64s,
    asked: Int64s | None,
    inside: Queries,
    has_content: Bools,
    most: int,
    generator: np.random.Generator,
) -> Slice:
    """Queries of the users at the times `asked` (None: just after `past`), and what they then took `inside`."""
    queries, later = (past if asked is None else histories).select(users), inside.select(users)
    if asked is not None:
        queries = queries.keep(queries.times < np.repeat(asked, queries.lengths))
        queries = replace(queries, now=asked)
        if queries.groups is not None:  # half of the users without history are not known to belong to a group
            unknown = queries.without_history & (generator.random(len(queries)) < 0.5)
            queries = replace(queries, groups=np.where(unknown[:, None], NO_GROUP, queries.groups).astype(np.int32))
        later = later.keep(later.times >= np.repeat(asked, later.lengths))
    n_items = len(has_content)
    in_catalogue = np.bincount(past.items, minlength=n_items) > 0
    new = has_content & ~in_catalogue & (np.bincount(inside.items, minlength=n_items) > 0)
    everything, later = later, later.keep(wanted(later) & (in_catalogue | new)[later.items])
    rows = later.rows()
    keys, first = np.unique(rows * n_items + later.items, return_index=True)
    _, weights = strongest(rows * n_items + later.items, later.weights)
    seen = queries.keep(queries.types != EventType.IMPRESSION)  # as in Queries.seen, impressions do not count
    first_time = ~np.isin(keys, seen.rows() * n_items + seen.items)
    keys, times = keys[first_time], later.times[first[first_time]]
    gains = weights[first_time] * _gains(keys // n_items, times)
    answered = np.flatnonzero(np.bincount(keys // n_items, minlength=len(users)) > 0)
    if len(answered) > most:
        answered = np.sort(generator.choice(answered, most, replace=False))
    kept = np.isin(keys // n_items, answered)
    counts = np.bincount(keys[kept] // n_items, minlength=len(users))[answered]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    taken = (keys[kept] % n_items).astype(np.int32)
    chosen, afterwards = queries.select(answered), everything.select(answered)
    if len(answered):  # a server is asked just before something is taken
        taken_at, positions = times[kept], first[first_time][kept]
        firsts = np.lexsort((taken_at, keys[kept] // n_items))[offsets[:-1]]
        contexts = None
        if later.event_contexts is not None:  # half of the requests do not tell it: lists must be good without, too
            told = generator.random(len(answered)) < 0.5
            contexts = np.where(told[:, None], later.event_contexts[positions[firsts]], NO_GROUP).astype(np.int32)
        chosen = replace(chosen, asked=taken_at[firsts], contexts=contexts)
    return Slice(past, chosen, users[answered], offsets, taken, gains[kept], in_catalogue, new, afterwards)


def _gains(rows: Int64s, times: Int64s) -> Float32s:
    """1 / (1 + k / 10) for an item before which the same query took k others; simultaneous items do not count."""
    order = np.lexsort((times, rows))
    starts_moment = np.ones(len(order), bool)
    starts_moment[1:] = (np.diff(rows[order]) != 0) | (np.diff(times[order]) != 0)
    starts = np.flatnonzero(starts_moment)[np.cumsum(starts_moment) - 1] if len(order) else order
    before = starts - np.searchsorted(rows[order], rows[order])
    gains = np.empty(len(order), np.float32)
    gains[order] = 1 / (1 + before / FADE)
    return gains
