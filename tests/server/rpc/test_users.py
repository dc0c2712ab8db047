from __future__ import annotations

import pytest
import server_fakes as fakes
from server_wire import Running, failure
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as users
from shortlist.v1.event_pb2 import Event, EventType
from shortlist.v1.user_attribute_pb2 import UserAttribute

from shortlist_core.errors import StateError
from shortlist_core.types import DAY

VIEW, LIKE = EventType.EVENT_TYPE_VIEW, EventType.EVENT_TYPE_LIKE


def event(number: int, user: str = "ann", item: str = "i39", type: EventType.ValueType = VIEW) -> Event:
    sent = Event(event_id=f"{user}-{number}", user_id=user, item_id=item, event_type=type, session_id="s", value=2.5)
    sent.event_time.FromMicroseconds(fakes.AS_OF + number)
    return sent


async def write(running: Running, *events: Event) -> None:
    await running.events.WriteEvents(event_api.WriteEventsRequest(events=events))


async def seen(running: Running, user: str) -> set[str]:
    answer = await running.api.Recommend(api.RecommendRequest(user_id=user, count=fakes.ITEMS))
    return {f"i{i}" for i in range(fakes.ITEMS)} - {item.item_id for item in answer.items}


async def exported(running: Running, user: str, page_size: int = 0) -> list[users.UserEvent]:
    found: list[users.UserEvent] = []
    token, pages = "", 0
    while token or not pages:
        request = users.ExportUserRequest(user_id=user, page_size=page_size, page_token=token)
        page = await running.users.ExportUser(request)
        assert len(page.events) <= (page_size or 1_000)
        found += page.events
        token, pages = page.next_page_token, pages + 1
    return found


async def test_what_is_known_is_told_in_numbers(running: Running) -> None:
    await write(running, event(1), event(2, type=LIKE), event(3, type=LIKE))
    known = await running.users.GetUser(users.GetUserRequest(user_id="ann"))
    assert (known.user_id, known.live_event_count, known.bundle_event_count) == ("ann", 3, 4)
    assert [(each.event_type, each.event_count) for each in known.live_event_type_counts] == [(LIKE, 2), (VIEW, 1)]
    assert known.first_event_time.ToMicroseconds() == fakes.AS_OF - 5 * DAY
    assert known.last_event_time.ToMicroseconds() == fakes.AS_OF + 3
    assert (known.deleted_before, known.bundle_version) == (False, running.system.version)


async def test_of_somebody_unknown_nothing_is_told(running: Running) -> None:
    known = await running.users.GetUser(users.GetUserRequest(user_id="nobody"))
    assert known == users.GetUserResponse(user_id="nobody", bundle_version=running.system.version)
    assert await exported(running, "nobody") == []


async def test_an_export_holds_every_event_whatever_the_pages(running: Running) -> None:
    sent = [event(number) for number in (3, 1, 2)]
    await write(running, *sent, event(4, user="bob"))
    everything = await exported(running, "ann")
    assert [each.item_id for each in everything[:4]] == ["i0", "i1", "i2", "i3"]
    assert [each.event_type for each in everything[:4]] == [1, 4, 6, 7]
    assert {each.origin for each in everything[:4]} == {users.USER_EVENT_ORIGIN_BUNDLE}
    for told, written in zip(everything[4:], sent, strict=True):
        for name in ("event_id", "item_id", "event_time", "event_type", "value", "session_id", "attribution_token"):
            assert getattr(told, name) == getattr(written, name)
    assert {each.origin for each in everything[4:]} == {users.USER_EVENT_ORIGIN_LIVE}
    for size in (1, 2, 3, 4, 5, 6, 7, 8, 5_000):
        assert await exported(running, "ann", min(size, 1_000)) == everything, size


async def test_pages_of_an_export_end_where_clients_would_not_accept_more(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(running, *(event(number) for number in range(20)))
    everything = await exported(running, "ann")
    for most in (1, 100, 500):
        monkeypatch.setattr("shortlist_server.rpc.users.MAX_PAGE_BYTES", most)
        page = await running.users.ExportUser(users.ExportUserRequest(user_id="ann"))
        assert page.next_page_token and len(page.events) < len(everything)
        assert await exported(running, "ann") == everything


async def test_a_token_of_somewhere_else_is_refused(running: Running) -> None:
    page = await running.users.ExportUser(users.ExportUserRequest(user_id="ann", page_size=1))
    assert page.next_page_token
    for user, token in (("bob", page.next_page_token), ("ann", "nonsense"), ("ann", "bnVsbA=="), ("ann", "x" * 2_000)):
        got = await failure(running.users.ExportUser(users.ExportUserRequest(user_id=user, page_token=token)))
        assert set(got.violations) == {"page_token"}


async def test_broken_requests_are_refused_with_every_violation(running: Running) -> None:
    for call in (
        running.users.GetUser(users.GetUserRequest()),
        running.users.DeleteUser(users.DeleteUserRequest(user_id=" ")),
    ):
        assert set((await failure(call)).violations) == {"user_id"}
    got = await failure(running.users.ExportUser(users.ExportUserRequest(page_size=-1)))
    assert set(got.violations) == {"user_id", "page_size"}


async def test_a_deleted_user_is_nobody_from_the_next_answer_on(running: Running) -> None:
    await write(running, event(1), event(1, user="bob", item="i7"))
    assert await seen(running, "ann") == {"i0", "i1", "i2", "i39"}
    deleted = await running.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    assert deleted.deleted_event_count == 1
    assert await seen(running, "ann") == set()  # of the bundle's own history nothing is used either
    assert await seen(running, "bob") == {"i5", "i7"}
    known = await running.users.GetUser(users.GetUserRequest(user_id="ann"))
    assert (known.live_event_count, known.bundle_event_count, known.deleted_before) == (0, 0, True)
    assert await exported(running, "ann") == []
    assert (await running.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))).deleted_event_count == 0


async def test_a_deleted_user_who_comes_back_is_somebody_new(running: Running) -> None:
    await running.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    await write(running, event(9, item="i9"))
    assert await seen(running, "ann") == {"i9"}


async def test_a_store_that_goes_does_not_bring_deleted_users_back(running: Running, monkeypatch) -> None:
    await running.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    running.server.engine.live.catch_up()

    def gone(*_: object) -> None:
        raise StateError("the disk is away")

    monkeypatch.setattr(running.store, "read", gone)
    assert await seen(running, "ann") == set()
    assert await seen(running, "bob") == {"i5"}


async def test_while_the_store_is_gone_nobody_is_told_or_deleted(running: Running, monkeypatch) -> None:
    def gone(*_: object) -> None:
        raise StateError("the disk is away")

    for name in ("summary", "read", "export", "erase"):
        monkeypatch.setattr(running.store, name, gone)
    for call in (
        running.users.GetUser(users.GetUserRequest(user_id="ann")),
        running.users.ExportUser(users.ExportUserRequest(user_id="ann")),
        running.users.DeleteUser(users.DeleteUserRequest(user_id="ann")),
    ):
        got = await failure(call)
        assert (got.code.name, got.info.reason) == ("UNAVAILABLE", "STATE_UNAVAILABLE")


async def test_an_event_that_the_bundle_was_trained_on_counts_once(running: Running) -> None:
    """As after `shortlist train --events`: ann's purchase of i1 is both in the bundle and in the store."""
    sent = Event(event_id="e", user_id="ann", item_id="i1", event_type=EventType.EVENT_TYPE_PURCHASE)
    sent.event_time.FromMicroseconds(fakes.AS_OF - 4 * DAY)
    await write(running, sent, event(1))
    answer = await running.api.Recommend(api.RecommendRequest(user_id="ann", count=1, include_trace=True))
    assert (answer.trace[0].entered_count, answer.trace[0].left_count) == (5, 5)
    assert running.system.retriever.queries[-1].history(0).tolist() == [0, 1, 2, 3, 39]


FRANCE = UserAttribute(key="country", value="France")


async def test_attributes_are_written_told_and_forgotten(running: Running) -> None:
    plan = UserAttribute(key="plan", value="free")
    sent = [users.UserInput(user_id="ann", user_attributes=[FRANCE, plan, FRANCE]), users.UserInput(user_id="bob")]
    assert (await running.users.UpsertUsers(users.UpsertUsersRequest(users=sent))).written_user_count == 2
    assert (await running.users.GetUser(users.GetUserRequest(user_id="ann"))).live_attribute_count == 2
    first = await running.users.ExportUser(users.ExportUserRequest(user_id="ann", page_size=1))
    assert list(first.live_user_attributes) == [FRANCE, plan]
    second = await running.users.ExportUser(
        users.ExportUserRequest(user_id="ann", page_size=1, page_token=first.next_page_token)
    )
    assert not second.live_user_attributes
    await running.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    assert (await running.users.GetUser(users.GetUserRequest(user_id="ann"))).live_attribute_count == 0


async def test_users_that_break_rules_are_refused_with_every_violation(running: Running) -> None:
    sent = [
        users.UserInput(user_id=" ", user_attributes=[UserAttribute(key="country")]),
        users.UserInput(user_id="ann", user_attributes=[FRANCE] * 21),
        users.UserInput(user_id="ann"),
    ]
    got = await failure(running.users.UpsertUsers(users.UpsertUsersRequest(users=sent)))
    assert set(got.violations) == {
        "users[0].user_id", "users[0].user_attributes[0].value", "users[1].user_attributes", "users[2].user_id",
    }  # fmt: skip
    assert set((await failure(running.users.UpsertUsers(users.UpsertUsersRequest()))).violations) == {"users"}
    assert (await running.users.GetUser(users.GetUserRequest(user_id="ann"))).live_attribute_count == 0
