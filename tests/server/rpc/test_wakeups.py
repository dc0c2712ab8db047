"""The event loop reads all of gRPC's wakeups at once, with the private parts of asyncio and grpcio that this needs."""

from __future__ import annotations

import asyncio
import socket
from functools import partial

import grpc
from connected import connected

from shortlist_server.rpc.wakeups import _handle_events, read_at_once


async def test_the_reader_of_grpc_is_found_once_and_for_all() -> None:
    async with connected(grpc.aio.server()):
        assert read_at_once(asyncio.get_running_loop())
        assert read_at_once(asyncio.get_running_loop())  # a second server in the same process


def test_all_bytes_are_read_but_the_one_that_is_read_with_the_events() -> None:
    reading, writing = socket.socketpair()
    with reading, writing:
        left: list[bytes] = []
        for waiting in (1, 2, 100):
            writing.send(b"1" * waiting)
            _handle_events(reading.fileno(), partial(lambda: left.append(reading.recv(9))))
    assert left == [b"1"] * 3
