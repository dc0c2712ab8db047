"""Waiting for what a test is about, never for time to pass."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE = 0.01
PATIENCE = 60.0  # seconds; machines are busy, and nobody waits this long where all is well


def eventually(condition: Callable[[], T], timeout: float = PATIENCE) -> T:
    """What the condition says as soon as that is true; AssertionError with the last that it said after `timeout`."""
    deadline = time.monotonic() + timeout
    while not (said := condition()):
        assert time.monotonic() < deadline, f"it never came; the last that was seen: {said!r}"
        time.sleep(PAUSE)
    return said


async def eventually_async(condition: Callable[[], T | Awaitable[T]], timeout: float = PATIENCE) -> T:
    """The same while the event loop goes on; the condition may be a coroutine function."""
    deadline = time.monotonic() + timeout
    while True:
        said = condition()
        said = await said if inspect.isawaitable(said) else said
        if said:
            return said
        assert time.monotonic() < deadline, f"it never came; the last that was seen: {said!r}"
        await asyncio.sleep(PAUSE)
