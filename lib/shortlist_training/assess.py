"""A bundle under the held-out protocol: both stages, stage one, one source alone, and the ranker's ablations.

All of them but the source alone run the pipeline that serves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from shortlist_bundle import Bundle
from shortlist_bundle.items import ItemTable
from shortlist_core.catalog import Attribute, CatalogItem
from shortlist_core.seen_items import SeenItems
from shortlist_core.types import NO_ITEM, Event, Int32s
from shortlist_evaluation.catalogue import ItemStats
from shortlist_evaluation.new_items import NewItems
from shortlist_evaluation.new_users import NewUsers
from shortlist_evaluation.protocol import Heldout, rows_of
from shortlist_evaluation.report import Report, item_stats
from shortlist_ranking.ranker import Ranker
from shortlist_retrieval.exclusions import Exclusions
from shortlist_server.pipeline.batch import Batch
from shortlist_server.pipeline.hydrate import hydrate
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_training.ablation_names import in_words
from shortlist_training.offline import BATCH, Counting, Lists, Recommender, serving_offline
from shortlist_training.recorded_users import events_of

LIST_LENGTH = 500

BOTH_STAGES, STAGE_ONE = "Shortlist: both stages", "Shortlist: stage one alone"
"""Names of systems in reports."""

WITHOUT = "ranker without "
"""How the names of ablations begin."""


@dataclass(frozen=True)
class Assessment:
    """A report, and what both stages answered: in rows of the training catalogue, before anything was removed."""

    report: Report
    served: Lists
    stats: ItemStats


def assess(recommender: Recommender, bundle: Bundle, heldout: Heldout, announce: Callable[[str], None]) -> Assessment:
    """A report with a row for the whole path, stage one, the two-tower source, and each ablation that `bundle` stores.

    `recommender` serves the bundle as of the cut.
    """
    queries = of_users(heldout.user_ids)
    rows = heldout.item_rows(list(recommender.bundle.bundled.ids))
    embedding = recommender.bundle.retriever.embedding
    vectors = np.zeros((len(heldout.train.item_ids), embedding.index.dim), np.float32)
    vectors[rows[rows != NO_ITEM]] = embedding.index.take(np.flatnonzero(rows != NO_ITEM))
    stats = item_stats(heldout, vectors)
    report = Report(heldout, stats)
    announce("both stages")
    served = _in_rows(recommender.recommend(queries), rows)
    report.add(BOTH_STAGES, served.items)
    announce("stage one")
    report.add(STAGE_ONE, _translated(recommender.retrieve(queries).items, rows))
    alone = source_alone(recommender, embedding.name, queries)
    report.add(f"{embedding.name.replace('_', '-')} source alone", _translated(alone, rows))
    for name in bundle.json("ranking/ablations"):
        announce(f"without {in_words(name)}")
        ablated = recommender.with_ranker(Ranker.load(bundle, f"ablations/{name}"))
        report.add(f"{WITHOUT}{in_words(name)}", _translated(ablated.recommend(queries).items, rows))
    return Assessment(report, served, stats)


def with_new_items(
    bundle: Bundle, new: NewItems, past: pl.DataFrame, counting: Counting = lambda _: lambda _: None
) -> dict[str, Int32s]:
    """The lists of both stages and of stage one for the users of `new`, after its items were written as to a server.

    int32 [users, 500] in rows of its longer catalogue.
    """
    heldout, in_catalogue = new.heldout, ItemTable.load(bundle).ids
    items = [CatalogItem(**item) for item in _as_catalog(new.items) if item["item_id"] not in in_catalogue]
    rows = heldout.item_rows([*in_catalogue, *(item.item_id for item in items)])
    queries = of_users(heldout.user_ids)
    with serving_offline(bundle, past, items, counting=counting) as recommender:
        return {
            BOTH_STAGES: _translated(recommender.recommend(queries).items, rows),
            STAGE_ONE: _translated(recommender.retrieve(queries).items, rows),
        }


def with_new_users(recommender: Recommender, new: NewUsers) -> tuple[dict[str, Int32s], dict[str, Int32s]]:
    """The lists for new users, first of those of whom no event is known, then of those whose first event is.

    int32 [users, 500] in rows of the training catalogue. Queries name no user: what the bundle has of users without
    events is not to help where nothing is sent along.
    """
    first = {event.user_id: (event,) for event in events_of(new.first)}
    begun = [first[user_id] for user_id in new.user_ids]
    attributes = [tuple(pairs) for pairs in new.attributes]
    nothing: list[tuple[Any, ...]] = [()] * len(new)
    rows = rows_of(pl.Series(list(recommender.bundle.bundled.ids), dtype=pl.String), new.train.item_ids)

    def lists(events: Sequence[tuple[Event, ...]], attributes: Sequence[tuple[Attribute, ...]]) -> Int32s:
        return _translated(recommender.recommend(_without_history(events, attributes)).items, rows)

    with_attributes = lists(nothing, attributes)
    retrieved = recommender.retrieve(_without_history(nothing, attributes)).items
    return (
        {
            "Shortlist: nothing known": lists(nothing, nothing),
            "Shortlist: attributes": with_attributes,
            "stage one alone: attributes": _translated(retrieved, rows),
        },
        {
            "Shortlist: attributes": with_attributes,
            "Shortlist: first event": lists(begun, nothing),
            "Shortlist: attributes and first event": lists(begun, attributes),
        },
    )


def answered(bundle: Bundle, heldout: Heldout, past: pl.DataFrame) -> Lists:
    """The lists of both stages for the test users, [test users, 500] in rows of the training catalogue."""
    with serving_offline(bundle, past) as recommender:
        rows = heldout.item_rows(list(recommender.bundle.bundled.ids))
        return _in_rows(recommender.recommend(of_users(heldout.user_ids)), rows)


def of_users(user_ids: Sequence[str]) -> list[Query]:
    """The queries by which the report ranks for users: as long as its longest metric looks."""
    return [
        Query(user_id=user_id, count=LIST_LENGTH, candidate_count=LIST_LENGTH, seen_items=SeenItems.DROP)
        for user_id in user_ids
    ]


def _without_history(events: Sequence[tuple[Event, ...]], attributes: Sequence[tuple[Attribute, ...]]) -> list[Query]:
    return [
        Query(
            context=context,
            attributes=pairs,
            count=LIST_LENGTH,
            candidate_count=LIST_LENGTH,
            seen_items=SeenItems.DROP,
        )
        for context, pairs in zip(events, attributes, strict=True)
    ]


def source_alone(recommender: Recommender, name: str, queries: Sequence[Query]) -> Int32s:
    """What one source of stage one proposes by itself to each query, int32 [queries, 500]."""
    retriever, lists = recommender.bundle.retriever, []
    source = retriever.all_sources[retriever.sources.index(name)]
    for start in range(0, len(queries), BATCH):
        requests = [PendingRequest(query, RequestContext()) for query in queries[start : start + BATCH]]
        hydrated, _ = hydrate(recommender.users, Batch.begin(recommender.bundle, requests))
        lists.append(source.scores(hydrated.queries).top(LIST_LENGTH, Exclusions(hydrated.restrictions.blocked)))
    return np.concatenate(lists)


def _as_catalog(items: pl.DataFrame) -> list[dict[str, Any]]:
    columns = "item_id", "title", "text", "categories", "price", "attributes", "embedding"
    rows = items.select(*columns, pixels="image_pixels").to_dicts()
    return [
        row
        | {
            "categories": tuple(row["categories"]),
            "embedding": tuple(row["embedding"] or ()),
            "pixels": row["pixels"] or b"",
            "attributes": tuple((pair["key"], pair["value"]) for pair in row["attributes"]),
        }
        for row in rows
    ]


def _in_rows(lists: Lists, rows: Int32s) -> Lists:
    return Lists(_translated(lists.items, rows), lists.scores)


def _translated(items: Int32s, rows: Int32s) -> Int32s:
    return np.where(items == NO_ITEM, NO_ITEM, rows[items]).astype(np.int32)
