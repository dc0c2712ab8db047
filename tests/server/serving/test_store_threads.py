"""Work with the store is done in turns between callers, and is completed once it has begun."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import PATIENCE

from shortlist_core.errors import OverloadedError
from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.serving.store_threads import StoreThreads
from shortlist_state import StateStore, open_store

READERS = 2


@pytest.fixture
def store() -> Iterator[StateStore]:
    store = open_store("sqlite::memory:")
    yield store
    store.close()


def threads(store: StateStore) -> StoreThreads:
    return StoreThreads(
        store, Settings(bundles=Path("bundles"), state="sqlite::memory:", max_pending_reads=8), Metrics()
    )


async def test_a_caller_with_one_request_has_its_turn_beside_one_with_many(store: StateStore) -> None:
    own, order, gate = threads(store), [], threading.Event()

    async def read(name: str) -> None:
        def work(_: StateStore) -> None:
            gate.wait(PATIENCE)
            order.append(name)

        await own.read(work, name)

    many = [asyncio.ensure_future(read("many")) for _ in range(6)]
    await asyncio.sleep(0)  # all of them wait, or are under way
    one = asyncio.ensure_future(read("one"))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*many, one)
    assert order.index("one") <= 2 * READERS
    own.close()


async def test_a_caller_with_less_than_its_share_finds_room(store: StateStore) -> None:
    own, gate = threads(store), threading.Event()

    def read(lane: str) -> asyncio.Future[bool]:
        return asyncio.ensure_future(own.read(lambda _: gate.wait(PATIENCE), lane))

    many = [read("many") for _ in range(8)]
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await read("many")
    one = read("one")
    await asyncio.sleep(0)
    gate.set()
    assert all(await asyncio.gather(*many, one))
    own.close()


async def test_work_whose_caller_leaves_is_completed_once_it_has_begun(store: StateStore) -> None:
    own, gate, begun, done = threads(store), threading.Event(), threading.Event(), threading.Event()

    def work(_: StateStore) -> None:
        begun.set()
        gate.wait(PATIENCE)
        done.set()

    leaves = asyncio.ensure_future(own.write(work, ""))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    leaves.cancel()
    gate.set()
    assert await asyncio.to_thread(done.wait, PATIENCE)
    own.close()


async def test_an_error_of_the_work_is_the_callers(store: StateStore) -> None:
    own = threads(store)

    def work(_: StateStore) -> None:
        raise KeyError("there is none")

    with pytest.raises(KeyError, match="there is none"):
        await own.read(work, "")
    assert await own.read(lambda _: 1, "") == 1
    own.close()
