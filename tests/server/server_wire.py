"""Talks to a running server as a client does, and decodes what a call ended with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceStub
from shortlist.v1.catalog_service_pb2_grpc import CatalogServiceStub
from shortlist.v1.event_service_pb2_grpc import EventServiceStub
from shortlist.v1.placement_service_pb2_grpc import PlacementServiceStub
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from shortlist.v1.user_service_pb2_grpc import UserServiceStub

from shortlist_server.process.app import Server
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import StateStore


@dataclass
class Running:
    server: Server
    channel: grpc.aio.Channel
    system: LoadedBundle
    store: StateStore
    address: str

    @property
    def api(self) -> Any:
        return RecommendationServiceStub(self.channel)

    @property
    def bundles(self) -> Any:
        return BundleServiceStub(self.channel)

    @property
    def events(self) -> Any:
        return EventServiceStub(self.channel)

    @property
    def catalog(self) -> Any:
        return CatalogServiceStub(self.channel)

    @property
    def placements(self) -> Any:
        return PlacementServiceStub(self.channel)

    @property
    def users(self) -> Any:
        return UserServiceStub(self.channel)


@dataclass
class Failure:
    """What a call ended with, decoded from the wire."""

    code: grpc.StatusCode
    message: str
    info: error_details_pb2.ErrorInfo
    violations: dict[str, str]
    retry: error_details_pb2.RetryInfo | None
    trailers: dict[str, Any]


async def failure(call: Any) -> Failure:
    """Awaits a call that must fail and decodes its status."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    trailers = dict(caught.value.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    if status.details:
        assert (status.code, status.message) == (caught.value.code().value[0], caught.value.details())
    return decoded(status, caught.value.code(), trailers)


def decoded(status: status_pb2.Status, code: grpc.StatusCode, trailers: dict[str, Any]) -> Failure:
    def detail(kind: Message) -> Any:
        return next((kind for each in status.details if each.Unpack(kind)), None)

    bad = detail(error_details_pb2.BadRequest())
    violations = {each.field: each.description for each in bad.field_violations} if bad else {}
    info, retry = detail(error_details_pb2.ErrorInfo()), detail(error_details_pb2.RetryInfo())
    return Failure(code, status.message, info, violations, retry, trailers)
