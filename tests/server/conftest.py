"""A real server on a free port over a fake system, and a real client's channel to it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import server_fakes as fakes
from server_wire import Running

from shortlist_bundle import Bundle, BundleStore
from shortlist_server.base.settings import Settings
from shortlist_server.process.app import create_server
from shortlist_server.rpc.auth import Authority
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import StateStore, open_store


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return fakes.publish(tmp_path_factory.mktemp("bundles")).load()


@pytest.fixture
def system(bundle: Bundle) -> LoadedBundle:
    loaded = fakes.load(bundle)
    loaded.retriever.calls.clear()
    loaded.retriever.queries.clear()
    loaded.ranker.calls = 0
    return loaded


@pytest.fixture
def store() -> StateStore:
    return open_store("sqlite::memory:")


def settings(**values: Any) -> Settings:
    defaults = {"bundles": Path(), "state": "", "address": "127.0.0.1:0", "drain_delay_seconds": 0, "grace_seconds": 5}
    return Settings.of(**(defaults | values))


Start = Callable[..., Any]


@pytest.fixture
def loads() -> list[str]:
    """The versions that servers have loaded, in order."""
    return []


@pytest.fixture
async def start(system: LoadedBundle, store: StateStore, tmp_path: Path, loads: list[str]) -> AsyncIterator[Start]:
    """Starts servers: `await start(load=False, authority=..., any=setting)`; stops them at the end.

    With `follow=True` a server serves fakes of what its folder of bundles asks for, otherwise always `system`.
    """
    running: list[Running] = []

    def load_fakes(bundle: Bundle, settings: Settings) -> LoadedBundle:
        loads.append(bundle.version)
        return fakes.load(bundle)

    async def begin(
        load: bool = True,
        follow: bool = False,
        authority: Authority | None = None,
        state: StateStore = store,
        **values: Any,
    ) -> Running:
        own = settings(**({"bundles": tmp_path / "bundles"} | values))
        server, port = await create_server(own, state, authority, load_fakes)
        if follow:
            await server.begin()
        elif load:
            await server.activate(lambda: system)
        address = f"127.0.0.1:{port}"
        running.append(Running(server, grpc.aio.insecure_channel(address), system, state, address))
        return running[-1]

    yield begin
    for each in running:
        await each.channel.close()
        if not each.server.lifecycle.draining.is_set():
            await each.server.drain()


@pytest.fixture
async def running(start: Start) -> Running:
    return await start()


@pytest.fixture
def published(tmp_path: Path) -> BundleStore:
    """Three bundles whose scores differ; the first is current."""
    for points in (0.01, 0.02, 0.005):
        store = fakes.publish(tmp_path / "bundles", points, activate=points == 0.01)
    return store


@pytest.fixture
async def following(start: Start, published: BundleStore) -> Running:
    """A server that follows the folder `published`."""
    return await start(follow=True, bundle_poll_seconds=0.05)
