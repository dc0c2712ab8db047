"""A fake server that answers what the test tells it to, and both clients behind one blocking face."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shortlist import AsyncClient, Client, Options
from shortlist.testing import FakeServer

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


class Blocking:
    """AsyncClient with Client's face, so that both pass the same tests."""

    def __init__(self, address: str, options: Options = Options()) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = self._loop.run_until_complete(self._make(address, options))

    @staticmethod
    async def _make(address: str, options: Options) -> AsyncClient:
        return AsyncClient(address, options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return self._walk(result) if hasattr(result, "__aiter__") else self._loop.run_until_complete(result)

        return call

    def _walk(self, answers: Any) -> Iterator[Any]:
        try:
            while (answer := self._loop.run_until_complete(anext(answers, None))) is not None:
                yield answer
        finally:
            self._loop.run_until_complete(answers.aclose())

    def close(self) -> None:
        self._loop.run_until_complete(self._client.close())
        self._loop.close()


@pytest.fixture(params=[Client, Blocking], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes a client of the one kind or the other; closes them all afterwards."""
    clients: list[Any] = []

    def make(address: str, options: Options = Options()) -> Any:
        clients.append(request.param(address, options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
