"""Bundles are activated and rolled back under load: no call fails, and every answer is of exactly one bundle.

Folder, server, workers and clients are real; stand-ins for the models give scores that tell the bundles apart. Answers
are given again for 50 ms, so that there are new ones and old ones at each swap.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from pathlib import Path

from shop_server import Shop
from shortlist import Client, Options
from shortlist.v1 import bundle_service_pb2 as api
from waiting import eventually

TITLE = "Activations and rollbacks under load"
FULL = {"swaps": 1_024, "clients": 32}
SHORT = {"swaps": 32, "clients": 8}


def torture(folder: Path, seed: int, swaps: int, clients: int) -> list[str]:
    """Clients ask without a pause while bundles change; what was counted. AssertionError where anything fails."""
    chance = random.Random(seed)
    shop = Shop.publish(folder)
    with shop.serve(workers=2, reuse=0.05) as address, shop.operator(address) as operate:
        load = _Load(address, shop.points, clients)
        with load:
            activations = rollbacks = 0
            for _ in range(swaps):
                load.wait(clients)
                if chance.random() < 0.25 and shop.can_roll_back():
                    operate.RollbackBundle(api.RollbackBundleRequest(), timeout=60)
                    rollbacks += 1
                else:
                    version = chance.choice(list(shop.points))
                    answer = operate.ActivateBundle(api.ActivateBundleRequest(bundle_version=version), timeout=60)
                    assert answer.serving.stable_bundle_version == version and not answer.serving.refusal
                    activations += 1
        assert not load.failures, load.failures[:3]
        assert not load.mixed, load.mixed[:3]
        assert sum(map(bool, load.answers.values())) > 1, "only one bundle ever answered: nothing was swapped"
    failed, mixed = len(load.failures), len(load.mixed)
    return [
        f"{activations:,} activations and {rollbacks:,} rollbacks of 3 bundles, 2 workers, {clients} clients",
        f"{load.answers.total():,} answers, {failed} failed calls, {mixed} that are not wholly of the bundle they name",
    ]


class _Load:
    """Clients that ask as fast as they are answered, while the context lasts."""

    def __init__(self, address: str, points: dict[str, float], clients: int) -> None:
        self.answers = Counter(dict.fromkeys(points, 0))  # by bundle version
        self.failures: list[str] = []
        self.mixed: list[str] = []
        self._address, self._points = address, points
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait(self, answers: int) -> None:
        """Return after so many more answers, or once a call has failed: a machine that is busy gets its load too."""
        enough = self.answers.total() + answers
        eventually(lambda: self.answers.total() >= enough or self.failures, timeout=120)

    def _ask(self, client_number: int) -> None:
        # No retries: a call that failed once is a failed call.
        with Client(self._address, Options(timeout=60, max_attempts=1)) as client:
            for number in itertools.count():
                if self._over.is_set():
                    return
                try:
                    answer = client.recommend(f"u{client_number}-{number}", 5)
                    points = self._points[answer.bundle_version]
                except Exception as error:
                    self.failures.append(repr(error))
                    return
                self.answers[answer.bundle_version] += 1
                own = all(abs(item.score - int(item.item_id[1:]) * points) < 1e-6 for item in answer.items)
                if len(answer.items) != 5 or answer.degraded or not own:
                    self.mixed.append(str(answer))
