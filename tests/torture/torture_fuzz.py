"""Calls of every method, reflection and health included, with unusual values, damaged and random bytes, forged page
tokens, streams of any length: each is answered, none with INTERNAL or UNKNOWN, and no worker dies of one.

Server, workers and clients are real; the models are stand-ins.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import grpc
from fuzz_calls import METHODS, Fuzz, FuzzCall
from shop_server import Shop

TITLE = "Calls that make no sense"
FULL = {"calls": 100_000, "workers": 2}
SHORT = {"calls": 2_000, "workers": 1}

CLIENTS = 8
PATIENCE = 60.0  # seconds after which a call counts as not answered
BAD = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


def torture(folder: Path, seed: int, calls: int, workers: int) -> list[str]:
    """So many calls; what they ended with. AssertionError where one is not answered, or by a defect of the server."""
    shop = Shop.publish(folder)
    counts: list[Counter[str]] = []
    broken: list[tuple[grpc.StatusCode, FuzzCall]] = []
    versions = sorted(shop.points, reverse=True)  # the oldest serves at first
    with shop.serve(workers=workers) as address:
        shares = [range(client, calls, CLIENTS) for client in range(CLIENTS)]
        threads = [
            threading.Thread(target=_ask, args=(address, Fuzz(seed + client, versions), len(share), counts, broken))
            for client, share in enumerate(shares)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    log = (folder / "server.log").read_text()
    assert not broken, broken[:3]
    assert "internal_error" not in log and "worker_died" not in log, log[-2_000:]
    ends = sum(counts, Counter[str]())
    assert ends.total() == calls and ends["OK"] and ends["INVALID_ARGUMENT"]
    counted = ", ".join(f"{count:,} {code}" for code, count in ends.most_common())
    return [
        f"{calls:,} calls of {len(METHODS)} methods, {CLIENTS} clients, {workers} workers: {counted}",
        "0 INTERNAL, 0 UNKNOWN, 0 without an answer; no worker died",
    ]


def _ask(
    address: str, fuzz: Fuzz, calls: int, counts: list[Counter[str]], broken: list[tuple[grpc.StatusCode, FuzzCall]]
) -> None:
    own: Counter[str] = Counter()
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        for _ in range(calls):
            code = (call := fuzz.call()).make(channel, PATIENCE)
            own[code.name] += 1
            if code in BAD:
                broken.append((code, call))
    counts.append(own)
