"""Standard error that takes nothing: a reader who stalls, a full disk, and a reader who is gone. Each is met with
thousands of refused calls, all of which are logged. Every call ends with the status that it has with an ordinary log,
and answers go on.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path

import grpc
import server_fakes as fakes
from served import Served, served
from shortlist.v1.recommendation_service_pb2 import RecommendRequest

TITLE = "Logs that nobody takes"
FULL = {"calls": 20_000}
SHORT = {"calls": 1_000}

RECOMMEND = "/shortlist.v1.RecommendationService/Recommend"
GOOD = RecommendRequest(user_id="u").SerializeToString()
BAD = RecommendRequest(user_id="u", count=-1).SerializeToString()
THREADS = 8


def torture(folder: Path, seed: int, calls: int) -> list[str]:
    """So many calls with each log. AssertionError where one of them ends otherwise than it should."""
    fakes.publish(folder / "bundles")
    told = []
    for workers in ("1", "2"):
        arguments = ("--log-level", "debug", "--workers", workers)
        reader, writer = os.pipe()
        with served(folder / "bundles", *arguments, log=writer) as server:
            told.append(f"a reader who stalls, workers {workers}: {_calls(server, calls)}")
        os.close(writer)
        os.close(reader)
        with Path("/dev/full").open("w") as full, served(folder / "bundles", *arguments, log=full) as server:
            told.append(f"a full disk, workers {workers}: {_calls(server, calls)}")
        reader, writer = os.pipe()
        with served(folder / "bundles", *arguments, log=writer) as server:
            os.close(writer)
            os.close(reader)
            told.append(f"a reader who is gone, workers {workers}: {_calls(server, calls)}")
    return told


def _calls(server: Served, calls: int) -> str:
    """Good and refused calls in turn; what came of them."""
    ends: Counter[tuple[bool, str]] = Counter()

    def ask(count: int) -> None:
        with grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            recommend = channel.unary_unary(RECOMMEND)
            for number in range(count):
                good = number % 2 == 0
                try:
                    recommend(GOOD if good else BAD, timeout=30)
                    ends[good, "OK"] += 1
                except grpc.RpcError as error:
                    ends[good, error.code().name] += 1

    threads = [threading.Thread(target=ask, args=(calls // THREADS,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(ends) == {(True, "OK"), (False, "INVALID_ARGUMENT")}, ends
    return (
        f"{ends[True, 'OK']:,} answered, {ends[False, 'INVALID_ARGUMENT']:,} refused as INVALID_ARGUMENT, 0 otherwise"
    )
