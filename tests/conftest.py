"""What several folders' tests share: one tiny system, really trained and really published, once per session."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if TYPE_CHECKING:
    from bundle import Bundle
    from training.recipe import Trained

TINY, SEED = {"slices": 2, "queries_per_slice": 200, "candidates": 100, "tower_steps": 40, "ranker_epochs": 2}, 1


@dataclass(frozen=True)
class TrainedBundle:
    """A synthetic shop, and the system that was trained on its events before `until`."""

    data: Path  # the whole year; what lies after `until` is held out
    bundles: Path  # holds one bundle, the current one
    trained: Trained
    until: str
    recipe: dict[str, int]
    seed: int

    def load(self) -> Bundle:
        from bundle import BundleStore

        return BundleStore(self.bundles).load()


@pytest.fixture(scope="session")
def trained_bundle(tmp_path_factory: pytest.TempPathFactory) -> TrainedBundle:
    """Do not publish into its `bundles`: other tests read the current one."""
    from data.dataset import Dataset
    from data.splits import parse_time
    from data.synthetic import make_shop
    from training.config import Recipe
    from training.publish import publish
    from training.recipe import train
    from training.table import prepare

    folder = tmp_path_factory.mktemp("trained")
    data, bundles, until = folder / "data", folder / "bundles", "2023-11-15"
    make_shop(items=200, users=300, seed=3, events_per_user=40).write(data)
    trained = train(prepare(Dataset.read(data), parse_time(until)), Recipe(**TINY), SEED, lambda _: None)
    publish(trained, bundles, SEED)
    return TrainedBundle(data, bundles, trained, until, TINY, SEED)
