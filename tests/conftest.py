"""What several folders share: hand-made queries, and one tiny system that is really trained, once per worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest
import structlog

sys.path.append(str(Path(__file__).parent))

from certificates import Certificates
from sharing import shared_folder

from shortlist_core.types import DAY, Bools, Queries

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Compiled loops check their bounds here, in the processes of servers too; what is kept of them is kept apart.
os.environ.setdefault("NUMBA_BOUNDSCHECK", "1")
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache/numba"))

# structlog's own tracebacks, which show every variable, take longer than the tests that let things fail on purpose.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.set_exc_info,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# No test measures time, and the first call of a compiled loop takes seconds.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")

if TYPE_CHECKING:
    from shortlist_bundle import Bundle, BundleWriter
    from shortlist_retrieval.exclusions import Exclusions
    from shortlist_training.recipe import Trained

pytest_plugins = ["purposes"]

TINY = {
    "slices": 2, "queries_per_slice": 200, "candidates": 100, "tower_steps": 40, "sequence_batches": 40,
    "ranker_epochs": 2,
}  # fmt: skip
SEED = 1


@dataclass(frozen=True)
class TrainedBundle:
    """A synthetic shop, and the system that was trained on its events before `until`."""

    folder: Path
    until = "2023-11-15"
    recipe = TINY
    seed = SEED

    @property
    def data(self) -> Path:
        """The whole year; what lies after `until` is held out."""
        return self.folder / "data"

    @property
    def bundles(self) -> Path:
        """Holds one bundle, the current one. Do not publish into it: other tests read the current one."""
        return self.folder / "bundles"

    def load(self) -> Bundle:
        from shortlist_bundle import BundleStore

        return BundleStore(self.bundles).load()

    @cached_property
    def trained(self) -> Trained:
        """What the bundle was made of: the same seed trains the same arrays in whichever worker."""
        from shortlist_data.dataset import Dataset
        from shortlist_data.splits import parse_time
        from shortlist_training.config import Recipe
        from shortlist_training.recipe import train
        from shortlist_training.table import prepare

        table = prepare(Dataset.read(self.data), parse_time(self.until))
        return train(table, Recipe(**self.recipe), self.seed, lambda _: None)


@pytest.fixture(scope="session")
def trained_bundle(tmp_path_factory: pytest.TempPathFactory, system_test: None) -> TrainedBundle:
    """Trained by the first worker that needs it, for all of them."""
    trained: dict[str, Trained] = {}

    def fill(folder: Path) -> None:
        from shortlist_data.synthetic import make_shop
        from shortlist_training.publish import publish

        made = TrainedBundle(folder)
        make_shop(items=200, users=300, seed=3, events_per_user=40).write(made.data)
        publish(made.trained, made.bundles, SEED)
        trained["trained"] = made.trained  # for the tests of this worker

    bundle = TrainedBundle(shared_folder(tmp_path_factory, "trained", fill))
    vars(bundle).update(trained)
    return bundle


@pytest.fixture(scope="session")
def excluding() -> Callable[[Bools], Exclusions]:
    """What a mask bool [batch, items] bars: to all what it allows nobody, to each query the rest."""

    def of(mask: Bools) -> Exclusions:
        from shortlist_retrieval.exclusions import Exclusions  # late: numba reads what is set above as it is loaded

        allowed = mask.any(axis=0)
        return Exclusions([np.flatnonzero(allowed & ~own).astype(np.int32) for own in mask], allowed)

    return of


@pytest.fixture(scope="session")
def queries_of() -> Callable[..., Queries]:
    """Makes queries from plain lists, on the clock of days; their arrays are read-only, so that whoever writes fails.

    By default the events of each history are a day apart, the newest one day before `now`.
    """

    def make(
        histories: Sequence[Sequence[int]],
        times: Sequence[Sequence[float]] | None = None,
        types: Sequence[Sequence[int]] | None = None,
        now: float = 100,
    ) -> Queries:
        if times is None:
            times = [[now - len(h) + i for i in range(len(h))] for h in histories]
        days = np.array([t for own in times for t in own], np.float64)
        arrays = (
            np.cumsum([0, *(len(h) for h in histories)]).astype(np.int64),
            np.array([i for h in histories for i in h], np.int32),
            (days * DAY).astype(np.int64),
            np.array([t for own in types or () for t in own] or [0] * len(days), np.int8),
            np.ones(len(days), np.float32),
            np.full(len(histories), now * DAY, np.int64),
        )
        for array in arrays:
            array.setflags(write=False)
        return Queries(*arrays)

    return make


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory, system_test: None) -> Certificates:
    """Shared: who changes files makes a `Certificates` of its own."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[Callable[[BundleWriter], None]], Bundle]:
    """Publishes what a function writes, and gives the loaded bundle."""
    from shortlist_bundle import BundleStore

    def publish(write: Callable[[BundleWriter], None]) -> Bundle:
        store = BundleStore(tmp_path / "bundles")
        with store.writer() as writer:
            write(writer)
            writer.publish(as_of_micros=100 * DAY, seed=0, settings={}, metrics={})
        return store.load()

    return publish
