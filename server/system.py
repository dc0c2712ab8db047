"""One trained system in memory, loaded and warmed as a whole; what a bundle swap swaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bundle import Bundle
from bundle.histories import Histories
from bundle.items import ItemTable
from core.catalog import CatalogChange
from core.types import Candidates, Queries
from server.plans import DEFAULT_CANDIDATES
from server.rules import Filters
from server.trends import Trends

if TYPE_CHECKING:
    from ranking.ranker import Ranker
    from retrieval.retriever import Retriever


@dataclass(frozen=True, eq=False)
class System:
    """Everything of one bundle that answers are made of: requests hold on to the one they started with. `trends` follow
    what all users do.
    """

    version: str
    items: ItemTable
    filters: Filters
    histories: Histories
    trends: Trends
    ranker: Ranker
    bundled: ItemTable  # the items as the bundle has them, whatever was written since
    catalog_sequences: Mapping[str, int]  # store of items -> up to which change the bundle contains it

    @property
    def retriever(self) -> Retriever:
        """Stage one as of now."""
        return self.trends.retriever

    @property
    def popular(self) -> Candidates:
        """A batch of one: what somebody gets of whom nothing is known."""
        return self.trends.popular

    @classmethod
    def load(cls, bundle: Bundle, max_batch: int) -> System:
        """The system in `bundle`, warmed for batches of up to `max_batch`: nobody's request is the one that compiles.

        Raises BundleRefusedError where the bundle's parts do not make sense.
        """
        from ranking.ranker import Ranker  # late: importing the models takes seconds, and the port is bound before
        from retrieval.retriever import Retriever

        return cls.assemble(bundle, Retriever.load(bundle), Ranker.load(bundle), max_batch)

    @classmethod
    def assemble(cls, bundle: Bundle, retriever: Retriever, ranker: Ranker, max_batch: int) -> System:
        """The system of these parts, warmed."""
        items, histories = ItemTable.load(bundle), Histories.load(bundle)
        ranker.warm()
        for size in _sizes(max_batch):
            _walk(retriever, ranker, _many(histories, size))
        trends, contained = Trends(retriever, items, histories), bundle.manifest.catalog_sequences
        return cls(bundle.version, items, Filters(items), histories, trends, ranker, items, contained)

    def apply_changes(self, changes: Sequence[CatalogChange]) -> None:
        """Take changed items in, for all answers after this one. On the model thread alone, between batches.

        Models do not take items in yet: answers know those of the bundle.
        """


def _sizes(most: int) -> list[int]:
    """1, 2, 4 and so on, and `most`: whatever sizes the models compile for, each of them is met."""
    return sorted({*(1 << i for i in range(most.bit_length())), most})


def _many(histories: Histories, size: int) -> Queries:
    """A batch of the users with the longest histories, and of somebody unknown where there are too few."""
    longest = np.argsort(histories.events.lengths)[::-1][:size]
    ids = [histories.ids[int(row)] for row in longest]
    return histories.queries([*ids, *[""] * (size - len(ids))])


def _walk(retriever: Retriever, ranker: Ranker, queries: Queries) -> None:
    """What a default request does."""
    candidates = retriever.retrieve(queries, DEFAULT_CANDIDATES)
    ranker.rank(queries, candidates)
    retriever.reasons(queries, candidates)
