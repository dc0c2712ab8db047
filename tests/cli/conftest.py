"""A server in plain text, and `shortlist call` to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from shortlist.v1.event_service_pb2_grpc import add_EventServiceServicer_to_server
from shortlist.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server

sys.path.append(str(Path(__file__).parent))

from call_server import Server, Shell
from listening import listening


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def call(server: Server) -> Iterator[Shell]:
    healthy = health.HealthServicer()
    healthy.set("shortlist.v1.EventService", health_pb2.HealthCheckResponse.NOT_SERVING)
    with listening(
        partial(add_RecommendationServiceServicer_to_server, server),
        partial(add_EventServiceServicer_to_server, server),
        partial(health_pb2_grpc.add_HealthServicer_to_server, healthy),
    ) as address:
        yield Shell(address)
