"""PlacementService: lists the placements, changes them, and shows what a change would do."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import grpc
from shortlist.v1 import placement_service_pb2 as api
from shortlist.v1.placement_service_pb2_grpc import PlacementServiceServicer

from shortlist_server.base.settings import Settings
from shortlist_server.rpc import convert, validate
from shortlist_server.rpc.caller import request_context
from shortlist_server.rpc.placement_file import PlacementFile, known, version_of
from shortlist_server.serving.engine import Engine

Context = grpc.aio.ServicerContext[Any, Any]


class PlacementServicer(PlacementServiceServicer):
    """The placements of one folder of bundles."""

    def __init__(self, file: PlacementFile, engine: Engine, settings: Settings) -> None:
        self._file, self._engine, self._settings = file, engine, settings

    async def ListPlacements(self, request: api.ListPlacementsRequest, context: Context) -> api.ListPlacementsResponse:
        """See the service's definition, as for all methods here. Answered from memory."""
        return self._file.listed()

    async def SetPlacements(self, request: api.SetPlacementsRequest, context: Context) -> api.SetPlacementsResponse:
        """All placements are checked before any is set."""
        placements = await asyncio.to_thread(validate.set_placements, request)
        if request.validate_only:
            return api.SetPlacementsResponse(version=version_of(known(request.placements)))
        replace = partial(self._file.replace, request.placements, placements, request.expected_version)
        return api.SetPlacementsResponse(version=await asyncio.to_thread(replace))

    async def PreviewPlacement(
        self, request: api.PreviewPlacementRequest, context: Context
    ) -> api.PreviewPlacementResponse:
        """The bundle of the user's route answers, and nothing is counted for it."""
        query = await asyncio.to_thread(validate.preview_placement, request)
        caller = request_context(context, self._settings.answer_reserve_seconds, urgent=True)
        respond = partial(convert.preview_response, self._settings.max_message_bytes)
        return await self._engine.preview(query, caller, respond)
