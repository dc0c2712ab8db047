"""A real server on a free port that answers what the test tells it to, and both clients behind one blocking face."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from shortlist import AsyncClient, Client, Options
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.catalog_service_pb2_grpc import CatalogServiceServicer, add_CatalogServiceServicer_to_server
from shortlist.v1.event_service_pb2_grpc import EventServiceServicer, add_EventServiceServicer_to_server
from shortlist.v1.recommendation_pb2 import Reason, Recommendation, RecommendedItem, ScoredItem, StageTrace
from shortlist.v1.recommendation_service_pb2_grpc import (
    RecommendationServiceServicer,
    add_RecommendationServiceServicer_to_server,
)
from shortlist.v1.user_service_pb2_grpc import UserServiceServicer, add_UserServiceServicer_to_server

sys.path.insert(0, str(Path(__file__).parent))


def status(code: grpc.StatusCode, message: str, *details: Any) -> status_pb2.Status:
    packed = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    return status_pb2.Status(code=code.value[0], message=message, details=packed)


OVERLOADED = status(
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    "too much to do",
    error_details_pb2.ErrorInfo(reason="OVERLOADED", domain="shortlist", metadata={"queue": "64"}),
    error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=250_000_000)),
)
INVALID = status(
    grpc.StatusCode.INVALID_ARGUMENT,
    "2 fields break a rule",
    error_details_pb2.ErrorInfo(reason="INVALID_ARGUMENT", domain="shortlist"),
    error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field="count", description="is 1 to 500, not -1"),
            error_details_pb2.BadRequest.FieldViolation(field="user_id", description="is 1 to 128 characters"),
        ]
    ),
)


class FakeServer(RecommendationServiceServicer, EventServiceServicer, CatalogServiceServicer, UserServiceServicer):
    """Fails with the statuses in `failures`, one per call, then answers; keeps every request and its metadata."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.metadata: list[dict[str, str | bytes]] = []
        self.deadlines: list[float | None] = []
        self.failures: list[status_pb2.Status] = []
        self.hold = threading.Event()
        self.hold.set()
        self.address = ""
        self.health = health.HealthServicer()

    def _enter(self, request: Any, context: Any) -> None:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.deadlines.append(context.time_remaining())
        self.hold.wait(20)
        if self.failures:
            context.abort_with_status(rpc_status.to_status(self.failures.pop(0)))

    def Recommend(self, request: api.RecommendRequest, context: Any) -> api.RecommendResponse:
        self._enter(request, context)
        why = Reason(text="Because you bought Tea")
        item = RecommendedItem(item_id="i1", title="Kettle", score=0.5, reason=why)
        trace = [StageTrace(stage=2, left_count=7)] if request.include_trace else []
        return api.RecommendResponse(request_id=request.request_id, bundle_version="b1", items=[item], trace=trace)

    def BatchRecommend(self, request: api.BatchRecommendRequest, context: Any) -> api.BatchRecommendResponse:
        self._enter(request, context)
        return api.BatchRecommendResponse(recommendations=[Recommendation() for _ in request.queries])

    def StreamRecommend(self, request_iterator: Any, context: Any) -> Iterator[api.StreamRecommendResponse]:
        for request in request_iterator:
            self._enter(request, context)
            if request.count < 0:
                yield api.StreamRecommendResponse(request_id=request.request_id, error=INVALID)
            else:
                yield api.StreamRecommendResponse(request_id=request.request_id, recommendation={})

    def Retrieve(self, request: api.RetrieveRequest, context: Any) -> api.RetrieveResponse:
        self._enter(request, context)
        return api.RetrieveResponse(items=[ScoredItem(item_id="i2", score=3)])

    def Rank(self, request: api.RankRequest, context: Any) -> api.RankResponse:
        self._enter(request, context)
        return api.RankResponse(items=[ScoredItem(item_id="i3")], unknown_item_ids=["i4"])

    def SimilarItems(self, request: api.SimilarItemsRequest, context: Any) -> api.SimilarItemsResponse:
        self._enter(request, context)
        return api.SimilarItemsResponse(items=[ScoredItem(item_id="i5")])

    def WriteEvents(self, request: event_api.WriteEventsRequest, context: Any) -> event_api.WriteEventsResponse:
        self._enter(request, context)
        return event_api.WriteEventsResponse(accepted_count=len(request.events))

    def UpsertItems(self, request: catalog_api.UpsertItemsRequest, context: Any) -> catalog_api.UpsertItemsResponse:
        self._enter(request, context)
        return catalog_api.UpsertItemsResponse(created_count=len(request.items), revision=7)

    def DeleteItems(self, request: catalog_api.DeleteItemsRequest, context: Any) -> catalog_api.DeleteItemsResponse:
        self._enter(request, context)
        return catalog_api.DeleteItemsResponse(deleted_count=len(request.item_ids), revision=8)

    def GetItem(self, request: catalog_api.GetItemRequest, context: Any) -> catalog_api.GetItemResponse:
        self._enter(request, context)
        return catalog_api.GetItemResponse(item=catalog_api.Item(item_id=request.item_id))

    def ListItems(self, request: catalog_api.ListItemsRequest, context: Any) -> catalog_api.ListItemsResponse:
        self._enter(request, context)
        return catalog_api.ListItemsResponse(items=[catalog_api.Item(item_id="i7")], next_page_token="t2")

    def GetUser(self, request: user_api.GetUserRequest, context: Any) -> user_api.GetUserResponse:
        self._enter(request, context)
        return user_api.GetUserResponse(live_event_count=2)

    def ExportUser(self, request: user_api.ExportUserRequest, context: Any) -> user_api.ExportUserResponse:
        self._enter(request, context)
        return user_api.ExportUserResponse(events=[user_api.UserEvent(item_id="i6")], next_page_token="t2")

    def DeleteUser(self, request: user_api.DeleteUserRequest, context: Any) -> user_api.DeleteUserResponse:
        self._enter(request, context)
        return user_api.DeleteUserResponse(deleted_event_count=3)


def start(fake: FakeServer, credentials: grpc.ServerCredentials | None = None) -> grpc.Server:
    server = grpc.server(futures.ThreadPoolExecutor(8))
    add_RecommendationServiceServicer_to_server(fake, server)
    add_EventServiceServicer_to_server(fake, server)
    add_CatalogServiceServicer_to_server(fake, server)
    add_UserServiceServicer_to_server(fake, server)
    health_pb2_grpc.add_HealthServicer_to_server(fake.health, server)
    fake.health.set("shortlist.v1.EventService", health_pb2.HealthCheckResponse.NOT_SERVING)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    fake.address = f"127.0.0.1:{port}"
    server.start()
    return server


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeServer]]:
    """Starts servers; stops them all afterwards."""
    started: list[tuple[FakeServer, grpc.Server]] = []

    def make(credentials: grpc.ServerCredentials | None = None) -> FakeServer:
        fake = FakeServer()
        started.append((fake, start(fake, credentials)))
        return fake

    yield make
    for fake, running in started:
        fake.hold.set()
        running.stop(None).wait()


@pytest.fixture
def server(serve: Callable[..., FakeServer]) -> FakeServer:
    return serve()


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


@pytest.fixture
def overloaded() -> status_pb2.Status:
    return OVERLOADED


@pytest.fixture
def invalid() -> status_pb2.Status:
    return INVALID
