"""Publishes what training made as a bundle that servers load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from shortlist_bundle import BundleStore, Manifest
from shortlist_bundle.contexts import Contexts
from shortlist_bundle.groups import write_groups
from shortlist_bundle.histories import write_histories
from shortlist_bundle.items import write_items
from shortlist_bundle.manifest import ACTION_WEIGHTS, CATALOG_SEQUENCES, DISLIKE_BELOW, EVENTS, SEEN_ITEMS, TIRING
from shortlist_ranking.ranker import Ranker
from shortlist_retrieval.index.vector_index import recall_against_exact
from shortlist_training.recipe import Trained

RECALL_AT, RECALL_QUERIES = 500, 200


def publish(
    trained: Trained,
    bundles: Path,
    seed: int,
    activate: bool = True,
    catalog_sequences: Mapping[str, int] = MappingProxyType({}),
) -> Manifest:
    """Write everything into a new bundle and, with `activate`, make it the current one.

    `catalog_sequences` is, for each catalogue store, the last change that the bundle contains. Servers apply later
    changes only.
    """
    table, absent_after = trained.table, trained.retriever.fusion.absent_after
    with BundleStore(bundles).writer() as writer:
        write_items(
            writer,
            table.item_ids,
            table.titles,
            table.categories,
            table.prices,
            available=table.available,
            released=table.released,
            attributes=table.attributes,
        )
        write_histories(writer, table.user_ids, table.histories)
        write_groups(writer, table.groups, table.group_members)
        if trained.settings.context:
            Contexts(table.contexts).write(writer)
        table.features.write(writer)
        trained.retriever.write(writer)
        trained.facts.write(writer)
        trained.repeats.write(writer)
        Ranker.of(trained.scorer, trained.facts, absent_after).write(writer)
        trained.record.write(writer)
        writer.json("ranking/ablations", list(trained.ablations))
        for name, scorer in trained.ablations.items():
            Ranker.of(scorer, trained.facts, absent_after).write(writer, f"ablations/{name}")
        return writer.publish(
            as_of_micros=table.as_of,
            seed=seed,
            settings={
                "retrieval": asdict(trained.settings),
                "scorer": trained.scorer.scorer.config.to_json(),
                DISLIKE_BELOW: trained.dislike_below,
                EVENTS: trained.event_weights.to_json(),
                SEEN_ITEMS: trained.seen_items,
                ACTION_WEIGHTS: dict(trained.action_weights),
                TIRING: trained.tiring.to_json(),
                "ablations": list(trained.ablations),
                CATALOG_SEQUENCES: dict(catalog_sequences),
            },
            metrics=metrics(trained),
            activate=activate,
        )


def metrics(trained: Trained) -> dict[str, Any]:
    """Metrics of the system that need no later data: sizes, the held-out NDCG, and recall of the index."""
    table = trained.table
    embedding = trained.retriever.embedding
    some = np.linspace(0, len(table.user_ids) - 1, min(RECALL_QUERIES, len(table.user_ids))).astype(np.int64)
    users = embedding.encode(table.histories.select(some))
    return {
        "items": len(table.item_ids),
        "users": len(table.user_ids),
        "events": len(table.histories.items),
        "ranking_examples": trained.n_examples,
        "ranker_ndcg_at_10_held_out": trained.scorer.blend.ndcg,
        "stage_one_ndcg_at_10_held_out": trained.scorer.blend.stage_one_ndcg,
        "repeats_share": trained.repeats.share,
        "ranker_share": trained.scorer.blend.share,
        f"index_recall_at_{RECALL_AT}": recall_against_exact(embedding.index, users, RECALL_AT),
    }
