"""Publishes a synthetic bundle of any size; large arrays are written block by block into memory-mapped files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from shortlist_bundle import BundleStore, Manifest
from shortlist_bundle.histories import write_histories
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Float32s, Queries
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.item_facts import ItemFacts
from shortlist_ranking.repeats import Repeats
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.index.vector_index import VectorIndex, recall_against_exact
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.cosine import Cosine
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.newcomers import Newcomers
from shortlist_retrieval.sources.popularity import WINDOW_SHARES, Popularity, window_name
from shortlist_retrieval.sources.recent_item_item import RecentItemItem
from shortlist_retrieval.sources.similar_users import SimilarUsers
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.text import Text
from shortlist_retrieval.sources.transitions import Transitions
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_synthetic.catalogue import Catalogue
from shortlist_synthetic.clusters import BLOCK, Clusters
from shortlist_synthetic.models import item_tower, ranker, user_tower
from shortlist_synthetic.neighbours import head_neighbours, neighbours
from shortlist_synthetic.people import AS_OF, histories

HALF_LIFE_DAYS = 30.0
SPAN_DAYS = 365.0
RANKER_DIM = 32
SAMPLED, RECALL_AT = 200, 500

Progress = Callable[[str], None]


def default_users(items: int) -> int:
    """A tenth of the items, at least a thousand, at most half a million."""
    return min(max(items // 10, 1_000), 500_000)


def publish(bundles: Path, items: int, users: int, seed: int, progress: Progress) -> Manifest:
    """Publish a bundle of so many items and users in the folder `bundles` and make it current.

    The same arguments make the same bundle. Data that does not fit into memory is in a scratch folder until it is
    written. `progress` is called with the name of each step.
    """
    with BundleStore(bundles).writer() as out:
        with out.scratch() as folder:
            progress("drawing items and users")
            clusters = Clusters.draw(items, seed)
            events = histories(clusters, users)
            catalogue = Catalogue.draw(clusters)
            progress("writing the catalogue and the histories")
            catalogue.write(out)
            write_histories(out, [f"u{row:07d}" for row in range(users)], events)
            has_history = np.zeros(items, bool)
            has_history[events.items] = True
            features = catalogue.features(has_history, folder / "tokens.npy")
            features.write(out)
            del catalogue
            retriever = _retriever(clusters, events, features, folder, seed, progress)
            progress("writing stage one")
            retriever.write(out)
            progress("making the ranker")
            metrics = _rank_and_measure(out, features, retriever, events, folder, seed)
        progress("publishing")
        settings = {"synthetic": {"items": items, "users": users, "clusters": len(clusters.centres)}}
        return out.publish(as_of_micros=AS_OF, seed=seed, settings=settings, metrics=metrics)


def _retriever(
    clusters: Clusters, events: Queries, features: ItemFeatures, folder: Path, seed: int, progress: Progress
) -> Retriever:
    """All sources of the recipe, in the recipe's order."""
    progress("indexing the two-tower vectors")
    tower_vectors = clusters.vectors(folder / "two_tower.npy", unit=True, seed=10)
    lengths = np.ones(len(clusters), np.float32)
    tower = TwoTower(VectorIndex.build(tower_vectors), user_tower(seed), item_tower(features, seed), lengths)
    als_vectors = clusters.vectors(folder / "als.npy", unit=False, seed=11)
    progress("indexing the ALS vectors")
    als = ALS.of(VectorIndex.build(als_vectors))
    progress("finding neighbours")

    def alike(name: str, number: int) -> sp.csr_matrix:
        return neighbours(clusters, tower_vectors, folder / name, number)

    sources: list[Source] = [
        tower,
        ItemItem(head_neighbours(clusters, tower_vectors)),
        RecentItemItem(head_neighbours(clusters, als_vectors)),
        Cosine(alike("cosine", 21), HALF_LIFE_DAYS),
        Transitions(neighbours(clusters, als_vectors, folder / "transitions", 22)),
        SimilarUsers.of_histories(events, len(clusters), HALF_LIFE_DAYS),
        als,
        Text(alike("text", 23), HALF_LIFE_DAYS),
    ]
    for days in (*(SPAN_DAYS * share for share in WINDOW_SHARES), np.inf):
        sources.append(Popularity.counted(window_name(days), events, len(clusters), days))
    sources.append(Newcomers.counted(events, len(clusters), HALF_LIFE_DAYS))
    return Retriever(tuple(sources), Fusion.even(len(sources)), len(clusters))


def _rank_and_measure(
    out: BundleWriter,
    features: ItemFeatures,
    retriever: Retriever,
    events: Queries,
    folder: Path,
    seed: int,
) -> dict[str, Any]:
    embedding = retriever.embedding
    sample = events.select(np.linspace(0, len(events) - 1, min(SAMPLED, len(events))).astype(np.int64))
    facts = ItemFacts.fit(events, features.prices, AS_OF)
    facts.write(out)
    Repeats.fit([], events, len(features)).write(out)
    vectors = _projected(embedding.index, folder / "ranker.npy", seed)
    ranker(features, vectors, facts, retriever, sample, seed).write(out)
    out.json("ranking/ablations", [])
    return {
        "items": len(features),
        "users": len(events),
        "events": len(events.items),
        f"index_recall_at_{RECALL_AT}": recall_against_exact(embedding.index, embedding.encode(sample), RECALL_AT),
    }


def _projected(towers: VectorIndex, path: Path, seed: int) -> Float32s:
    """The ranker's item vectors, float32 [items, RANKER_DIM]: a random projection of the towers' vectors."""
    generator = np.random.default_rng([seed, 12])
    matrix = generator.standard_normal((towers.dim, RANKER_DIM), np.float32) / 4
    projected = np.lib.format.open_memmap(path, "w+", np.float32, (len(towers), RANKER_DIM))
    for start in range(0, len(towers), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(towers)))
        projected[rows] = towers.take(rows) @ matrix
    return projected
