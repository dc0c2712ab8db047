"""Both stages without a server: lists for many users at once, for files and for evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from shortlist_bundle import Bundle
from shortlist_bundle.groups import Attribute, UserGroups
from shortlist_bundle.histories import Histories
from shortlist_bundle.items import ItemTable
from shortlist_core.catalog import CatalogItem
from shortlist_core.explanations import NEW_ITEMS
from shortlist_core.types import NO_ITEM, Candidates, Float32s, Int32s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_ranking.ranker import Ranker
from shortlist_ranking.selection import select
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.retriever import Retriever

CANDIDATES = 400
BLOCK = 64


@dataclass(frozen=True)
class Lists:
    """Ranked rows int32 [users, count], NO_ITEM where a list is shorter, and their scores float32."""

    items: Int32s
    scores: Float32s


@dataclass(frozen=True)
class Recommender:
    """One loaded bundle."""

    items: ItemTable
    histories: Histories
    groups: UserGroups | None
    retriever: Retriever
    ranker: Ranker
    new: Int32s = field(default_factory=lambda: np.zeros(0, np.int32))  # rows of items taken in behind the bundle's

    @classmethod
    def load(cls, bundle: Bundle, new: Sequence[CatalogItem] = ()) -> Recommender:
        """All parts that answering needs; raises BundleRefusedError where they do not fit.

        Items that the bundle does not know are taken `new`, in this order, as a server takes them in.
        """
        items, histories, groups = ItemTable.load(bundle), Histories.load(bundle), UserGroups.load(bundle)
        if not new:
            return cls(items, histories, groups, Retriever.load(bundle), Ranker.load(bundle))
        room = NewItems.load(bundle, len(new))
        retriever, ranker = Retriever.load(bundle, room), Ranker.load(bundle, new=room)
        rows = np.arange(len(items), len(items) + len(new), dtype=np.int32)
        retriever.put(rows, new)
        ranker.put(rows, new)
        return cls(items, histories, groups, retriever, ranker, rows)

    def grouped(
        self, queries: Queries, user_ids: Sequence[str], attributes: Sequence[Sequence[Attribute]] = ()
    ) -> Queries:
        """The queries of these users with the groups that a server would put them into: those that the bundle knows
        them to belong to, and those of the `attributes` that each brings, if any do.
        """
        return replace(queries, groups=self.groups.of(user_ids, attributes)) if self.groups else queries

    def recommend(self, queries: Queries, count: int, advance: Callable[[int], None] = lambda _: None) -> Lists:
        """Both stages; items that a history holds are not recommended. `advance` hears how many users were done."""
        lists = _empty(len(queries), count)
        for start, block, candidates in self._retrieved(queries, max(count, CANDIDATES)):
            scores = self.ranker.rank(block, candidates)
            for i, (items, own) in enumerate(zip(candidates.items, scores, strict=True)):
                shown = select(own, count)
                shown = shown[items[shown] != NO_ITEM]
                lists.items[start + i, : len(shown)] = items[shown]
                lists.scores[start + i, : len(shown)] = own[shown]
            advance(len(block))
        return lists

    def retrieve(self, queries: Queries, count: int) -> Lists:
        """Stage one alone, best fused score first."""
        lists = _empty(len(queries), count)
        for start, _, candidates in self._retrieved(queries, count):
            n = candidates.items.shape[1]
            lists.items[start : start + BLOCK, :n] = candidates.items
            lists.scores[start : start + BLOCK, :n] = candidates.fused
        return lists

    def retrieve_from(self, source: str, queries: Queries, count: int) -> Lists:
        """One source of stage one alone."""
        lists = _empty(len(queries), count)
        chosen = self.retriever.all_sources[self.retriever.sources.index(source)]
        for start in range(0, len(queries), BLOCK):
            block = queries.slice(start, start + BLOCK)
            answer = chosen.scores(block)
            items = answer.top(count, Exclusions(block.seen()))
            scores = np.where(items == NO_ITEM, 0, answer.at(items))
            lists.items[start : start + BLOCK], lists.scores[start : start + BLOCK] = items, scores
        return lists

    def _retrieved(self, queries: Queries, count: int) -> Iterator[tuple[int, Queries, Candidates]]:
        for start in range(0, len(queries), BLOCK):
            block = queries.slice(start, start + BLOCK)
            also = {NEW_ITEMS.name: self.retriever.nearest(block, self.new, count)} if len(self.new) else None
            yield start, block, self.retriever.retrieve(block, count, blocked=block.seen(), also=also)


def _empty(users: int, count: int) -> Lists:
    return Lists(np.full((users, count), NO_ITEM, np.int32), np.zeros((users, count), np.float32))
