"""Both clients against a fake server: what arrives there, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
import shortlist
from every_method import METHODS
from shortlist import (
    AsyncClient,
    BatchRecommendQuery,
    BundleLabel,
    Client,
    ContextEvent,
    Event,
    EventType,
    Filter,
    HealthStatus,
    ItemInput,
    NotFound,
    Options,
    SeenItemsPolicy,
    UserAttribute,
)
from shortlist.testing import BUNDLE_VERSION, FakeServer
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.placement_pb2 import Placement

Connect = Callable[..., Any]


def test_the_package_says_its_version() -> None:
    assert shortlist.__version__ == version("shortlist")


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_a_client_has_every_method_of_every_service(client: type) -> None:
    assert {name for name in vars(client) if not name.startswith("_")} == METHODS | {
        "recommend_pages",
        "health",
        "close",
    }


def test_recommend_sends_every_option_and_returns_the_answer(server: FakeServer, connect: Connect) -> None:
    server.recommend.answer = api.RecommendResponse(
        items=[{"item_id": "i1", "title": "Kettle", "reason": {"text": "Because you bought Tea"}}],
        trace=[{"stage": 2, "left_count": 7}],
    )
    answer = connect(server.address).recommend(
        "u1",
        count=3,
        request_id="r1",
        candidate_count=50,
        context_events=[ContextEvent(item_id="i9", event_type=EventType.EVENT_TYPE_CLICK, value=0.0)],
        user_attributes=[UserAttribute(key="country", value="France")],
        excluded_item_ids=["i7", "i8"],
        filter=Filter(included_categories=["tea"]),
        seen_items_policy=SeenItemsPolicy.SEEN_ITEMS_POLICY_KEEP,
        diversity=0.25,
        include_trace=True,
    )
    (sent,) = server.recommend.requests
    assert (sent.user_id, sent.count, sent.candidate_count, sent.diversity) == ("u1", 3, 50, 0.25)
    assert list(sent.excluded_item_ids) == ["i7", "i8"]
    assert list(sent.filter.included_categories) == ["tea"]
    assert sent.context_events[0].HasField("value")
    assert [(each.key, each.value) for each in sent.user_attributes] == [("country", "France")]
    assert sent.seen_items_policy == SeenItemsPolicy.SEEN_ITEMS_POLICY_KEEP
    assert (answer.request_id, answer.bundle_version, answer.trace[0].left_count) == ("r1", BUNDLE_VERSION, 7)
    assert [(i.item_id, i.title, i.reason.text) for i in answer.items] == [("i1", "Kettle", "Because you bought Tea")]


def test_recommend_without_options_asks_for_twenty_and_leaves_the_rest_to_the_server(
    server: FakeServer, connect: Connect
) -> None:
    connect(server.address).recommend("u1")
    (sent,) = server.recommend.requests
    assert {field.name for field, _ in sent.ListFields()} == {"user_id", "count"}
    assert sent.count == 20


def test_pages_come_one_by_one_until_none_follows(server: FakeServer, connect: Connect) -> None:
    server.recommend.answer = lambda request: api.RecommendResponse(
        items=[{"item_id": f"i{request.page_token}"}],
        next_page_token={"": "1", "1": "2", "2": ""}[request.page_token],
    )
    pages = connect(server.address).recommend_pages("u1", 5, excluded_item_ids=iter(["i7"]))
    assert next(pages).items[0].item_id == "i"
    assert len(server.recommend.calls) == 1, "a page is asked for when somebody wants it"
    assert [page.items[0].item_id for page in pages] == ["i1", "i2"]
    for sent, token in zip(server.recommend.requests, ("", "1", "2"), strict=True):
        assert (sent.user_id, sent.count, sent.excluded_item_ids, sent.page_token) == ("u1", 5, ["i7"], token)


def test_an_option_that_the_method_lacks_is_refused_here(server: FakeServer, connect: Connect) -> None:
    with pytest.raises((TypeError, ValueError), match="colour"):
        connect(server.address).recommend("u1", colour="red")
    assert server.recommend.calls == []


def test_retrieve_rank_and_similar_items(server: FakeServer, connect: Connect) -> None:
    server.retrieve.answer = api.RetrieveResponse(items=[{"item_id": "i2", "score": 3}])
    server.rank.answer = api.RankResponse(items=[{"item_id": "i3"}], unknown_item_ids=["i4"])
    server.similar_items.answer = api.SimilarItemsResponse(items=[{"item_id": "i5"}])
    client = connect(server.address)
    assert client.retrieve("u1").items[0].item_id == "i2"
    assert server.retrieve.requests[0].candidate_count == 400
    ranked = client.rank("u1", ["i3", "i4"])
    assert list(server.rank.requests[0].item_ids) == ["i3", "i4"]
    assert list(ranked.unknown_item_ids) == ["i4"]
    assert client.similar_items("i1", count=5, excluded_item_ids=["i2"]).items[0].item_id == "i5"
    assert (server.similar_items.requests[0].item_id, server.similar_items.requests[0].count) == ("i1", 5)


def test_items_are_written_told_listed_and_deleted(server: FakeServer, connect: Connect) -> None:
    server.list_items.answer = catalog_api.ListItemsResponse(items=[{"item_id": "i7"}], next_page_token="t2")
    client = connect(server.address)
    assert client.upsert_items([ItemInput(item_id="i1", price=0), ItemInput(item_id="i2")]).created_count == 2
    assert server.upsert_items.requests[0].items[0].HasField("price")
    assert client.get_item("i1").item.item_id == "i1"
    page = client.list_items(page_size=1, page_token="t1")
    assert ([item.item_id for item in page.items], page.next_page_token) == (["i7"], "t2")
    assert server.list_items.requests == [catalog_api.ListItemsRequest(page_size=1, page_token="t1")]
    assert client.delete_items(["i1", "i2"]).deleted_count == 2


def test_a_user_is_told_exported_and_forgotten(server: FakeServer, connect: Connect) -> None:
    server.get_user.answer = user_api.GetUserResponse(live_event_count=2)
    server.export_user.answer = user_api.ExportUserResponse(events=[{"item_id": "i6"}], next_page_token="t2")
    server.delete_user.answer = user_api.DeleteUserResponse(deleted_event_count=3)
    client = connect(server.address)
    assert client.get_user("u1").live_event_count == 2
    page = client.export_user("u1", page_size=1, page_token="t1")
    assert ([event.item_id for event in page.events], page.next_page_token) == (["i6"], "t2")
    assert client.delete_user("u1").deleted_event_count == 3
    assert server.get_user.requests == [user_api.GetUserRequest(user_id="u1")]
    assert server.export_user.requests == [user_api.ExportUserRequest(user_id="u1", page_size=1, page_token="t1")]
    assert server.delete_user.requests == [user_api.DeleteUserRequest(user_id="u1")]


def test_bundles_are_listed_told_activated_and_rolled_back(server: FakeServer, connect: Connect) -> None:
    client, canary = connect(server.address), BundleLabel.BUNDLE_LABEL_CANARY
    assert [bundle.bundle_version for bundle in client.list_bundles(page_size=1).bundles] == [BUNDLE_VERSION]
    assert client.get_serving_bundle().serving.stable_bundle_version == BUNDLE_VERSION
    assert client.activate_bundle("b2").serving.stable_bundle_version == "b2"
    assert client.activate_bundle("b2", canary, user_share=0.1).serving.canary.user_share == 0.1
    assert client.rollback_bundle().serving.stable_bundle_version == BUNDLE_VERSION
    client.rollback_bundle(canary)
    assert server.list_bundles.requests[0].page_size == 1
    assert [request.label for request in server.activate_bundle.requests] == [BundleLabel.BUNDLE_LABEL_STABLE, canary]
    assert [request.label for request in server.rollback_bundle.requests] == [BundleLabel.BUNDLE_LABEL_STABLE, canary]


def test_placements_are_listed_set_and_previewed(server: FakeServer, connect: Connect) -> None:
    home, query = Placement(name="home", count=2), BatchRecommendQuery(user_id="u1", count=2)
    server.list_placements.answer = placement_api.ListPlacementsResponse(placements=[home], version="v1")
    client = connect(server.address)
    assert client.list_placements().placements[0] == home
    assert client.set_placements([home], expected_version="v1", validate_only=True).version
    assert len(client.preview_placement(home, query).recommendation.items) == 2
    assert len(client.recommend("u1", placement="home").items) == 5
    sent = placement_api.SetPlacementsRequest(placements=[home], expected_version="v1", validate_only=True)
    assert server.set_placements.requests == [sent]
    assert server.preview_placement.requests[0].query == query
    assert server.recommend.requests[0].placement == "home"


def test_batch_keeps_the_queries_in_order(server: FakeServer, connect: Connect) -> None:
    queries = [BatchRecommendQuery(user_id=f"u{i}", count=i + 1) for i in range(3)]
    assert len(connect(server.address).batch_recommend(queries).recommendations) == 3
    assert list(server.batch_recommend.requests[0].queries) == queries


def test_events_get_an_id_once_and_keep_the_one_they_have(server: FakeServer, connect: Connect) -> None:
    events = [Event(user_id="u1", item_id="i1"), Event(event_id="e1", user_id="u1", item_id="i2")]
    client = connect(server.address)
    client.write_events(events)
    client.write_events(events)
    first, second = ([e.event_id for e in request.events] for request in server.write_events.requests)
    assert first == second
    assert first[1] == "e1"
    assert first[0]


def test_health_tells_services_apart(server: FakeServer, connect: Connect) -> None:
    def answer(service: str) -> HealthStatus:
        return HealthStatus.NOT_SERVING if service == "shortlist.v1.EventService" else healthy(service)

    healthy, server.health.answer = server.health.answer, answer
    client = connect(server.address)
    assert client.health() is HealthStatus.SERVING
    assert client.health("shortlist.v1.EventService") is HealthStatus.NOT_SERVING
    with pytest.raises(NotFound):
        client.health("shortlist.v1.Nobody")


def test_the_token_travels_with_every_call(server: FakeServer, connect: Connect) -> None:
    tokens = iter(["first", "second"])
    client = connect(server.address, Options(token=lambda: next(tokens)))
    client.recommend("u1")
    client.write_events([Event(user_id="u1", item_id="i1")])
    sent = [*server.recommend.calls, *server.write_events.calls]
    assert [each.metadata["authorization"] for each in sent] == ["Bearer first", "Bearer second"]


def test_a_closed_client_is_closed(server: FakeServer) -> None:
    with Client(server.address) as client:
        client.recommend("u1")
    with pytest.raises(ValueError, match="closed"):
        client.recommend("u1")
