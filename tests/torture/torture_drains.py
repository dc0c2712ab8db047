"""SIGTERM under load: every call that the server had when it came is answered, and whoever calls later is told to go
elsewhere, which clients do by themselves. The server ends with status 0 and without a traceback of ours.

Server, workers and clients are real; the ranker is a stand-in that takes 50 ms.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from pathlib import Path

import grpc
from shop_server import Shop
from shortlist import Client, Options, ShortlistError

TITLE = "Ends under load"
FULL = {"drains": 100, "clients": 16}
SHORT = {"drains": 2, "clients": 8}

ON_ITS_WAY = 0.2  # seconds that a call may take to reach the server, on a busy machine
PAUSE = 0.02  # seconds until a client that was refused calls again


def torture(folder: Path, seed: int, drains: int, clients: int) -> list[str]:
    """So many servers of one and of two workers that end; what was counted. AssertionError where anything is lost."""
    chance, shop, total = random.Random(seed), Shop.publish(folder), Counter[str]()
    for number in range(drains):
        with shop.serve(workers=1 + number % 2, FAKE_RANKER_SECONDS="0.05") as address:
            load = _Load(address, clients)
            time.sleep(chance.uniform(0.5, 1))  # any moment of a load that lasts
            load.ending = time.monotonic()
        total += load.stop()
        assert not load.broken, f"end {number + 1}: {load.broken[:3]}"
    log = (folder / "server.log").read_text()
    # A traceback of ours; gRPC prints one of its own once in a hundred ends.
    assert "server/" not in log, log[-2_000:]
    assert total["answered"] and total["refused"]
    answered, refused = f"{total['answered']:,} calls answered", f"{total['refused']:,} refused as UNAVAILABLE"
    return [
        f"{drains:,} ends of servers with one and two workers, {clients} clients that call without a pause",
        f"{answered}, {refused}, 0 lost, 0 of another status",
    ]


class _Load:
    """Clients that call from now on until they are stopped, each on a connection of its own."""

    def __init__(self, address: str, clients: int) -> None:
        self.ending: float | None = None  # when the server was told to end
        self.broken: list[str] = []
        self._outcomes: list[str] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(address, number)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> Counter[str]:
        """How many calls were answered and refused."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return Counter(self._outcomes)

    def _call(self, address: str, number: int) -> None:
        # No retries: what the server says is what counts.
        with Client(address, Options(timeout=60, max_attempts=1)) as client:
            while not self._over.is_set():
                begun = time.monotonic()
                try:
                    whole = len(client.recommend(f"u{number}", 5).items) == 5
                    self._outcomes.append("answered")
                    if not whole:
                        self.broken.append("an answer in part")
                except ShortlistError as error:
                    self._outcomes.append("refused")
                    late = self.ending is not None and begun > self.ending - ON_ITS_WAY
                    if error.code != grpc.StatusCode.UNAVAILABLE or not late:
                        self.broken.append(repr(error))
                    time.sleep(PAUSE)
