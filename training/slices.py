"""Time cut in slices: what the ranker learns from happened after everything that its features know.

At each cut the sources are fitted on the past; the queries are the users of the slice that follows, and what they took
there, new to them, is what should have been on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.types import DAY, Bools, Float32s, Int8s, Int32s, Int64s, Queries
from retrieval.profile import wanted
from retrieval.train import span_days

SLICE_SHARE = 1 / 10
"""Of the time that the data spans."""

FEWEST_QUERIES = 200
"""Of all slices together; with fewer, time is not what separates past and future."""

HELD_BACK = 0.2
"""Share of every history's end that stands in for a slice where time cannot be cut."""


@dataclass(frozen=True)
class Slice:
    """What was known at a cut, who came afterwards and what they then took."""

    past: Queries  # all users, before the cut
    queries: Queries  # of those who came
    users: Int64s  # [queries] rows of `past`
    taken_offsets: Int64s  # [queries + 1]
    taken: Int32s  # rows of items that were new to the user, known before the cut
    known: Bools  # [items] whether anybody had taken the item before the cut

    @property
    def as_of(self) -> int:
        """The cut, microseconds."""
        return int(self.past.now[0])

    def labels_of(self, items: Int32s, start: int) -> Bools:
        """Which of the items [n, k], proposed to the queries from `start` on, were taken, bool [n, k]."""
        rows = np.repeat(np.arange(len(self.queries)), np.diff(self.taken_offsets))
        keys = np.sort(rows * len(self.known) + self.taken)
        wanted_keys = (start + np.arange(len(items)))[:, None] * len(self.known) + items
        at = np.minimum(np.searchsorted(keys, wanted_keys), max(len(keys) - 1, 0))
        found = keys[at] == wanted_keys if len(keys) else np.zeros(items.shape, bool)
        return np.asarray(found & (items >= 0))

    def blocked(self) -> list[Int32s]:
        """Per query, the items that it knows already."""
        return [np.unique(self.queries.history(i)) for i in range(len(self.queries))]


def slices(histories: Queries, n_items: int, count: int, most: int, seed: int) -> list[Slice]:
    """`count` slices of no more than `most` queries, oldest first; where time gives too few queries, every history's
    end makes the only one.
    """
    as_of = int(histories.now[0])
    length = span_days(histories.times, as_of) * SLICE_SHARE * DAY
    generator = np.random.default_rng(seed)
    cuts = [int(as_of - k * length) for k in range(count, 0, -1)]
    made = [time_slice(histories, cut, int(cut + length), n_items, most, generator) for cut in cuts]
    made = [one for one in made if len(one.queries) >= FEWEST_QUERIES / count]
    if sum(len(one.queries) for one in made) >= min(FEWEST_QUERIES, len(histories) // 4):
        return made
    return [ends(histories, n_items, most, generator)]


def time_slice(
    histories: Queries, cut: int, end: int, n_items: int, most: int, generator: np.random.Generator
) -> Slice:
    """The users with new items in `cut` to `end`.

    Known users are asked about at the cut. Those who came first in the slice are asked about at a moment of their own
    in it, with what they had done by then: the model meets short, fresh histories too.
    """
    inside = histories.keep((histories.times >= cut) & (histories.times < end))
    past = histories.before(cut)
    asked = np.full(len(histories), cut, np.int64)
    fresh = np.flatnonzero((past.lengths == 0) & (inside.lengths > 1))
    places = (generator.random(len(fresh)) * (inside.lengths[fresh] - 1)).astype(np.int64) + 1
    asked[fresh] = inside.times[inside.offsets[fresh] + places]
    return _slice(histories, past, asked, inside, n_items, most, generator)


def ends(histories: Queries, n_items: int, most: int, generator: np.random.Generator) -> Slice:
    """Every history's end held back from its beginning, whatever the clock says."""
    places = np.arange(len(histories.items)) - np.repeat(histories.offsets[:-1], histories.lengths)
    first = np.ceil(histories.lengths * (1 - HELD_BACK)).astype(np.int64)
    late = places >= np.repeat(
        np.minimum(np.maximum(first, 1), np.maximum(histories.lengths - 1, 1)), histories.lengths
    )
    past = histories.keep(~late)
    return _slice(histories, past, None, histories.keep(late), n_items, most, generator)


def _slice(
    histories: Queries,
    past: Queries,
    asked: Int64s | None,
    inside: Queries,
    n_items: int,
    most: int,
    generator: np.random.Generator,
) -> Slice:
    """Queries at the times `asked` ([users]; None: just after `past`), what was taken in `inside` from then on."""
    if asked is None:
        queries, later = past, inside
    else:
        queries = Queries(*_before(histories, asked), asked)
        later = inside.keep(inside.times >= np.repeat(asked, inside.lengths))
    known = np.bincount(past.items, minlength=n_items) > 0
    later = later.keep(wanted(later) & known[later.items])
    keys = np.unique(later.rows() * n_items + later.items)
    keys = np.setdiff1d(keys, queries.rows() * n_items + queries.items, assume_unique=False)
    rows = keys // n_items
    users = np.flatnonzero((np.bincount(rows, minlength=len(histories)) > 0) & (queries.lengths > 0))
    if len(users) > most:
        users = np.sort(generator.choice(users, most, replace=False))
    keys = keys[np.isin(rows, users)]
    counts = np.bincount(keys // n_items, minlength=len(histories))[users]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Slice(past, queries.select(users), users, offsets, (keys % n_items).astype(np.int32), known)


def _before(histories: Queries, times: Int64s) -> tuple[Int64s, Int32s, Int64s, Int8s, Float32s]:
    """The arrays of `histories` with only the events before each query's own time."""
    kept = histories.keep(histories.times < np.repeat(times, histories.lengths))
    return kept.offsets, kept.items, kept.times, kept.types, kept.values
