"""The fake server, asked with clients that are not ours where ours might share its mistakes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from every_method import METHODS, call
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from shortlist import (
    Client,
    DeadlineExceeded,
    FieldViolation,
    HealthStatus,
    Options,
    ShortlistError,
    StreamRecommendRequest,
    Unavailable,
    errors,
)
from shortlist.testing import BUNDLE_VERSION, FakeServer, Method
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

Connect = Callable[..., Any]
UNAVAILABLE = ShortlistError(grpc.StatusCode.UNAVAILABLE, "draining")
OVERLOADED = ShortlistError(
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    "too much to do",
    reason="OVERLOADED",
    metadata={"queue": "64"},
    violations=(FieldViolation("count", "is 1 to 500, not -1"),),
    retry_after=0.25,
)


def test_it_has_every_method_of_every_service() -> None:
    methods = {name for name, value in vars(FakeServer()).items() if isinstance(value, Method)}
    assert methods == METHODS | {"health"}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_has_an_answer(server: FakeServer, connect: Connect, method: str) -> None:
    answer = call(connect(server.address), method)
    for each in answer if isinstance(answer, list) else [answer]:
        names = set(each.DESCRIPTOR.fields_by_name)
        assert all(getattr(each, name) for name in names & {"request_id", "bundle_version", "attribution_token"})
        tokens = [recommendation.attribution_token for recommendation in getattr(each, "recommendations", [])]
        assert all(tokens) and len(set(tokens)) == len(tokens)
    assert len(getattr(server, method).requests) == 1


def test_answers_keep_to_the_request(server: FakeServer, connect: Connect) -> None:
    client = connect(server.address)
    answer = client.recommend("u1", 2, request_id="r1", excluded_item_ids=["i1"], include_trace=True)
    assert (answer.request_id, [item.item_id for item in answer.items]) == ("r1", ["i2", "i3"])
    assert [stage.left_count for stage in answer.trace] == [2] * 5
    assert "i3" not in {item.item_id for item in client.similar_items("i3").items}
    assert [item.item_id for item in client.rank("u1", ["x", "i1", "x"]).items] == ["x", "i1"]
    first = client.list_items(page_size=3)
    second = client.list_items(page_size=3, page_token=first.next_page_token)
    assert [item.item_id for item in (*first.items, *second.items)] == ["i1", "i2", "i3", "i4", "i5"]
    assert second.next_page_token == ""


def test_an_answer_is_a_message_a_function_or_an_error(server: FakeServer, connect: Connect) -> None:
    client, fake = connect(server.address), server.recommend
    fake.answer = given = api.RecommendResponse(bundle_version="b7", items=[{"item_id": "i7"}])
    answers = [client.recommend(request_id=each) for each in ("r1", "r2")]
    assert [(each.request_id, each.bundle_version, each.items[0].item_id) for each in answers] == [
        ("r1", "b7", "i7"),
        ("r2", "b7", "i7"),
    ]
    assert given.request_id == ""
    fake.answer = lambda request: api.RecommendResponse(items=[{"item_id": f"for-{request.user_id}"}])
    assert client.recommend("u1").items[0].item_id == "for-u1"
    fake.answer = OVERLOADED
    with pytest.raises(ShortlistError, match="too much to do"):
        client.recommend("u1")


def test_an_error_travels_as_the_server_sends_it(server: FakeServer) -> None:
    server.recommend.failures = [OVERLOADED]
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        RecommendationServiceStub(channel).Recommend(api.RecommendRequest())
    status = rpc_status.from_call(caught.value)
    assert (status.code, status.message) == (8, "too much to do")
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    assert [each.Unpack(kind) for each, kind in zip(status.details, (info, bad, retry), strict=True)] == [True] * 3
    assert (info.reason, info.domain, dict(info.metadata)) == ("OVERLOADED", "shortlist", {"queue": "64"})
    assert [(each.field, each.description) for each in bad.field_violations] == [("count", "is 1 to 500, not -1")]
    assert retry.retry_delay.ToMilliseconds() == 250


def test_failures_come_first_and_none_lets_a_call_pass(server: FakeServer, connect: Connect) -> None:
    server.recommend.failures = [None, UNAVAILABLE]
    client = connect(server.address, Options(max_attempts=1))
    assert client.recommend("u1").items
    with pytest.raises(Unavailable, match="draining"):
        client.recommend("u2")
    assert client.recommend("u3").items
    assert [request.user_id for request in server.recommend.requests] == ["u1", "u2", "u3"]


def test_a_message_of_a_stream_is_answered_with_its_error(server: FakeServer, connect: Connect) -> None:
    server.stream_recommend.answer = OVERLOADED
    (answer,) = connect(server.address).stream_recommend([StreamRecommendRequest(request_id="r1")])
    assert (answer.request_id, answer.bundle_version) == ("r1", "")
    assert errors.from_status(answer.error).reason == "OVERLOADED"


def test_a_call_that_is_given_up_does_not_hold_a_thread(connect: Connect) -> None:
    with FakeServer() as server:
        server.recommend.delay = 3_600
        with pytest.raises(DeadlineExceeded):
            connect(server.address).recommend("u1", timeout=0.1)
        handlers = [each for each in threading.enumerate() if each.name.startswith("shortlist-fake")]
    assert handlers
    for thread in handlers:
        thread.join(60)
    assert not any(thread.is_alive() for thread in handlers)


def test_health_is_that_of_grpc(server: FakeServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert stub.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
        server.health.answer = HealthStatus.NOT_SERVING
        request = health_pb2.HealthCheckRequest(service="shortlist.v1.EventService")
        assert stub.Check(request).status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert server.health.requests == ["", "shortlist.v1.EventService"]


@pytest.mark.system
def test_it_imports_nothing_but_what_the_client_imports() -> None:
    program = """
import sys, shortlist
known = {name.split(".")[0] for name in sys.modules} | sys.stdlib_module_names
import shortlist.testing
print(*{name.split(".")[0] for name in sys.modules} - known)
"""
    ended = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
    assert ended.stdout.strip() == ""


def test_bundles_of_the_answers_are_the_one_that_serves(server: FakeServer) -> None:
    with Client(server.address) as client:
        assert client.recommend("u1").bundle_version == client.get_user("u1").bundle_version == BUNDLE_VERSION
        assert client.get_serving_bundle().serving.stable_bundle_version == BUNDLE_VERSION
