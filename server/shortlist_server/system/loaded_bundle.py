"""The loaded bundle: a bundle in memory, loaded, warmed and replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shortlist_bundle import Bundle
from shortlist_bundle.contexts import Contexts
from shortlist_bundle.groups import UserGroups
from shortlist_bundle.histories import Histories
from shortlist_bundle.items import ItemTable
from shortlist_bundle.live_items import LiveItems
from shortlist_core.catalog import CatalogChange
from shortlist_core.device import Device
from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.seen_items import SeenItems
from shortlist_core.tiring import Tiring
from shortlist_core.types import Candidates, EventType, Queries
from shortlist_layers.new_items import NewItems
from shortlist_server.base.limits import DEFAULT_CANDIDATES
from shortlist_server.base.settings import Settings
from shortlist_server.system.erased_rows import Erased, ErasedRows
from shortlist_server.system.filters import Filters
from shortlist_server.system.long_tail import LongTail
from shortlist_server.system.new_items import NewItemTracker
from shortlist_server.system.online_popularity import OnlinePopularity

if TYPE_CHECKING:
    from shortlist_ranking.ranker import Ranker
    from shortlist_ranking.repeats import Repeats
    from shortlist_retrieval.retriever import Retriever


@dataclass(frozen=True, eq=False)
class LoadedBundle:
    """Everything of one bundle that answers are made of. A request keeps the loaded bundle that it started with.

    `online_popularity` follows what all users do, and `apply_changes` takes in catalogue changes.
    """

    version: str
    items: LiveItems
    filters: Filters
    new_items: NewItemTracker
    histories: Histories
    groups: UserGroups | None  # None: the training data had no user attributes, so those of requests mean nothing
    contexts: Contexts | None  # None: what requests tell of their context means nothing
    online_popularity: OnlinePopularity
    ranker: Ranker
    repeats: Repeats | None  # how likely users take again what they took before; None in older bundles
    erased_rows: ErasedRows
    long_tail: LongTail
    bundled: ItemTable  # the items as they were published, without later changes
    dislike_below: float  # the value below which a rating is a dislike
    seen_items: SeenItems  # the policy of requests that name none
    action_weights: tuple[tuple[EventType, float], ...]  # those of requests that name none
    catalog_sequences: Mapping[
        str, int
    ]  # store of items -> sequence number up to which the bundle contains its changes
    event_weights: EventWeights = USUAL  # how much events count
    tiring: Tiring | None = None  # how items tire where a request does not say; None in bundles of before
    vector_dim: int = 0  # numbers of an item's embedding; 0: the bundle's items have none

    @property
    def retriever(self) -> Retriever:
        """Stage one with online popularity as of now."""
        return self.online_popularity.retriever

    @property
    def popular(self) -> Candidates:
        """The candidates of a user without history, a batch of one."""
        return self.online_popularity.popular

    @classmethod
    def load(cls, bundle: Bundle, max_batch: int, max_fresh_items: int, device: Device = Device.AUTO) -> LoadedBundle:
        """The loaded bundle, warmed for batches of up to `max_batch`, so that no request has to wait for compilation.

        The loaded bundle has spare rows for twice `max_fresh_items` new items. Rows of deleted items are not free at
        once, and to an older bundle more items are new. Raises BundleRefusedError where parts of the bundle do not make
        sense, and DataError where the device does not exist.
        """
        # Late imports: TensorFlow and FAISS take 2.8 s of a core, the rest of a worker 0.6 s. By now the port is bound,
        # and `worker.prepare` has set what these libraries read on import.
        from shortlist_layers.devices import confirm
        from shortlist_ranking.ranker import Ranker
        from shortlist_ranking.repeats import Repeats
        from shortlist_retrieval.retriever import Retriever

        confirm(device)
        new = NewItems.load(bundle, 2 * max_fresh_items)
        retriever, ranker = Retriever.load(bundle, new), Ranker.load(bundle, new=new)
        loaded = cls.assemble(bundle, retriever, ranker, max_batch, Repeats.load(bundle))
        return replace(loaded, vector_dim=new.features.vectors.given_dim)

    @classmethod
    def assemble(
        cls, bundle: Bundle, retriever: Retriever, ranker: Ranker, max_batch: int, repeats: Repeats | None = None
    ) -> LoadedBundle:
        """The loaded bundle of these parts, warmed."""
        table, histories = ItemTable.load(bundle), Histories.load(bundle)
        groups, items = UserGroups.load(bundle), LiveItems(table, retriever.n_items - len(table))
        filters = Filters(items)
        ranker.warm()
        for size in _sizes(max_batch):
            _walk(retriever, ranker, _many(histories, groups, size))
        popularity = OnlinePopularity(retriever, items, histories)
        new_items = NewItemTracker(items, filters, retriever, ranker)
        manifest = bundle.manifest
        erased, long_tail = ErasedRows(histories.ids), LongTail(retriever.takers, retriever.n_items)
        return cls(
            *(bundle.version, items, filters, new_items, histories, groups, Contexts.load(bundle), popularity),
            *(ranker, repeats, erased, long_tail, table),
            manifest.dislike_below,
            manifest.seen_items,
            manifest.action_weights,
            manifest.catalog_sequences,
            manifest.event_weights,
            tiring=manifest.tiring,
        )

    def apply_changes(self, changes: Sequence[CatalogChange]) -> None:
        """Take in catalogue changes. They show in every answer from now on.

        Changes may come repeatedly and in any order: for each item the change of the highest sequence counts. Call this
        on the model thread, between two batches. New items without a spare row are left out, which is logged.
        """
        self.new_items.apply(changes)

    def apply_facts(self, changes: Sequence[CatalogChange]) -> None:
        """Take in what filters ask of changed items, before `apply_changes` does the rest. On the model thread, too."""
        self.new_items.apply_facts(changes)

    def forget(self, lists: Sequence[Erased]) -> None:
        """Leave the erased users of these lists out of what the bundle's sources know of users."""
        self.online_popularity.forget(self.erased_rows.of(lists))


Load = Callable[[Bundle, Settings], LoadedBundle]
"""Loads a bundle as the settings say. Raises ShortlistError where it cannot."""


def load_bundle(bundle: Bundle, settings: Settings) -> LoadedBundle:
    """The loaded bundle, with the models that it was published with."""
    return LoadedBundle.load(bundle, settings.max_batch, settings.max_fresh_items, settings.device)


def _sizes(most: int) -> list[int]:
    """Batch sizes to warm: 1, 2, 4 and so on, and `most`. They cover every size that the models compile for."""
    return sorted({*(1 << i for i in range(most.bit_length())), most})


def _many(histories: Histories, groups: UserGroups | None, size: int) -> Queries:
    """A batch of the users with the longest histories. Users without history fill it up where there are too few."""
    longest = np.argsort(histories.events.lengths)[::-1][:size]
    ids = [histories.ids[int(row)] for row in longest]
    ids += [""] * (size - len(ids))
    return replace(histories.queries(ids), groups=groups.of(ids, [groups.names[:1]] * size) if groups else None)


def _walk(retriever: Retriever, ranker: Ranker, queries: Queries) -> None:
    """Run stage one, stage two and the reasons, as a default request does."""
    candidates = retriever.retrieve(queries, DEFAULT_CANDIDATES)
    ranker.rank(queries, candidates)
    retriever.reasons(queries, candidates)
