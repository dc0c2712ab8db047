"""Wakeups: how gRPC's poller wakes the event loop, made cheap.

The poller thread of grpc.aio writes one byte for each event, and the event loop reads one byte in each of its turns,
although it handles all events in the first of them. So busy servers take one turn per event, most of them for nothing.
In each the event loop gives the interpreter to the model thread. Once 278 bytes wait, the poller waits too, and calls
stand still that could be answered or refused. Here all bytes that wait are read at once.

This uses private parts of asyncio and grpcio, as `grpc_server` does, and tests/server/rpc/test_wakeups.py fails where
they change. The server would then be slower, and else the same.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import termios
from collections.abc import Callable
from functools import partial
from typing import Any


def read_at_once(loop: asyncio.AbstractEventLoop) -> bool:
    """Have the event loop read all wakeups at once from now on. Whether gRPC's poller wakes this loop."""
    selector: Any = getattr(loop, "_selector", None)
    for key in list(selector.get_map().values()) if selector else ():
        handle = key.data[0]
        callback = handle._callback if handle else None
        if callback is _handle_events:
            return True
        if isinstance(callback, partial) and getattr(callback.func, "__name__", "") == "_handle_events":
            loop.add_reader(key.fd, _handle_events, key.fd, callback)  # in the place of the callback
            return True
    return False


def _handle_events(descriptor: int, handle: Callable[[], None]) -> None:
    """Read all bytes but the one that `handle` reads, which then handles all events: each was there before its byte."""
    bytes_waiting = int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)
    if bytes_waiting > 1:
        os.read(descriptor, bytes_waiting - 1)
    handle()
