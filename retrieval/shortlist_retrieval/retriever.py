"""Stage one: ask every source, join their proposals, keep the best by the fused score."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.types import NO_ITEM, Bools, Candidates, Int32s, Int64s, Queries, Reasons, among, distinct
from shortlist_kernels.merging import gather
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.exclusions import Barred
from shortlist_retrieval.explanations import reasons
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.merging import places, union
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.demographic import Demographic
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.recent_choices import RecentChoices
from shortlist_retrieval.sources.scores import SourceScores
from shortlist_retrieval.sources.similar_users import SimilarUsers
from shortlist_retrieval.sources.transitions import Transitions
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_retrieval.top import top_positions

LIST_SHARE, LIST_LENGTH = 0.5, 200
"""Each source proposes half as many items as are asked for, but no fewer than these. The whole number from each would
make the union twice as large, and what is kept of it hardly better (docs/experiments.md, 2026-11-25).
"""

ALSO_SHARE = 0.1
"""Of the candidates, what one list from outside of the sources may take."""

log = logging.getLogger(__name__)


class Source(Protocol):
    """One way to find candidates; `kinds` below lists all of them."""

    @property
    def name(self) -> str:
        """Unique within a retriever."""
        ...

    def scores(self, queries: Queries) -> SourceScores:
        """What the source says about the catalogue for these queries."""
        ...

    def write(self, writer: BundleWriter) -> None:
        """Store the source in a bundle."""
        ...


KINDS = {kind.__name__: kind for kind in (ItemItem, Transitions, SimilarUsers, ALS, Popularity, TwoTower, Demographic)}


@dataclass(frozen=True)
class Retriever:
    """All sources and how they are fused."""

    all_sources: tuple[Source, ...]
    fusion: Fusion
    n_items: int  # rows that there may be: the bundle's, and those that it was loaded with room for

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The sources' names, in the order of the last axis of Candidates' arrays."""
        return tuple(source.name for source in self.all_sources)

    def retrieve(
        self,
        queries: Queries,
        count: int,
        *,
        blocked: Sequence[Int32s] | None = None,
        allowed: Bools | None = None,
        also: Mapping[str, Sequence[Int32s]] | None = None,
    ) -> Candidates:
        """The best `count` candidates per query.

        `blocked[i]`, ascending, are rows never proposed to query i; `allowed`, bool [items], holds for all queries. A
        source that raises is named in the result's `failed` and says nothing.

        `also[name][i]` are rows, best first, that something else than a source proposes to query i, where the fusion
        would not know what to make of it: up to a tenth of the candidates are the first of each such list, in place
        of the last by the fused score. Where the sources find too few, others of the lists take the free places.
        """
        barred = self._barred(len(queries), blocked, allowed)
        passing = [_first_passing(rows, count, barred) for rows in (also or {}).values()]
        if not passing:
            return best(self._propose(queries, count, barred, None), count)
        share = int(ALSO_SHARE * count)
        extra = [np.concatenate([rows[i][:share] for rows in passing]) for i in range(len(queries))]
        spare = [np.concatenate([rows[i] for rows in passing]) for i in range(len(queries))]
        return best(self._propose(queries, count, barred, extra, spare), count, extra)

    def propose(
        self,
        queries: Queries,
        count: int,
        *,
        blocked: Sequence[Int32s] | None = None,
        allowed: Bools | None = None,
        also: Sequence[Int32s] | None = None,
    ) -> Candidates:
        """Everything that any source proposes, and rows `also`, in order of row: what `retrieve` chooses from."""
        return self._propose(queries, count, self._barred(len(queries), blocked, allowed), also)

    def _propose(
        self,
        queries: Queries,
        count: int,
        barred: Barred | None,
        extra: Sequence[Int32s] | None,
        spare: Sequence[Int32s] | None = None,
    ) -> Candidates:
        """The union of the sources' lists and of `extra`; of `spare` instead where that is less than `count`."""
        answers = self._ask(queries)
        lists = self._lists(answers, len(queries), max(int(LIST_SHARE * count), LIST_LENGTH), barred)
        items = union(lists, extra)
        thin = np.flatnonzero((items != NO_ITEM).sum(axis=1) < count)
        if len(thin) and lists.shape[2] < count:  # few sources speak: of users without a history, with narrow filters
            lists = self._longer(lists, queries, thin, count, barred)
            items = union(lists, extra)
        if extra is not None and spare is not None and (thin := (items != NO_ITEM).sum(axis=1) < count).any():
            items = union(lists, [(spare if few else extra)[i] for i, few in enumerate(thin)])
        return self._describe(queries, items, answers, lists)

    def _longer(self, lists: Int32s, queries: Queries, which: Int64s, count: int, barred: Barred | None) -> Int32s:
        """The lists with up to `count` items where they are those of the queries at the positions `which`."""
        few = None if barred is None else barred.select(which)
        whole = self._lists(self._ask(queries.select(which)), len(which), count, few)
        longer = np.full((*lists.shape[:2], whole.shape[2]), NO_ITEM, np.int32)
        longer[:, :, : lists.shape[2]] = lists
        longer[:, which] = whole
        return longer

    def score(self, queries: Queries, items: Int32s) -> Candidates:
        """The given items, int32 [batch, n] with NO_ITEM as padding, as candidates in the given order.

        Ranks are those among what the user has not seen, so an item is scored as if it had been retrieved.
        """
        answers = self._ask(queries)
        barred = Barred(queries.seen())
        return self._describe(queries, items, answers, self._lists(answers, len(queries), LIST_LENGTH, barred))

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in items that came or changed, at distinct rows below `n_items`."""
        for source in self.all_sources:
            if isinstance(source, TwoTower):
                source.put(rows, items)

    def nearest(self, queries: Queries, rows: Int32s, count: int) -> list[Int32s]:
        """For each query the up to `count` of these rows of new items that go best with it by content and history, best
        first; the first of them where there is no history.
        """
        towers = [source for source in self.all_sources if isinstance(source, TwoTower)]
        return towers[0].nearest(queries, rows, count) if towers else [rows[:count]] * len(queries)

    def reasons(self, queries: Queries, candidates: Candidates) -> Reasons:
        """Why each candidate is there, [batch, n]; asked for the few that are shown."""
        return reasons(self.all_sources, self.fusion, queries, candidates)

    def similar(
        self,
        item: int,
        count: int,
        *,
        blocked: Int32s | None = None,
        allowed: Bools | None = None,
        new: Int32s | None = None,
    ) -> Candidates:
        """What goes with one item: candidates for somebody who has taken just that, a batch of one.

        Rows `blocked`, ascending, are left out like the item itself; of the rows `new` the nearest are `also` proposed.
        """
        now = np.zeros(1, np.int64)
        itself = np.array([item], np.int32)
        alone = Queries(np.array([0, 1]), itself, now, np.zeros(1, np.int8), np.ones(1, np.float32), now)
        personal = replace(self, all_sources=tuple(s for s in self.all_sources if not isinstance(s, Popularity)))
        also = None if new is None else {"fresh": self.nearest(alone, new, count)}
        barred = itself if blocked is None else distinct(np.concatenate([itself, blocked]))
        return replace(personal, fusion=self.fusion.only(self.sources, personal.sources)).retrieve(
            alone, count, blocked=[barred], allowed=allowed, also=also
        )

    def with_recent(self, recent: RecentChoices) -> Retriever:
        """The retriever with popularity as of `recent.now`; all else, and what the fusion means, stays as trained."""
        sources = (s.with_recent(recent) if isinstance(s, Popularity) else s for s in self.all_sources)
        return replace(self, all_sources=tuple(sources))

    def write(self, writer: BundleWriter) -> None:
        """Store all sources and the fusion."""
        for source in self.all_sources:
            source.write(writer)
        self.fusion.write(writer)
        kinds = [{"name": source.name, "kind": type(source).__name__} for source in self.all_sources]
        writer.json("retrieval/sources", {"sources": kinds, "items": self.n_items})

    @classmethod
    def load(cls, bundle: Bundle, new: NewItems | None = None) -> Retriever:
        """The retriever that `write` stored, with room for new items where they are given."""
        stored = bundle.json("retrieval/sources")
        sources = tuple(KINDS[entry["kind"]].load(bundle, entry["name"], new) for entry in stored["sources"])
        return cls(sources, Fusion.load(bundle), stored["items"] + (new.room if new else 0))

    def _ask(self, queries: Queries) -> list[SourceScores | None]:
        """Each source's answer; None for one that raises, here or, from then on, when it is asked for details."""
        answers: list[SourceScores | None] = []
        for source in self.all_sources:
            try:
                answers.append(source.scores(queries))
            except Exception:
                log.exception("source %s failed", source.name)
                answers.append(None)
        return answers

    def _each(self, answers: list[SourceScores | None], take: Callable[[int, SourceScores], None]) -> None:
        """Take what is wanted of each answer, given with its place; one source's trouble must not cost the rest."""
        for i, answer in enumerate(answers):
            if answer is not None:
                try:
                    take(i, answer)
                except Exception:
                    log.exception("source %s failed", self.sources[i])
                    answers[i] = None

    def _lists(self, answers: list[SourceScores | None], batch: int, count: int, barred: Barred | None) -> Int32s:
        """What each source proposes, int32 [sources, batch, count]."""
        count = min(count, self.n_items)
        lists = np.full((len(answers), batch, count), NO_ITEM, np.int32)

        def top(i: int, answer: SourceScores) -> None:
            lists[i] = answer.top(count, barred)

        self._each(answers, top)
        return lists

    def _describe(
        self, queries: Queries, items: Int32s, answers: list[SourceScores | None], lists: Int32s
    ) -> Candidates:
        scores = np.zeros((len(answers), *items.shape), np.float32)  # each source fills a part that lies together
        levels = np.zeros((len(items), len(answers), 2), np.float32)

        def weigh(i: int, answer: SourceScores) -> None:
            scores[i], levels[:, i] = answer.at(items), answer.levels()

        self._each(answers, weigh)
        ranks = places(lists, items, self.n_items)
        failed = [i for i, answer in enumerate(answers) if answer is None]
        ranks[failed] = 0
        np.copyto(scores, 0, where=items == NO_ITEM)
        by_item, fused = (scores.transpose(1, 2, 0), ranks.transpose(1, 2, 0)), np.zeros(items.shape, np.float32)
        names = tuple(self.sources[i] for i in failed)
        candidates = Candidates(items, fused, *by_item, levels, self.sources, names)
        return replace(candidates, fused=self.fusion.scores(candidates, queries.strangers))

    def _barred(self, batch: int, blocked: Sequence[Int32s] | None, allowed: Bools | None) -> Barred | None:
        if blocked is not None:
            return Barred(blocked, allowed)
        return None if allowed is None else Barred.of_all(batch, allowed)


def best(union: Candidates, count: int, extra: Sequence[Int32s] | None = None) -> Candidates:
    """The `count` candidates of each query with the highest fused score, best first, its `extra` rows among them."""
    kept = top_positions(union.fused, min(count, int(union.valid.sum(axis=1).max(initial=0))))
    for query, rows in enumerate(extra or ()):
        kept[query] = _with(union, query, kept[query], distinct(rows))
    return _take(union, kept)


def _with(union: Candidates, query: int, kept: Int64s, rows: Int32s) -> Int64s:
    """The positions `kept` with those of the rows as well, the last of `kept` giving way; best first as before."""
    items, fused = union.items[query], union.fused[query]
    others = kept[~among(items[kept], rows)][: len(kept) - len(rows)]
    together = np.concatenate([others, np.flatnonzero(among(items, rows))])
    return together[np.lexsort((together, -fused[together]))]


def _first_passing(lists: Sequence[Int32s], count: int, barred: Barred | None) -> list[Int32s]:
    """The first `count` rows of each query's list that may be proposed to it."""
    if barred is None:
        return [rows[:count] for rows in lists]
    return [rows[barred.passing(query, rows)][:count] for query, rows in enumerate(lists)]


def _take(candidates: Candidates, positions: Int64s) -> Candidates:
    """The candidates at the positions int64 [batch, n]."""
    shape = (*positions.shape, len(candidates.sources))
    scores, ranks = np.empty(shape, np.float32), np.empty(shape, np.int32)
    gather(np.ascontiguousarray(candidates.scores.transpose(2, 0, 1)), positions, scores)
    gather(np.ascontiguousarray(candidates.ranks.transpose(2, 0, 1)), positions, ranks)
    rows = np.arange(len(positions))[:, None]
    return replace(
        candidates,
        items=candidates.items[rows, positions],
        fused=candidates.fused[rows, positions],
        scores=scores,
        ranks=ranks,
    )
