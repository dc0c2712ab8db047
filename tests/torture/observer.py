"""The observer of a server under torture: asks for its health ten times a second, and looks at its workers' memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from served import Served

PAUSE = 0.1
PATIENCE = 10.0


class Observer:
    """Observes from `with` on to its end."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self.ends: Counter[str] = Counter()  # of health checks: the status told, or the code
        self.millis: list[float] = []
        self.memory_mb: list[float] = []  # private memory of the largest worker
        self.least_workers = len(server.workers)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._ask, self._look)]

    def __enter__(self) -> Observer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def serves(self) -> bool:
        """Whether each check was told SERVING."""
        return set(self.ends) == {"SERVING"}

    @property
    def slowest_ms(self) -> float:
        return max(self.millis, default=0.0)

    def _ask(self) -> None:
        with grpc.insecure_channel(self._server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            health = HealthStub(channel)
            while True:
                begun = time.perf_counter()
                try:
                    answer = health.Check(HealthCheckRequest(), timeout=PATIENCE)
                    end = HealthCheckResponse.ServingStatus.Name(answer.status)
                except grpc.RpcError as error:
                    end = error.code().name
                self.millis.append(1e3 * (time.perf_counter() - begun))
                self.ends[end] += 1
                if self._over.wait(PAUSE):
                    return

    def _look(self) -> None:
        while True:
            self.memory_mb.append(self._server.private_mb)
            if self._over.wait(PAUSE):
                return
