"""A console in this process, over a real gRPC server of fakes in this process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "server")]

import server_fakes as fakes
from browsing import Browser, Look, browsing

from shortlist_bundle import BundleStore
from shortlist_server.base.settings import Settings
from shortlist_server.process.app import Server, create_server
from shortlist_server.rpc.auth import Authority
from shortlist_state import open_store


@pytest.fixture
def published(tmp_path: Path) -> BundleStore:
    """Two bundles whose scores differ; the first is current."""
    fakes.publish(tmp_path / "bundles", 0.01)
    return fakes.publish(tmp_path / "bundles", 0.02, activate=False)


@pytest.fixture
async def look(published: BundleStore) -> AsyncIterator[Look]:
    """Starts a server of the bundles and a console over it: `await look(authority=..., pictures=...)`."""
    servers: list[Server] = []
    async with AsyncExitStack() as until_end:

        async def begin(authority: Authority | None = None, **settings: Any) -> Browser:
            own = Settings.of(bundles=published.directory, state="", address="127.0.0.1:0", drain_delay_seconds=0)
            server, port = await create_server(own, open_store("sqlite::memory:"), authority, _load)
            await server.begin()
            servers.append(server)
            return await until_end.enter_async_context(browsing(f"127.0.0.1:{port}", **settings))

        yield begin
    for server in servers:
        await server.drain()


@pytest.fixture
async def browser(look: Look) -> Browser:
    return await look()


def _load(bundle: Any, settings: Settings) -> Any:
    return fakes.load(bundle)
