"""EventService: stores what users do."""

from __future__ import annotations

from typing import Any

import grpc
from shortlist.v1 import event_service_pb2 as api
from shortlist.v1.event_service_pb2_grpc import EventServiceServicer

from shortlist_server.rpc import validate
from shortlist_server.rpc.caller import lane_of
from shortlist_server.rpc.messages import off_loop
from shortlist_server.serving.engine import Engine


class EventServicer(EventServiceServicer):
    """Stores events durably before it answers. From then on every process that shares the store sees them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def WriteEvents(
        self, request: api.WriteEventsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> api.WriteEventsResponse:
        """Store all events of the request, or none."""
        events = await off_loop(validate.write_events, request)
        result, unknown = await self._engine.write(events, lane_of(context))
        return api.WriteEventsResponse(
            accepted_count=result.accepted, duplicate_count=result.duplicates, unknown_item_count=unknown
        )
