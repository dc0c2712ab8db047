"""A shop of three bundles of fakes whose scores tell them apart, and a real server process of any number of workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import server_fakes as fakes
from served import served
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceStub

from shortlist_bundle import BundleStore
from shortlist_core.errors import NotFoundError

POINTS = (0.01, 0.02, 0.005)
"""What the ranker of each bundle gives per item: item i scores i times as much."""


@dataclass(frozen=True)
class Shop:
    """A folder of bundles, the first one current."""

    bundles: BundleStore
    points: dict[str, float]  # by version

    @classmethod
    def publish(cls, folder: Path) -> Shop:
        for points in POINTS:
            store = fakes.publish(folder / "bundles", points, activate=points == POINTS[0])
        return cls(store, dict(zip(store.versions(), POINTS, strict=True)))

    def can_roll_back(self) -> bool:
        try:
            return bool(self.bundles.rollback_target())
        except NotFoundError:
            return False

    @contextmanager
    def serve(self, workers: int, state: str = "", reuse: float = 0, **environment: str) -> Iterator[str]:
        """A server of this folder, and of a store beside it unless `state` names one; its address.

        It makes every answer anew, unless `reuse` says for how many seconds it need not. It logs into `server.log`
        beside the folder, and has to end with exit status 0.
        """
        where = ["--state", state] if state else []
        how = ["--log-level", "error", "--reuse", str(reuse), "--workers", str(workers)]
        with served(self.bundles.directory, *where, *how, **environment) as server:
            yield server.address

    @contextmanager
    def operator(self, address: str) -> Iterator[BundleServiceStub]:
        """Where bundles are activated."""
        with grpc.insecure_channel(address) as channel:
            yield BundleServiceStub(channel)
