"""A server whose state file is replaced under it: it acknowledges nothing more, says so, and recommends on."""

from __future__ import annotations

from pathlib import Path

import structlog
from conftest import Start
from scrape import metrics
from server_wire import Running, failure
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as users
from shortlist.v1.event_pb2 import Event
from shortlist.v1.recommendation_pb2 import Degradation
from waiting import eventually_async

from shortlist_state import open_store

STATE = Degradation.DEGRADATION_STATE_UNAVAILABLE


def event(number: int) -> Event:
    return Event(event_id=f"e{number}", user_id="new", item_id="i39")


async def write(running: Running, number: int) -> event_api.WriteEventsResponse:
    return await running.events.WriteEvents(event_api.WriteEventsRequest(events=[event(number)]))


async def available(running: Running) -> float:
    return (await metrics(running)).value("shortlist_store_available")


async def test_writes_are_refused_with_a_reason_and_recommendations_go_on(start: Start, tmp_path: Path) -> None:
    path, other = tmp_path / "state.sqlite", tmp_path / "other.sqlite"
    running = await start(state=open_store(f"sqlite:{path}"), metrics_address="127.0.0.1:0", reuse_seconds=0)
    await write(running, 0)
    await running.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    open_store(f"sqlite:{other}").close()
    with structlog.testing.capture_logs() as logs:
        other.replace(path)
        for number in range(1, 9):
            got = await failure(write(running, number))
            assert (got.code.name, got.info.reason) == ("UNAVAILABLE", "STATE_REPLACED")
            assert "restart" in got.message and str(tmp_path) not in got.message
        answer = await running.api.Recommend(api.RecommendRequest(user_id="ann", count=40))
        assert list(answer.degraded) == [STATE]
        assert len(answer.items) == 40  # of the deleted user's history in the bundle nothing is used

        async def is_told() -> bool:
            return await available(running) == 0

        await eventually_async(is_told)
    assert [entry["file"] for entry in logs if entry["event"] == "state_replaced"] == [str(path)]


async def test_a_file_that_comes_back_is_used_again(start: Start, tmp_path: Path) -> None:
    path, aside = tmp_path / "state.sqlite", tmp_path / "aside.sqlite"
    running = await start(state=open_store(f"sqlite:{path}"), metrics_address="127.0.0.1:0")
    await write(running, 0)
    path.rename(aside)
    assert (await failure(write(running, 1))).info.reason == "STATE_REPLACED"
    aside.rename(path)
    assert (await write(running, 1)).accepted_count == 1
    assert len(running.store.history("new", 10)) == 2

    async def is_told() -> bool:
        return await available(running) == 1

    await eventually_async(is_told)
