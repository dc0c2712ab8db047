"""`python ask_health.py ADDRESS` asks a server for its health ten times a second, until the standard input ends.

It is a process of its own, so that no work of a torture's threads delays an answer. It prints `asked` after the first
check, and at the end as JSON how often each status came and how many milliseconds each check took.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

PAUSE = 0.1
PATIENCE = 10.0


def ask(address: str, over: threading.Event) -> tuple[Counter[str], list[float]]:
    """Ask until it is over: the statuses or codes, and the milliseconds of each check. The first one is told of."""
    ends, millis = Counter[str](), []
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        health = HealthStub(channel)
        while True:
            begun = time.perf_counter()
            try:
                answer = health.Check(HealthCheckRequest(), timeout=PATIENCE)
                end = HealthCheckResponse.ServingStatus.Name(answer.status)
            except grpc.RpcError as error:
                end = error.code().name
            millis.append(1e3 * (time.perf_counter() - begun))
            ends[end] += 1
            if len(millis) == 1:
                print("asked", flush=True)
            if over.wait(PAUSE):
                return ends, millis


def main() -> None:
    """Ask, and print what came of it."""
    over = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    print(json.dumps(ask(sys.argv[1], over)))


if __name__ == "__main__":
    main()
