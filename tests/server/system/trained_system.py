"""Asks a really trained system, and makes the changes of its catalogue."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.types import Ranked
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.system.conditions.included_categories import IncludedCategories
from shortlist_server.system.filters import Filter
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import open_store

ROOM = 30
SEQUENCES = itertools.count(1)


def written(item: CatalogItem) -> CatalogChange:
    return CatalogChange(next(SEQUENCES), item.item_id, item, 0)


def deleted(item_id: str) -> CatalogChange:
    return CatalogChange(next(SEQUENCES), item_id, None, 0)


Work = Callable[[Pipeline, LoadedBundle, list[PendingRequest], Run], None]


class Asker:
    """Asks systems as the model thread does."""

    def __init__(self) -> None:
        self.store = open_store("sqlite::memory:")
        self.live, self.thread = LiveUsers(self.store), RankThread()
        self.pipeline = Pipeline(self.live, self.thread)

    def __call__(self, system: LoadedBundle, work: Work = Pipeline.recommend, **query: object) -> Ranked:
        request = PendingRequest(Query(request_id="r", **query), RequestContext())
        work(self.pipeline, system, [request], Run())
        assert not request.result().degraded
        return request.result()

    def ids(self, system: LoadedBundle, work: Work = Pipeline.recommend, **query: object) -> list[str]:
        return system.items.ids.take(self(system, work, **query).items)

    def close(self) -> None:
        self.thread.close()
        self.live.close()
        self.store.close()


def like(system: LoadedBundle, row: int, item_id: str) -> CatalogItem:
    """A new item that says what an old one says."""
    categories = tuple(system.items.facts.categories(row))
    return CatalogItem(item_id, system.items.titles[row], "", categories, price_of(system, row))


def price_of(system: LoadedBundle, row: int) -> float | None:
    price = float(system.bundled.prices[row])
    return None if np.isnan(price) else price


def rows_of_category(system: LoadedBundle, name: str) -> list[int]:
    return np.flatnonzero(system.items.facts.in_any_category([name])[: len(system.bundled)]).tolist()


def included(name: str) -> Filter:
    return Filter((IncludedCategories((name,)),))


def some_category(system: LoadedBundle) -> str:
    return max(system.bundled.category_names, key=lambda name: len(rows_of_category(system, name)))
