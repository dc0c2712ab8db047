"""One trained system in memory, loaded and warmed as a whole; what a bundle swap swaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bundle import Bundle
from bundle.histories import Histories
from bundle.items import ItemTable
from core.types import Candidates
from server.plans import DEFAULT_CANDIDATES
from server.rules import Filters

if TYPE_CHECKING:
    from ranking.ranker import Ranker

    from retrieval.retriever import Retriever

POPULAR = 4_000
"""Items kept as a fall-back: the most candidates of a request, and as many again that its rules may take away."""


@dataclass(frozen=True, eq=False)
class System:
    """Everything of one bundle that answers are made of. Immutable: requests hold on to the one they started with."""

    version: str
    items: ItemTable
    filters: Filters
    histories: Histories
    retriever: Retriever
    ranker: Ranker
    popular: Candidates  # batch of one: what somebody gets of whom nothing is known

    @classmethod
    def load(cls, bundle: Bundle) -> System:
        """The system in `bundle`, after its first request: what is compiled or mapped lazily has happened by then.

        Raises BundleRefusedError where the bundle's parts do not make sense.
        """
        from ranking.ranker import Ranker  # late: importing the models takes seconds, and the port is bound before

        from retrieval.retriever import Retriever

        return cls.assemble(bundle, Retriever.load(bundle), Ranker.load(bundle))

    @classmethod
    def assemble(cls, bundle: Bundle, retriever: Retriever, ranker: Ranker) -> System:
        """The system of these parts, warmed."""
        items, histories = ItemTable.load(bundle), Histories.load(bundle)
        _warm(histories, retriever, ranker)
        popular = retriever.retrieve(histories.queries([""]), POPULAR)
        return cls(bundle.version, items, Filters(items), histories, retriever, ranker, popular)


def _warm(histories: Histories, retriever: Retriever, ranker: Ranker) -> None:
    """Walk the path of a default request once, for somebody unknown and for the user with the longest history."""
    busiest = np.argsort(histories.events.lengths)[-1:]
    for queries in (histories.queries([""]), histories.events.select(busiest)):
        candidates = retriever.retrieve(queries, DEFAULT_CANDIDATES)
        ranker.rank(queries, candidates)
        retriever.reasons(queries, candidates)
