"""A server in plain text, and `shortlist call` to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from shortlist.v1.event_service_pb2_grpc import add_EventServiceServicer_to_server
from shortlist.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server

sys.path.append(str(Path(__file__).parent))

from call_server import Server, Shell


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def call(server: Server) -> Iterator[Shell]:
    running = grpc.server(futures.ThreadPoolExecutor(4))
    add_RecommendationServiceServicer_to_server(server, running)
    add_EventServiceServicer_to_server(server, running)
    healthy = health.HealthServicer()
    healthy.set("shortlist.v1.EventService", health_pb2.HealthCheckResponse.NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, running)
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    yield Shell(f"127.0.0.1:{port}")
    running.stop(None).wait()
