"""Health service (grpc.health.v1): tells balancers and clients whether to send calls. It is open to everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from shortlist_core.errors import NotFoundError
from shortlist_server.base.lifecycle import Lifecycle

Response = health_pb2.HealthCheckResponse


class HealthServicer(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # grpc_health ships no types
    """Reports the lifecycle's status for the server ("") and for each service. Its streams end when the server drains.

    grpc_health's own servicer keeps streams open, so that draining would take the whole grace period.
    """

    def __init__(self, lifecycle: Lifecycle, services: Collection[str]) -> None:
        self._lifecycle = lifecycle
        self._services = {"", *services}

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> health_pb2.HealthCheckResponse:
        """The status of one service; NOT_FOUND for a service that is not served here."""
        if request.service not in self._services:
            raise NotFoundError("service", request.service[:128])
        return Response(status=self._status(request.service))

    async def List(
        self, request: health_pb2.HealthListRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> health_pb2.HealthListResponse:
        """The status of the server and of each service."""
        services = {service: Response(status=self._status(service)) for service in self._services}
        return health_pb2.HealthListResponse(statuses=services)

    async def Watch(
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """The status now and after every change, until the server drains."""
        last = None
        while True:
            if (status := self._status(request.service)) != last:
                yield Response(status=status)
                last = status
                continue  # the status may have changed while it was being sent
            if self._lifecycle.draining.is_set():
                return
            await self._lifecycle.changed()

    def _status(self, service: str) -> int:
        if service not in self._services:
            return int(Response.SERVICE_UNKNOWN)
        return int(Response.SERVING if self._lifecycle.serving else Response.NOT_SERVING)
