"""A deleted user's row in bundles: no answer uses it, on any worker, after a restart, or with another store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import server_fakes as fakes
import structlog
from conftest import Start
from server_wire import Running
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as users
from waiting import eventually_async

from shortlist_bundle import BundleStore
from shortlist_bundle.erasures import ERASED, Erasures
from shortlist_bundle.strings import Ids
from shortlist_bundle.writer import BundleWriter
from shortlist_server.system.erased_rows import ErasedRows
from shortlist_state import StateStore, open_store

ANN = 0
"""The row of `ann`, of whom the bundle knows four events."""


@pytest.fixture(autouse=True)
def bundles(published: BundleStore) -> BundleStore:
    return published


def url(tmp_path: Path, name: str = "state") -> str:
    return f"sqlite:{tmp_path / f'{name}.sqlite'}"


async def delete(running: Running, user: str = "ann") -> users.DeleteUserResponse:
    return await running.users.DeleteUser(users.DeleteUserRequest(user_id=user))


def left_out(running: Running) -> list[int]:
    """The rows of users that the serving bundle's sources leave out."""
    bundle = running.server.engine.stable
    return bundle.retriever.without


async def seen(running: Running, user: str) -> int:
    """How many items the server leaves out because the user has seen them."""
    answer = await running.api.Recommend(api.RecommendRequest(user_id=user, count=fakes.ITEMS))
    return fakes.ITEMS - len(answer.items)


async def test_sources_forget_the_user_at_once_on_the_server_that_deletes(start: Start) -> None:
    running = await start(follow=True)
    assert left_out(running) == []
    assert (await delete(running)).recorded_with_bundles
    assert left_out(running) == [ANN]
    await delete(running, "nobody")
    assert left_out(running) == [ANN]


async def test_every_worker_of_the_store_learns_it_and_every_bundle_loaded_later(start: Start, tmp_path: Path) -> None:
    here = await start(follow=True, state=open_store(url(tmp_path)))
    there = await start(follow=True, state=open_store(url(tmp_path)), bundles=tmp_path / "bundles")
    await delete(here)
    await eventually_async(lambda: left_out(there) == [ANN])
    other = BundleStore(tmp_path / "bundles").versions()[1]
    await there.server.deployments[""].bundle_manager.activate(other, "stable", 0)
    assert there.server.engine.stable.version == other
    assert left_out(there) == [ANN]


async def test_after_a_restart_the_user_stays_out(start: Start, tmp_path: Path) -> None:
    first = await start(follow=True, state=open_store(url(tmp_path)))
    await delete(first)
    (tmp_path / "bundles" / ERASED).unlink()  # the store alone suffices
    again = await start(follow=True, state=open_store(url(tmp_path)))
    assert left_out(again) == [ANN]


async def test_another_store_beside_the_bundles_brings_nobody_back(start: Start, tmp_path: Path) -> None:
    first = await start(follow=True, state=open_store(url(tmp_path)))
    await delete(first)
    other = await start(follow=True, state=open_store(url(tmp_path, "other")))
    assert left_out(other) == [ANN]
    assert await seen(other, "ann") == 0
    assert await seen(other, "bob") == 1
    known = await other.users.GetUser(users.GetUserRequest(user_id="ann"))
    assert (known.bundle_event_count, known.deleted_before) == (0, True)
    exported = await other.users.ExportUser(users.ExportUserRequest(user_id="ann"))
    assert list(exported.events) == []


async def test_a_server_of_the_folder_that_runs_already_learns_it_too(start: Start, tmp_path: Path) -> None:
    first = await start(follow=True, state=open_store(url(tmp_path)))
    other = await start(follow=True, state=open_store(url(tmp_path, "other")))
    assert await seen(other, "ann") == 3
    await delete(first)
    await eventually_async(lambda: left_out(other) == [ANN])
    assert await seen(other, "ann") == 0


async def test_a_folder_that_cannot_be_written_is_told_of(start: Start, monkeypatch) -> None:
    running = await start(follow=True)

    def refuse(*_: object) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(Erasures, "_append", refuse)
    with structlog.testing.capture_logs() as logs:
        answer = await delete(running)
    assert not answer.recorded_with_bundles
    [warning] = [entry for entry in logs if entry["event"] == "erasure_not_recorded_with_bundles"]
    assert "Read-only file system" in warning["reason"]
    assert left_out(running) == [ANN]  # by the store


async def test_an_answer_from_before_the_deletion_is_not_given_again_to_others(start: Start) -> None:
    running = await start(follow=True, reuse_seconds=60)
    for deleted in ("", "ann"):
        calls = running.server.engine.stable.ranker.calls
        if deleted:
            await delete(running, deleted)
        for _ in range(2):
            await running.api.Recommend(api.RecommendRequest(user_id="bob", count=3))
        assert running.server.engine.stable.ranker.calls == calls + 1


def test_rows_are_found_by_the_pseudonyms_of_every_list(
    stored: Callable[..., object], store: StateStore, tmp_path: Path
) -> None:
    names = [f"user-{number}" for number in range(1_000)]

    def write(writer: BundleWriter) -> None:
        writer.ids("some/ids", names)

    ids: Ids = stored(write).ids("some/ids")  # type: ignore[attr-defined]
    rows, beside = ErasedRows(ids), Erasures(tmp_path)
    assert rows.of([store, beside]).tolist() == []
    store.erase("user-7")
    store.erase("nobody")
    assert rows.of([store, beside]).tolist() == [7]
    beside.add("user-999")
    beside.add("user-7")
    beside.add("user-0")
    found = rows.of([store, beside])
    assert found.dtype == np.int32 and found.tolist() == [0, 7, 999]
