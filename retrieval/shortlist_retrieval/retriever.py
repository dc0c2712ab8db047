"""Stage one: ask every source, merge their lists, keep the best by the fused score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.explanations import NEW_ITEMS
from shortlist_core.types import NO_ITEM, Bools, Candidates, Int32s, Int64s, Queries, Reasons, distinct
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.best import best
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.explanations import reasons
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.merging import merged_rows, ranks_in
from shortlist_retrieval.source_answers import SourceAnswers
from shortlist_retrieval.sources.recent_choices import RecentChoices
from shortlist_retrieval.sources.registry import load_source
from shortlist_retrieval.sources.source import Embedding, Source

LIST_SHARE, LIST_LENGTH = 0.5, 200
"""Each source proposes half as many items as are asked for, but no fewer than these. The whole number from each would
make twice as many merged candidates, and what is kept of them hardly better (docs/experiments.md, 2026-11-25).
"""

ALSO_SHARE = 0.1
"""Of the candidates, what one list from outside of the sources may take."""


@dataclass(frozen=True)
class Retriever:
    """All sources and how they are fused."""

    all_sources: tuple[Source, ...]
    fusion: Fusion
    n_items: int  # rows that there may be: the bundle's, and the spare ones that it was loaded with

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The sources' names, in the order of the last axis of Candidates' arrays."""
        return tuple(source.name for source in self.all_sources)

    @cached_property
    def embedding(self) -> Embedding:
        """The vectors by which items and users are compared: those of the first source that has some."""
        embeddings = [source.embedding for source in self.all_sources]
        return next(each for each in embeddings if each is not None)

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
        excluded = Exclusions.of(len(queries), blocked, allowed)
        passing = [_first_passing(rows, count, excluded) for rows in (also or {}).values()]
        if not passing:
            return best(self._propose(queries, count, excluded, None), count)
        share = int(ALSO_SHARE * count)
        extra = [np.concatenate([rows[i][:share] for rows in passing]) for i in range(len(queries))]
        spare = [np.concatenate([rows[i] for rows in passing]) for i in range(len(queries))]
        return best(self._propose(queries, count, excluded, extra, spare), count, extra)

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
        return self._propose(queries, count, Exclusions.of(len(queries), blocked, allowed), also)

    def score(self, queries: Queries, items: Int32s) -> Candidates:
        """The given items, int32 [batch, n] with NO_ITEM as padding, as candidates in the given order.

        Ranks are those among what the user has not seen, so an item is scored as if it had been retrieved.
        """
        answers = SourceAnswers(self.all_sources, queries)
        lists = answers.lists(min(LIST_LENGTH, self.n_items), Exclusions(queries.seen()))
        return self._describe(queries, items, answers, lists)

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
        personal = replace(self, all_sources=tuple(source for source in self.all_sources if source.personal))
        also = None if new is None else {NEW_ITEMS.name: self.nearest(alone, new, count)}
        excluded = itself if blocked is None else distinct(np.concatenate([itself, blocked]))
        return replace(personal, fusion=self.fusion.only(self.sources, personal.sources)).retrieve(
            alone, count, blocked=[excluded], allowed=allowed, also=also
        )

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in items that came or changed, at distinct rows below `n_items`."""
        for source in self.all_sources:
            if source.takes_new_items:
                source.put(rows, items)

    def nearest(self, queries: Queries, rows: Int32s, count: int) -> list[Int32s]:
        """For each query the up to `count` of these rows of new items that go best with it by content and history, best
        first; the first of them where there is no history.
        """
        for source in self.all_sources:
            if source.takes_new_items:
                return source.nearest(queries, rows, count)
        return [rows[:count]] * len(queries)

    def with_recent(self, recent: RecentChoices) -> Retriever:
        """The retriever with live counts as of `recent.now`; all else, and what the fusion means, stays as trained."""
        return replace(self, all_sources=tuple(source.with_recent(recent) for source in self.all_sources))

    def write(self, writer: BundleWriter) -> None:
        """Store all sources and the fusion."""
        for source in self.all_sources:
            source.write(writer)
        self.fusion.write(writer)
        kinds = [{"name": source.name, "kind": source.kind} for source in self.all_sources]
        writer.json("retrieval/sources", {"sources": kinds, "items": self.n_items})

    @classmethod
    def load(cls, bundle: Bundle, new: NewItems | None = None) -> Retriever:
        """The retriever that `write` stored, with spare rows for new items where they are given.

        Raises BundleRefusedError where the bundle has a kind of source that this version does not know.
        """
        stored = bundle.json("retrieval/sources")
        sources = tuple(load_source(bundle, each["kind"], each["name"], new) for each in stored["sources"])
        return cls(sources, Fusion.load(bundle), stored["items"] + (new.spare_rows if new else 0))

    def _propose(
        self,
        queries: Queries,
        count: int,
        excluded: Exclusions | None,
        extra: Sequence[Int32s] | None,
        spare: Sequence[Int32s] | None = None,
    ) -> Candidates:
        """The sources' lists merged with `extra`; with `spare` instead where that is less than `count`."""
        answers = SourceAnswers(self.all_sources, queries)
        length = max(int(LIST_SHARE * count), LIST_LENGTH)
        lists = answers.lists(min(length, self.n_items), excluded)
        items = merged_rows(lists, extra)
        short = np.flatnonzero((items != NO_ITEM).sum(axis=1) < count)
        if len(short) and lists.shape[2] < count:  # few sources speak: of users without history, with narrow filters
            lists = self._lengthened(lists, queries, short, count, excluded)
            items = merged_rows(lists, extra)
        if extra is not None and spare is not None and (short := (items != NO_ITEM).sum(axis=1) < count).any():
            items = merged_rows(lists, [(spare if few else extra)[i] for i, few in enumerate(short)])
        return self._describe(queries, items, answers, lists)

    def _lengthened(
        self, lists: Int32s, queries: Queries, which: Int64s, count: int, excluded: Exclusions | None
    ) -> Int32s:
        """The lists with up to `count` items where they are those of the queries at the positions `which`."""
        of_which = None if excluded is None else excluded.select(which)
        whole = SourceAnswers(self.all_sources, queries.select(which)).lists(min(count, self.n_items), of_which)
        longer = np.full((*lists.shape[:2], whole.shape[2]), NO_ITEM, np.int32)
        longer[:, :, : lists.shape[2]] = lists
        longer[:, which] = whole
        return longer

    def _describe(self, queries: Queries, items: Int32s, answers: SourceAnswers, lists: Int32s) -> Candidates:
        scores, moments = answers.scores(items)
        ranks = ranks_in(lists, items, self.n_items)
        failed = answers.failed
        ranks[failed] = 0
        candidates = Candidates(
            items,
            np.zeros(items.shape, np.float32),
            scores.transpose(1, 2, 0),
            ranks.transpose(1, 2, 0),
            moments,
            self.sources,
            tuple(self.sources[place] for place in failed),
            tuple(place for place, source in enumerate(self.all_sources) if source.counts_takers),
        )
        return replace(candidates, fused=self.fusion.scores(candidates, queries.without_history))


def _first_passing(lists: Sequence[Int32s], count: int, excluded: Exclusions | None) -> list[Int32s]:
    """The first `count` rows of each query's list that may be proposed to it."""
    if excluded is None:
        return [rows[:count] for rows in lists]
    return [rows[excluded.passing(query, rows)][:count] for query, rows in enumerate(lists)]
