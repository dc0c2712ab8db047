from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from shortlist_bundle import Bundle

ITEMS, USERS = 600, 80


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, system_test: None) -> Bundle:
    from shortlist_bundle import BundleStore
    from shortlist_synthetic.publish import publish

    folder = tmp_path_factory.mktemp("synthetic")
    publish(folder, ITEMS, USERS, 5, lambda _: None)
    assert not list(folder.glob(".synthetic-*"))  # nothing of the scratch folder stays
    return BundleStore(folder).load()


def test_same_seed_same_files(bundle: Bundle, tmp_path: Path) -> None:
    from shortlist_synthetic.publish import publish

    again = publish(tmp_path, ITEMS, USERS, 5, lambda _: None)
    assert {name: entry.sha256 for name, entry in again.files.items()} == {
        name: entry.sha256 for name, entry in bundle.manifest.files.items()
    }


def test_has_every_file_of_a_trained_bundle(bundle: Bundle, trained_bundle) -> None:
    def kinds(names: list[str]) -> set[str]:
        where_it_pays = ("items/attributes/", "retrieval/sequence/", "retrieval/fusion_absent", "retrieval/absent")
        of_training = "ablations/", "training/"
        return {name for name in names if not name.startswith(("retrieval/popular_", *of_training, *where_it_pays))}

    trained = kinds(list(trained_bundle.load().manifest.files))
    assert trained - kinds(list(bundle.manifest.files)) == set()


def test_loads_and_every_source_proposes(bundle: Bundle) -> None:
    from shortlist_bundle.histories import Histories
    from shortlist_ranking.ranker import Ranker
    from shortlist_retrieval.retriever import Retriever

    retriever = Retriever.load(bundle)
    events = Histories.load(bundle).events
    queries = events.select(np.argsort(events.lengths, kind="stable")[:: len(events) // 8])  # one is nearly a stranger
    candidates = retriever.retrieve(queries, 100, blocked=queries.seen())
    assert candidates.valid.all() and not candidates.failed
    assert (candidates.ranks > 0).any(axis=(0, 1)).all(), "a source says nothing"
    scores = Ranker.load(bundle).rank(queries, candidates)
    assert np.isfinite(scores).all() and np.unique(scores).size > 100


def test_users_take_from_few_clusters() -> None:
    from shortlist_synthetic.clusters import Clusters
    from shortlist_synthetic.people import histories

    clusters = Clusters.draw(5_000, 1)
    events = histories(clusters, 200)
    for i in range(len(events)):
        assert len(np.unique(clusters.labels[events.history(i)])) <= 3
    assert (np.diff(events.times)[np.diff(events.rows()) == 0] >= 0).all(), "not oldest first"


def test_neighbours_are_of_the_same_cluster(tmp_path: Path) -> None:
    from shortlist_synthetic.clusters import Clusters
    from shortlist_synthetic.neighbours import neighbours

    clusters = Clusters.draw(3_000, 1)
    weights = neighbours(clusters, clusters.vectors(tmp_path / "v.npy", unit=True, seed=1), tmp_path / "n", 2)
    rows = np.repeat(np.arange(3_000), np.diff(weights.indptr))
    assert weights.nnz > 3_000 * 3
    assert (clusters.labels[rows] == clusters.labels[weights.indices]).all()
    assert (rows != weights.indices).all()
    assert weights.has_canonical_format
