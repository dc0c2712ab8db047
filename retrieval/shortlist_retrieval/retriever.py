"""The retriever: stage one asks every source, merges their lists and keeps the best by the fused score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.explanations import NEW_ITEMS
from shortlist_core.types import (
    NO_ITEM,
    Bools,
    Candidates,
    Float32s,
    Int32s,
    Int64s,
    Queries,
    Reasons,
    distinct,
)
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.best import best
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.explanations import reasons
from shortlist_retrieval.filling import filled
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.merging import in_turns, merged_rows, ranks_in
from shortlist_retrieval.source_answers import SourceAnswers
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.recent_choices import RecentChoices
from shortlist_retrieval.sources.registry import load_source
from shortlist_retrieval.sources.source import Embedding, Source

LIST_SHARE, LIST_LENGTH = 0.5, 200
"""Each source proposes LIST_SHARE of the candidates asked for, but at least LIST_LENGTH. With all of them from each
source there would be twice as many merged candidates, of hardly better quality (docs/experiments.md, 2026-11-25).
"""

ALL_OF = 4
"""A filter that lets through no more items than this many times the candidates asked for makes candidates of all of
them: the best by fused score are exact then, and no source has to be asked for a longer list.
"""

ALSO_SHARE = 0.1
"""Share of the candidates that one list from outside the sources may take."""


_NOTHING: Int32s = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Retriever:
    """All sources, and their fusion."""

    all_sources: tuple[Source, ...]
    fusion: Fusion
    n_items: int  # rows of the bundle's items and the spare rows that it was loaded with

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The sources' names, in the order of the last axis of Candidates' arrays."""
        return tuple(source.name for source in self.all_sources)

    @cached_property
    def embedding(self) -> Embedding:
        """The vectors by which items and users are compared: those of the first source that has vectors."""
        embeddings = [source.embedding for source in self.all_sources]
        return next(embedding for embedding in embeddings if embedding is not None)

    @cached_property
    def takers(self) -> Float32s | None:
        """log(1 + users who ever took it) of every row, float32 [rows]; None where no source counts them."""
        counted = [source.values for source in self.all_sources if isinstance(source, Popularity)]
        return counted[-1] if counted else None

    def retrieve(
        self,
        queries: Queries,
        count: int,
        *,
        blocked: Sequence[Int32s] | None = None,
        allowed: Bools | None = None,
        also: Mapping[str, Sequence[Int32s]] | None = None,
        kept: Sequence[Int32s] | None = None,
    ) -> Candidates:
        """The best `count` candidates of each query, by fused score.

        `blocked[i]`, ascending, are rows that are never proposed to query i. `allowed`, bool [items], is the filter of
        all queries. A source that raises is named in the result's `failed`, and proposes nothing.

        `also[name][i]` are rows, best first, that a list from outside the sources proposes to query i. The fusion has
        no weights for such lists. So the first rows of each list, up to a tenth of the candidates, replace the last
        candidates by fused score. Where the sources propose too few items, more rows of the lists fill the gap.

        `kept[i]` are distinct rows, none of them excluded. The first `count` of them are candidates of query i in any
        case.
        """
        excluded = Exclusions.of(len(queries), blocked, allowed)
        passing = [_first_passing(rows, count, excluded) for rows in (also or {}).values()]
        if not passing and kept is None:
            return best(self._propose(queries, count, excluded, None), count)
        share, own = int(ALSO_SHARE * count), kept or [_NOTHING] * len(queries)
        extra = [np.concatenate([own[i], *(rows[i][:share] for rows in passing)])[:count] for i in range(len(queries))]
        spare = [np.concatenate([own[i], *(rows[i] for rows in passing)]) for i in range(len(queries))]
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
        """The merged candidates, from which `retrieve` keeps the best: all that sources propose, and the rows `also`.

        They are in the order of their rows.
        """
        return self._propose(queries, count, Exclusions.of(len(queries), blocked, allowed), also)

    def score(self, queries: Queries, items: Int32s) -> Candidates:
        """The given items as candidates in the given order. `items` is int32 [batch, n], padded with NO_ITEM.

        Ranks are those among the items that the user has not seen, so an item is scored as if it had been retrieved.
        """
        answers = SourceAnswers(self.all_sources, queries)
        lists = answers.lists(min(LIST_LENGTH, self.n_items), Exclusions(queries.seen()))
        return self._describe(queries, items, answers, lists)

    def reasons(self, queries: Queries, candidates: Candidates) -> Reasons:
        """The reason of each candidate, [batch, n]; meant for the few candidates that are shown."""
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
        """The items that go with one item: the candidates of a user who took nothing else, a batch of one.

        The item itself and the rows `blocked`, ascending, are left out. Of the new items at the rows `new` the nearest
        are proposed too.
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
        """Take in new and changed items, at distinct rows below `n_items`."""
        for source in self.all_sources:
            if source.takes_new_items:
                source.put(rows, items)

    def nearest(self, queries: Queries, rows: Int32s, count: int) -> list[Int32s]:
        """For each query up to `count` of the new items at `rows`, those that fit best by content and history.

        Rows are best first; the sources that take new items propose in turns. A query without history gets the first
        `count` rows.
        """
        lists = [source.nearest(queries, rows, count) for source in self.all_sources if source.takes_new_items]
        return [in_turns([of_all[i] for of_all in lists])[:count] for i in range(len(queries))]

    def with_recent(self, recent: RecentChoices) -> Retriever:
        """The retriever with online popularity as of `recent.now`. All else, fusion included, stays as trained."""
        return replace(self, all_sources=tuple(source.with_recent(recent) for source in self.all_sources))

    def without_users(self, rows: Int32s) -> Retriever:
        """The retriever without the users at these rows of the bundle's histories, because they were erased."""
        return replace(self, all_sources=tuple(source.without_users(rows) for source in self.all_sources))

    def write(self, writer: BundleWriter) -> None:
        """Store all sources and the fusion."""
        for source in self.all_sources:
            source.write(writer)
        self.fusion.write(writer)
        kinds = [{"name": source.name, "kind": source.kind} for source in self.all_sources]
        writer.json("retrieval/sources", {"sources": kinds, "items": self.n_items})

    @classmethod
    def load(cls, bundle: Bundle, new: NewItems | None = None) -> Retriever:
        """The retriever that `write` stored, with the spare rows of `new` where it is given.

        Raises BundleRefusedError where the bundle has a kind of source that this version does not have.
        """
        stored = bundle.json("retrieval/sources")
        sources = tuple(load_source(bundle, source["kind"], source["name"], new) for source in stored["sources"])
        return cls(sources, Fusion.load(bundle), stored["items"] + (new.spare_rows if new else 0))

    def _propose(
        self,
        queries: Queries,
        count: int,
        excluded: Exclusions | None,
        extra: Sequence[Int32s] | None,
        spare: Sequence[Int32s] | None = None,
    ) -> Candidates:
        """The merged candidates of the sources' lists and `extra`; of `spare` instead, where `extra` makes too few."""
        answers = SourceAnswers(self.all_sources, queries)
        length = max(int(LIST_SHARE * count), LIST_LENGTH)
        lists = answers.lists(min(length, self.n_items), excluded)
        if excluded is not None and excluded.few is not None and len(excluded.few) <= ALL_OF * count:
            passing = [excluded.passing_rows(query) for query in range(len(queries))]
            return self._describe(queries, merged_rows(lists[:, :, :0], passing), answers, lists)
        items = merged_rows(lists, extra)
        short = np.flatnonzero((items != NO_ITEM).sum(axis=1) < count)
        if len(short) and lists.shape[2] < count:  # as with users without history, and with narrow filters
            lists = self._lengthened(lists, queries, short, count, excluded)
            items = merged_rows(lists, extra)
        if extra is not None and spare is not None and (short := (items != NO_ITEM).sum(axis=1) < count).any():
            extra = [(spare if few else extra)[i] for i, few in enumerate(short)]
            items = merged_rows(lists, extra)
        if excluded is not None and excluded.allowed is not None and ((items != NO_ITEM).sum(axis=1) < count).any():
            items = filled(items, count, excluded, self.takers)
        return self._describe(queries, items, answers, lists)

    def _lengthened(
        self, lists: Int32s, queries: Queries, which: Int64s, count: int, excluded: Exclusions | None
    ) -> Int32s:
        """The lists, with up to `count` items for the queries at the positions `which`."""
        of_which = None if excluded is None else excluded.select(which)
        longer = SourceAnswers(self.all_sources, queries.select(which)).lists(min(count, self.n_items), of_which)
        lengthened = np.full((*lists.shape[:2], longer.shape[2]), NO_ITEM, np.int32)
        lengthened[:, :, : lists.shape[2]] = lists
        lengthened[:, which] = longer
        return lengthened

    def _describe(self, queries: Queries, items: Int32s, answers: SourceAnswers, lists: Int32s) -> Candidates:
        """The items as candidates, with scores and ranks of all sources and the fused score."""
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
            tuple(self.sources[position] for position in failed),
            tuple(position for position, source in enumerate(self.all_sources) if source.counts_takers),
        )
        return replace(candidates, fused=self.fusion.scores(candidates, queries))


def _first_passing(lists: Sequence[Int32s], count: int, excluded: Exclusions | None) -> list[Int32s]:
    """The first `count` rows of each query's list that may be proposed to the query."""
    if excluded is None:
        return [rows[:count] for rows in lists]
    return [rows[excluded.passing(query, rows)][:count] for query, rows in enumerate(lists)]
