"""A bundle under the held-out protocol: both stages, the two-tower source alone, and the ranker's ablations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from shortlist_bundle import Bundle
from shortlist_bundle.items import ItemTable
from shortlist_core.catalog import CatalogItem
from shortlist_core.types import NO_ITEM, Int32s, Queries
from shortlist_evaluation.new_items import NewItems
from shortlist_evaluation.new_users import NewUsers
from shortlist_evaluation.protocol import Heldout, rows_of
from shortlist_evaluation.report import Report, item_stats
from shortlist_ranking.ranker import Ranker
from shortlist_training.offline import Recommender
from shortlist_training.table import choices_since, past_of

LIST_LENGTH = 500


def assess(bundle: Bundle, heldout: Heldout, past: pl.DataFrame, announce: Callable[[str], None]) -> Report:
    """A report with a row for the whole path, stage one, the two-tower source, and each ablation that is stored.

    `past` are the interactions before the cut: what the bundle was trained on and whatever came since, which counts as
    live events do when the bundle serves.
    """
    system = as_serving(bundle, past)
    queries = _asked(system, past, heldout)
    rows = heldout.item_rows(list(system.items.ids))

    def translated(items: Int32s) -> Int32s:
        return _translated(items, rows)

    embedding = system.retriever.embedding
    vectors = np.zeros((len(heldout.train.item_ids), embedding.index.dim), np.float32)
    vectors[rows[rows != NO_ITEM]] = embedding.index.take(np.flatnonzero(rows != NO_ITEM))
    report = Report(heldout, item_stats(heldout, vectors))
    announce("both stages")
    report.add("Shortlist: both stages", translated(system.recommend(queries, LIST_LENGTH).items))
    announce("stage one")
    report.add("Shortlist: stage one alone", translated(system.retrieve(queries, LIST_LENGTH).items))
    title = f"{embedding.name.replace('_', '-')} source alone"
    report.add(title, translated(system.retrieve_from(embedding.name, queries, LIST_LENGTH).items))
    for name in bundle.json("ranking/ablations"):
        announce(f"without {name}")
        ablated = replace(system, ranker=Ranker.load(bundle, f"ablations/{name}"))
        report.add(f"ranker without {name}", translated(ablated.recommend(queries, LIST_LENGTH).items))
    return report


def with_new_items(bundle: Bundle, new: NewItems, past: pl.DataFrame) -> dict[str, Int32s]:
    """The lists of both stages and of stage one for the users of `new`, after its items were taken in like a server's.

    int32 [users, 500] in rows of its longer catalogue.
    """
    heldout, known = new.heldout, ItemTable.load(bundle).ids
    items = [CatalogItem(**item) for item in _as_catalog(new.items) if item["item_id"] not in known]
    system = as_serving(bundle, past, items)
    queries = _asked(system, past, heldout)
    rows = heldout.item_rows([*system.items.ids, *(item.item_id for item in items)])
    return {
        "Shortlist: both stages": _translated(system.recommend(queries, LIST_LENGTH).items, rows),
        "Shortlist: stage one alone": _translated(system.retrieve(queries, LIST_LENGTH).items, rows),
    }


def with_new_users(bundle: Bundle, new: NewUsers, past: pl.DataFrame) -> tuple[dict[str, Int32s], dict[str, Int32s]]:
    """The lists for new users, first of those of whom no event is known, then of those whose first event is.

    int32 [users, 500] in rows of the training catalogue.
    """
    system = as_serving(bundle, past)
    rows = rows_of(pl.Series(list(system.items.ids), dtype=pl.String), new.train.item_ids)
    # Without ids: what the bundle has of users without events is not to help where nothing is sent along.
    strangers = [""] * len(new)
    nothing = system.histories.queries(strangers)
    known = system.grouped(nothing, strangers, new.attributes)
    begun = past_of(new.first, new.user_ids, system.items.ids, new.train.now)
    there = begun.lengths > 0
    moments = begun.now.copy()
    moments[there] = begun.times[begun.offsets[:-1][there]]
    begun = replace(begun, now=moments)
    begun_known = system.grouped(begun, strangers, new.attributes)

    def lists(queries: Queries) -> Int32s:
        return _translated(system.recommend(queries, LIST_LENGTH).items, rows)

    with_attributes = lists(known)
    return (
        {
            "Shortlist: nothing known": lists(nothing),
            "Shortlist: attributes": with_attributes,
            "stage one alone: attributes": _translated(system.retrieve(known, LIST_LENGTH).items, rows),
        },
        {
            "Shortlist: attributes": with_attributes,
            "Shortlist: first event": lists(begun),
            "Shortlist: attributes and first event": lists(begun_known),
        },
    )


def _as_catalog(items: pl.DataFrame) -> list[dict[str, Any]]:
    rows = items.select("item_id", "title", "text", "categories", "price").to_dicts()
    return [row | {"categories": tuple(row["categories"])} for row in rows]


def recommended(bundle: Bundle, heldout: Heldout, past: pl.DataFrame) -> Int32s:
    """The lists of both stages for the test users, int32 [test users, 500] in rows of the training catalogue."""
    system = as_serving(bundle, past)
    queries = _asked(system, past, heldout)
    return _translated(system.recommend(queries, LIST_LENGTH).items, heldout.item_rows(list(system.items.ids)))


def _asked(system: Recommender, past: pl.DataFrame, heldout: Heldout) -> Queries:
    """The test users at the cut, as a server knows them."""
    user_ids = heldout.user_ids
    return system.grouped(past_of(past, user_ids, system.items.ids, heldout.train.now), user_ids)


def as_serving(bundle: Bundle, past: pl.DataFrame, new: Sequence[CatalogItem] = ()) -> Recommender:
    """The bundle as it serves at the end of `past`, with `new` items: popularity counts what happened since its data
    ended.
    """
    system = Recommender.load(bundle, new)
    recent = choices_since(past, system.items.ids, bundle.manifest.as_of_micros)
    return replace(system, retriever=system.retriever.with_recent(recent)) if recent else system


def _translated(items: Int32s, rows: Int32s) -> Int32s:
    return np.where(items == NO_ITEM, NO_ITEM, rows[items]).astype(np.int32)
