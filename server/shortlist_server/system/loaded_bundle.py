"""A loaded bundle: one trained system in memory, loaded and warmed as a whole. A bundle swap swaps this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shortlist_bundle import Bundle
from shortlist_bundle.groups import UserGroups
from shortlist_bundle.histories import Histories
from shortlist_bundle.items import ItemTable
from shortlist_bundle.live_items import LiveItems
from shortlist_core.catalog import CatalogChange
from shortlist_core.device import Device
from shortlist_core.types import Candidates, Queries
from shortlist_layers.new_items import NewItems
from shortlist_server.base.limits import DEFAULT_CANDIDATES
from shortlist_server.base.settings import Settings
from shortlist_server.system.filters import Filters
from shortlist_server.system.new_items import NewItemTracker
from shortlist_server.system.online_popularity import OnlinePopularity

if TYPE_CHECKING:
    from shortlist_ranking.ranker import Ranker
    from shortlist_retrieval.retriever import Retriever


@dataclass(frozen=True, eq=False)
class LoadedBundle:
    """Everything of one bundle that answers are made of: requests hold on to the one they started with.

    `online_popularity` follows what all users do, and `apply_changes` is told of items.
    """

    version: str
    items: LiveItems
    filters: Filters
    new_items: NewItemTracker
    histories: Histories
    groups: UserGroups | None  # None: the data had no user attributes, those of requests say nothing to the bundle
    online_popularity: OnlinePopularity
    ranker: Ranker
    bundled: ItemTable  # the items as the bundle has them, whatever was written since
    catalog_sequences: Mapping[str, int]  # store of items -> up to which change the bundle contains it

    @property
    def retriever(self) -> Retriever:
        """Stage one as of now."""
        return self.online_popularity.retriever

    @property
    def popular(self) -> Candidates:
        """A batch of one: what somebody gets of whom nothing is known."""
        return self.online_popularity.popular

    @classmethod
    def load(cls, bundle: Bundle, max_batch: int, max_fresh_items: int, device: Device = Device.AUTO) -> LoadedBundle:
        """The system in `bundle`, warmed for batches of up to `max_batch`: nobody's request is the one that compiles.

        It has room for twice `max_fresh_items` that the bundle does not know: of those deleted the room is not free at
        once, and to an older bundle more are new. Raises BundleRefusedError where the bundle's parts do not make sense,
        and DataError where there is no such device.
        """
        # Late: these bring TensorFlow and FAISS, 2.8 s of a core against 0.6 s for the rest of a worker. The port is
        # bound before, and they read what `worker.prepare` sets as they are loaded.
        from shortlist_layers.devices import confirm
        from shortlist_ranking.ranker import Ranker
        from shortlist_retrieval.retriever import Retriever

        confirm(device)
        new = NewItems.load(bundle, 2 * max_fresh_items)
        return cls.assemble(bundle, Retriever.load(bundle, new), Ranker.load(bundle, new=new), max_batch)

    @classmethod
    def assemble(cls, bundle: Bundle, retriever: Retriever, ranker: Ranker, max_batch: int) -> LoadedBundle:
        """The system of these parts, warmed."""
        table, histories = ItemTable.load(bundle), Histories.load(bundle)
        groups, items = UserGroups.load(bundle), LiveItems(table, retriever.n_items - len(table))
        filters = Filters(items)
        ranker.warm()
        for size in _sizes(max_batch):
            _walk(retriever, ranker, _many(histories, groups, size))
        popularity = OnlinePopularity(retriever, items, histories)
        new_items = NewItemTracker(items, filters, retriever, ranker)
        contained = bundle.manifest.catalog_sequences
        return cls(bundle.version, items, filters, new_items, histories, groups, popularity, ranker, table, contained)

    def apply_changes(self, changes: Sequence[CatalogChange]) -> None:
        """Take in what happened to the catalogue: every answer from now on knows it.

        Changes may come again and in any order, the one of the highest sequence counts of each item. Belongs to the
        thread that answers, between two batches. New items for whom there is no room are left out, which is logged.
        """
        self.new_items.apply(changes)


Load = Callable[[Bundle, Settings], LoadedBundle]
"""What loads a bundle, as the settings say; raises ShortlistError where it cannot."""


def load_bundle(bundle: Bundle, settings: Settings) -> LoadedBundle:
    """The bundle with its own models."""
    return LoadedBundle.load(bundle, settings.max_batch, settings.max_fresh_items, settings.device)


def _sizes(most: int) -> list[int]:
    """1, 2, 4 and so on, and `most`: whatever sizes the models compile for, each of them is met."""
    return sorted({*(1 << i for i in range(most.bit_length())), most})


def _many(histories: Histories, groups: UserGroups | None, size: int) -> Queries:
    """A batch of the users with the longest histories, and of somebody unknown where there are too few."""
    longest = np.argsort(histories.events.lengths)[::-1][:size]
    ids = [histories.ids[int(row)] for row in longest]
    ids += [""] * (size - len(ids))
    return replace(histories.queries(ids), groups=groups.of(ids, [groups.names[:1]] * size) if groups else None)


def _walk(retriever: Retriever, ranker: Ranker, queries: Queries) -> None:
    """What a default request does."""
    candidates = retriever.retrieve(queries, DEFAULT_CANDIDATES)
    ranker.rank(queries, candidates)
    retriever.reasons(queries, candidates)
