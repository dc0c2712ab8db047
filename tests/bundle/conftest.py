"""A small bundle with one file of each kind, as several tests damage it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shortlist_bundle import BundleStore, Manifest


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "bundles")


@pytest.fixture
def publish(store: BundleStore) -> Callable[..., Manifest]:
    def publish(seed: int = 0, activate: bool = True) -> Manifest:
        with store.writer() as writer:
            writer.array("items/price", np.arange(40.0) + seed)
            writer.ids("items/ids", [f"item-{row}" for row in range(40)])
            writer.json("features", {"seed": seed})
            writer.weights("ranking/model", {"dense/kernel": np.full((3, 4), seed, np.float32)})
            writer.path("retrieval/items.faiss").write_bytes(bytes([seed % 256]) * 100)
            return writer.publish(
                as_of_micros=1_700_000_000_000_000,
                seed=seed,
                settings={"k": 10},
                metrics={"ndcg": 0.1},
                activate=activate,
            )

    return publish
