"""Callers who want the server's memory: compressed messages of empty queries a thousand times as large as what is sent,
with and without a token, large calls that are refused, requests that never end, answers that nobody reads, connections
that send nothing, streams and watchers by the thousand, calls that are taken back at once. Meanwhile a worker's private
memory stays below what it was plus 1 GB, health answers within a second, and afterwards the server answers as before.

The server has one core for itself, and the attackers another one, as they would have on machines of their own.
"""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import grpc
import server_fakes as fakes
from observer import Observer
from raw_http2 import LARGEST_WINDOW, Connection, message
from served import Served, on_cores, served
from shortlist.v1.recommendation_service_pb2 import BatchRecommendRequest, RecommendRequest
from torture_overload import cores
from waiting import eventually

from shortlist_server.rpc.token_file import new_token

TITLE = "Bombs, and callers who never read"
FULL = {"calls": 200, "connections": 3_000, "seconds": 10.0}
SHORT = {"calls": 16, "connections": 100, "seconds": 1.0}

SERVICE = "/shortlist.v1.RecommendationService"
WATCH = "/grpc.health.v1.Health/Watch"
MOST_MB = 1_024.0
BOMB = b"\x12\x00" * (8 * 1024 * 1024 - 64)  # 16 MB of empty queries, 16 KB when they are compressed
LARGE = b"\x0a" + b"\xff\xff\xff\x01" + b"x" * (4 * 1024 * 1024)  # a text that promises more than there is
BATCH = BatchRecommendRequest(queries=[{"user_id": "u", "count": 500} for _ in range(64)]).SerializeToString()
TOGETHER = 16  # threads that call


def torture(folder: Path, seed: int, calls: int, connections: int, seconds: float) -> list[str]:
    """All of them in turn. AssertionError where memory, health or the answers afterwards are not as they must be."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    fakes.publish(folder / "bundles")
    token, line = new_token(name="caller")
    (folder / "tokens").write_text(line + "\n")
    arguments = ("--token-file", str(folder / "tokens"), "--log-level", "error")
    told = []
    server_core, attackers_core = cores()
    with on_cores(attackers_core), served(folder / "bundles", *arguments, cores=server_core) as server:
        _answers(server, token)
        base = server.private_mb
        for name, attack in _attacks(server, token, calls, connections, seconds).items():
            with Observer(server) as observer:
                result = attack()
            eventually(lambda: _answers(server, token))
            peak = max(observer.memory_mb)
            assert peak <= base + MOST_MB, f"{name}: {peak:.0f} MB after {base:.0f} MB"
            assert observer.serves, (name, observer.ends)
            assert observer.slowest_ms <= 1_000 or seconds < 10, (name, observer.slowest_ms)
            told.append(f"{name}: {result}; at most {peak - base:+.0f} MB, health {observer.slowest_ms:.0f} ms at most")
        after = server.private_mb
    return [f"private memory of the worker at first: {base:.0f} MB", *told, f"afterwards: {after - base:+.0f} MB"]


def _attacks(server: Served, token: str, calls: int, connections: int, seconds: float) -> dict[str, Callable[[], str]]:
    address = server.address
    return {
        "bombs of gzip without a token": lambda: _call(address, BOMB, "", calls, grpc.Compression.Gzip),
        "bombs of gzip with a token": lambda: _call(address, BOMB, token, calls, grpc.Compression.Gzip),
        "bombs of deflate with a token": lambda: _call(address, BOMB, token, calls, grpc.Compression.Deflate),
        "calls of 4 MB without a token": lambda: _call(address, LARGE, "", calls),
        "calls of 4 MB that are no message": lambda: _call(address, LARGE, token, calls),
        "requests that never end": lambda: _unfinished(address, token, connections // 10, seconds),
        "answers that nobody reads": lambda: _unread(address, token, connections // 10, seconds),
        "connections that send nothing": lambda: _silent(address, connections, seconds),
        "streams without a message": lambda: _streams(
            address, f"{SERVICE}/StreamRecommend", token, connections, seconds
        ),
        "calls that are taken back at once": lambda: _taken_back(address, token, connections // 10),
        "watchers of health": lambda: _streams(address, WATCH, "", connections, seconds),
    }


def _answers(server: Served, token: str) -> bool:
    """Whether somebody who connects now gets an answer."""
    with grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        recommend = channel.unary_unary(f"{SERVICE}/Recommend")
        request = RecommendRequest(user_id="u").SerializeToString()
        with suppress(grpc.RpcError):
            return bool(recommend(request, timeout=5, metadata=[("authorization", f"Bearer {token}")]))
    return False


def _call(address: str, data: bytes, token: str, calls: int, compression: grpc.Compression | None = None) -> str:
    """So many calls of a batch, several at the same time, on as many connections; how they ended."""
    ends: Counter[str] = Counter()

    def ask(count: int) -> None:
        own = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]
        with grpc.insecure_channel(address, own) as channel:
            batch = channel.unary_unary(f"{SERVICE}/BatchRecommend")
            for _ in range(count):
                try:
                    batch(data, timeout=60, compression=compression, metadata=_metadata(token))
                    ends["OK"] += 1
                except grpc.RpcError as error:
                    ends[error.code().name] += 1

    threads = [threading.Thread(target=ask, args=(len(range(each, calls, TOGETHER)),)) for each in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    allowed = {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"} if token else {"UNAUTHENTICATED"}
    assert set(ends) <= allowed, ends
    return ", ".join(f"{count} {code}" for code, count in ends.most_common())


def _unfinished(address: str, token: str, connections: int, seconds: float) -> str:
    """Connections with a hundred calls each that promise 16 MB and send what they may of it."""
    return _hold(
        [Connection(address) for _ in range(connections)],
        lambda one: one.call(f"{SERVICE}/BatchRecommend", message(bytes(600), 2**24), token, end=False),
        seconds,
    )


def _unread(address: str, token: str, connections: int, seconds: float) -> str:
    """Connections with a hundred calls each whose answers of half a megabyte they do not read, of any window."""
    windows = (65_535, LARGEST_WINDOW)
    return _hold(
        [Connection(address, windows[number % 2], receive_buffer=4_096) for number in range(connections)],
        lambda one: one.call(f"{SERVICE}/BatchRecommend", message(BATCH), token),
        seconds,
    )


def _streams(address: str, path: str, token: str, streams: int, seconds: float) -> str:
    data = b"" if token else message(b"")
    each = 500
    opened = [Connection(address, receive_buffer=4_096) for _ in range(max(1, streams // each))]
    return _hold(opened, lambda one: one.call(path, data, token, end=not token), seconds, min(each, streams))


def _taken_back(address: str, token: str, connections: int) -> str:
    """Connections with a hundred calls each, of which every one is reset as soon as it is sent."""
    for _ in range(connections):
        one = Connection(address)
        for _ in range(100):
            one.take_back(one.call(f"{SERVICE}/Recommend", message(b""), token))
        one.close()
    return f"{100 * connections:,} calls on {connections} connections"


def _hold(connections: list[Connection], call: Callable[[Connection], int], seconds: float, calls: int = 100) -> str:
    """Begin calls on all connections, and hold these for so many seconds."""
    begun = 0
    for _ in range(calls):
        for one in connections:
            call(one)
            begun += 1
    time.sleep(seconds)  # how long they last is what is tried
    for one in connections:
        one.close()
    return f"{begun:,} calls on {len(connections)} connections"


def _silent(address: str, connections: int, seconds: float) -> str:
    host, _, port = address.rpartition(":")
    opened = []
    for _ in range(connections):
        with suppress(OSError):
            opened.append(socket.create_connection((host, int(port)), timeout=2))
    time.sleep(seconds)
    for one in opened:
        one.close()
    return f"{len(opened):,} connections"


def _metadata(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")] if token else []
