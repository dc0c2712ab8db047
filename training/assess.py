"""A bundle under the held-out protocol: both stages, the two-tower source alone, and the ranker's ablations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from bundle import Bundle
from bundle.items import ItemTable
from core.catalog import CatalogItem
from core.types import NO_ITEM, Int32s
from evaluation.new_items import NewItems
from evaluation.protocol import Heldout
from evaluation.report import Report, item_stats
from ranking.ranker import Ranker
from retrieval.two_tower import TwoTower
from training.offline import Recommender
from training.table import choices_since, past_of

LIST_LENGTH = 500


def assess(bundle: Bundle, heldout: Heldout, past: pl.DataFrame, announce: Callable[[str], None]) -> Report:
    """A report with a row for the whole path, stage one, the two-tower source, and each ablation that is stored.

    `past` are the interactions before the cut: what the bundle was trained on and whatever came since, which counts as
    live events do when the bundle serves.
    """
    system = as_serving(bundle, past)
    queries = past_of(past, heldout.user_ids, system.items.ids, heldout.train.now)
    rows = heldout.item_rows(list(system.items.ids))

    def translated(items: Int32s) -> Int32s:
        return _translated(items, rows)

    tower = next(s for s in system.retriever.all_sources if isinstance(s, TwoTower))
    vectors = np.zeros((len(heldout.train.item_ids), tower.index.dim), np.float32)
    vectors[rows[rows != NO_ITEM]] = tower.index.take(np.flatnonzero(rows != NO_ITEM))
    report = Report(heldout, item_stats(heldout, vectors))
    announce("both stages")
    report.add("Shortlist: both stages", translated(system.recommend(queries, LIST_LENGTH).items))
    announce("stage one")
    report.add("Shortlist: stage one alone", translated(system.retrieve(queries, LIST_LENGTH).items))
    report.add("two-tower source alone", translated(system.retrieve_from(tower.name, queries, LIST_LENGTH).items))
    for name in bundle.json("ranking/ablations"):
        announce(f"without {name}")
        ablated = Recommender(
            system.items, system.histories, system.retriever, Ranker.load(bundle, f"ablations/{name}")
        )
        report.add(f"ranker without {name}", translated(ablated.recommend(queries, LIST_LENGTH).items))
    return report


def with_new_items(bundle: Bundle, new: NewItems, past: pl.DataFrame) -> dict[str, Int32s]:
    """The lists of both stages and of stage one for the users of `new`, after its items were taken in like a server's.

    int32 [users, 500] in rows of its longer catalogue.
    """
    heldout, known = new.heldout, ItemTable.load(bundle).ids
    items = [CatalogItem(**item) for item in _as_catalog(new.items) if item["item_id"] not in known]
    system = as_serving(bundle, past, items)
    queries = past_of(past, heldout.user_ids, system.items.ids, heldout.train.now)
    rows = heldout.item_rows([*system.items.ids, *(item.item_id for item in items)])
    return {
        "Shortlist: both stages": _translated(system.recommend(queries, LIST_LENGTH).items, rows),
        "Shortlist: stage one alone": _translated(system.retrieve(queries, LIST_LENGTH).items, rows),
    }


def _as_catalog(items: pl.DataFrame) -> list[dict[str, Any]]:
    rows = items.select("item_id", "title", "text", "categories", "price").to_dicts()
    return [row | {"categories": tuple(row["categories"])} for row in rows]


def recommended(bundle: Bundle, heldout: Heldout, past: pl.DataFrame) -> Int32s:
    """The lists of both stages for the test users, int32 [test users, 500] in rows of the training catalogue."""
    system = as_serving(bundle, past)
    queries = past_of(past, heldout.user_ids, system.items.ids, heldout.train.now)
    return _translated(system.recommend(queries, LIST_LENGTH).items, heldout.item_rows(list(system.items.ids)))


def as_serving(bundle: Bundle, past: pl.DataFrame, new: Sequence[CatalogItem] = ()) -> Recommender:
    """The bundle as it serves at the end of `past`, with `new` items: popularity counts what happened since its data
    ended.
    """
    system = Recommender.load(bundle, new)
    recent = choices_since(past, system.items.ids, bundle.manifest.as_of_micros)
    return replace(system, retriever=system.retriever.with_recent(recent)) if recent else system


def _translated(items: Int32s, rows: Int32s) -> Int32s:
    return np.where(items == NO_ITEM, NO_ITEM, rows[items]).astype(np.int32)
