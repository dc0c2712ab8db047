"""The catalogue's changes reach every system of every process, also those that are loaded later."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import server_fakes as fakes
from bundle_calls import CANARY, activate
from conftest import Start
from redis_server import INSTALLED, RedisServer
from server_wire import Running
from shortlist.v1 import catalog_service_pb2 as api
from waiting import eventually_async

from shortlist_bundle import Bundle, BundleStore
from shortlist_bundle.manifest import CATALOG_SEQUENCES
from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import StateError
from shortlist_server.system import live_catalog
from shortlist_server.system.live_catalog import LiveCatalog
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import StateStore, open_store

Applied = dict[LoadedBundle, list[CatalogChange]]


@pytest.fixture(autouse=True)
def applied(monkeypatch: pytest.MonkeyPatch) -> Applied:
    """What each system has been given, in order."""
    found: Applied = {}
    monkeypatch.setattr(
        LoadedBundle, "apply_changes", lambda system, changes: found.setdefault(system, []).extend(changes)
    )
    return found


@pytest.fixture
def catalog(store: StateStore) -> Iterator[LiveCatalog]:
    """One that catches up when a test says so, or when woken."""
    with ThreadPoolExecutor(1, "model") as thread:
        live = LiveCatalog(store.catalog, thread, 1_000, 5)
        yield live
        live.close()


def of(changes: Sequence[CatalogChange]) -> dict[str, CatalogItem | None]:
    return {change.item_id: change.item for change in changes}


def items(*ids: str) -> list[CatalogItem]:
    return [CatalogItem(id, f"Title of {id}") for id in ids]


async def until(holds: Callable[[], bool]) -> None:
    await eventually_async(holds)


async def upsert(running: Running, item_id: str) -> api.UpsertItemsResponse:
    return await running.catalog.UpsertItems(api.UpsertItemsRequest(items=[api.ItemInput(item_id=item_id)]))


async def get(running: Running, item_id: str) -> api.Item:
    return (await running.catalog.GetItem(api.GetItemRequest(item_id=item_id))).item


def test_a_system_is_brought_up_in_chunks_and_kept_there(
    catalog: LiveCatalog, store: StateStore, system: LoadedBundle, applied: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_catalog, "CHUNK", 3)
    store.catalog.upsert(items(*"abcdefgh"))
    store.catalog.delete(["b"])
    catalog.follow(system)
    assert [change.item_id for change in applied[system]] == [*"acdefgh", "b"]
    store.catalog.delete(["a"])
    assert catalog.catch_up() == store.catalog.position()
    assert of(applied[system])["a"] is None
    catalog.catch_up()
    assert len(applied[system]) == 9


def test_changes_arrive_on_the_model_thread(
    catalog: LiveCatalog, store: StateStore, system: LoadedBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    monkeypatch.setattr(LoadedBundle, "apply_changes", lambda *_: names.append(threading.current_thread().name))
    store.catalog.upsert(items("a"))
    catalog.follow(system)
    store.catalog.upsert(items("b"))
    catalog.catch_up()
    assert names == ["model_0", "model_0"]


def test_what_the_bundle_contains_is_not_applied_and_not_fresh(
    catalog: LiveCatalog, store: StateStore, tmp_path: Path, applied: Applied
) -> None:
    store.catalog.upsert(items("a", "i1", "b"))
    store.catalog.delete(["i2"])
    contained = {store.catalog.identity: store.catalog.position(), "another": 2**60}
    folder = fakes.publish(tmp_path, settings={CATALOG_SEQUENCES: contained})
    store.catalog.upsert(items("b", "c"))
    system = fakes.load(folder.load())
    catalog.follow(system)
    assert of(applied[system]) == {"i2": None, **of([c for c in store.catalog.get(["b", "c"]) if c])}


def test_the_sequence_of_another_store_says_nothing(
    catalog: LiveCatalog, store: StateStore, tmp_path: Path, applied: Applied
) -> None:
    store.catalog.upsert(items("a"))
    system = fakes.load(fakes.publish(tmp_path, settings={CATALOG_SEQUENCES: {"another": 2**60}}).load())
    catalog.follow(system)
    assert set(of(applied[system])) == {"a"}


def test_after_a_change_was_dropped_nothing_is_read_again_and_again(
    catalog: LiveCatalog, store: StateStore, system: LoadedBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.catalog.upsert(items("a"))
    store.catalog.drop(store.catalog.changes(-1, 10).changes)
    catalog.follow(system)
    monkeypatch.setattr(store.catalog, "changes", lambda *_: pytest.fail("nothing is new"))
    catalog.catch_up()


def test_a_store_that_cannot_be_read_lets_no_system_in(
    catalog: LiveCatalog, store: StateStore, system: LoadedBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> int:
        raise StateError("the disk is away")

    monkeypatch.setattr(store.catalog, "position", gone)
    with pytest.raises(StateError):
        catalog.follow(system)


def test_a_system_that_fails_is_given_the_same_again(
    catalog: LiveCatalog, store: StateStore, system: LoadedBundle, applied: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.follow(system)
    store.catalog.upsert(items("a"))
    with monkeypatch.context() as broken:
        broken.setattr(LoadedBundle, "apply_changes", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            catalog.catch_up()
    catalog.catch_up()
    assert set(of(applied[system])) == {"a"}


def test_a_system_that_nobody_holds_is_let_go(catalog: LiveCatalog, bundle: Bundle, applied: Applied) -> None:
    system = fakes.load(bundle)
    catalog.follow(system)
    del system
    applied.clear()
    gc.collect()
    assert not catalog._feeds


async def test_a_restart_brings_everything_back(start: Start, tmp_path: Path, applied: Applied) -> None:
    url = f"sqlite:{tmp_path / 'state.db'}"
    first = await start(state=open_store(url))
    await upsert(first, "new")
    await first.catalog.DeleteItems(api.DeleteItemsRequest(item_ids=["i4"]))
    await first.server.drain()
    applied.clear()
    again = await start(state=open_store(url))
    came = (await get(again, "new")).release_time.ToMicroseconds()
    assert of(applied[again.system]) == {"new": CatalogItem("new", release_time=came), "i4": None}
    assert (await get(again, "new")).origin == api.ITEM_ORIGIN_LIVE


async def test_a_bundle_that_is_activated_knows_all_changes_before_it_serves(
    following: Running, published: BundleStore, applied: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upsert(following, "new")
    served: list[tuple[str, set[str]]] = []
    serve = following.server.engine.serve

    def watched(serving: object) -> None:
        served.extend((s.version, set(of(applied.get(s, [])))) for s in serving.loaded())  # type: ignore[attr-defined]
        serve(serving)  # type: ignore[arg-type]

    monkeypatch.setattr(following.server.engine, "serve", watched)
    await activate(following, published.versions()[1])
    assert (published.versions()[1], {"new"}) in served
    await activate(following, published.versions()[2], CANARY)
    await upsert(following, "later")
    systems = following.server.engine.ready().loaded()
    assert len(systems) == 3  # stable, canary, and the one before
    await until(lambda: all(set(of(applied[system])) == {"new", "later"} for system in systems))


@pytest.mark.skipif(not INSTALLED, reason="there is no redis-server")
@pytest.mark.system
async def test_two_servers_on_one_redis_see_each_others_items(
    start: Start, bundle: Bundle, tmp_path: Path, applied: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shortlist_state.redis.READ_SECONDS", 20)
    redis = RedisServer(tmp_path)
    try:
        one, other = [await start(load=False, state=open_store(redis.url())) for _ in range(2)]
        systems = [await running.server.activate(lambda: fakes.load(bundle)) for running in (one, other)]
        await upsert(one, "new")
        assert (await get(other, "new")).origin == api.ITEM_ORIGIN_LIVE
        deleted = await other.catalog.DeleteItems(api.DeleteItemsRequest(item_ids=["i4", "new"]))
        assert deleted.deleted_count == 2
        await upsert(other, "last")
        await until(lambda: all(of(applied.get(s, [])).keys() >= {"new", "i4", "last"} for s in systems))
        for running, system in zip((one, other), systems, strict=True):
            found = {name: item and replace(item, release_time=None) for name, item in of(applied[system]).items()}
            assert found == {"new": None, "i4": None, "last": CatalogItem("last")}
            page = await running.catalog.ListItems(api.ListItemsRequest(page_size=1_000))
            last = await running.catalog.ListItems(api.ListItemsRequest(page_token=page.next_page_token))
            told = {item.item_id for item in [*page.items, *last.items]}
            assert told == {f"i{i}" for i in range(fakes.ITEMS)} - {"i4"} | {"last"}
    finally:
        redis.kill()
