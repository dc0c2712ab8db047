"""RecommendationService: each method validates, asks the engine, and converts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import grpc
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceServicer

from shortlist_core.errors import UnavailableError
from shortlist_core.types import Ranked
from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.query import Plan
from shortlist_server.base.settings import Settings
from shortlist_server.pipeline.requests import Call
from shortlist_server.rpc import convert, validate
from shortlist_server.rpc.interceptors import Malformed, parsed
from shortlist_server.rpc.status import to_status
from shortlist_server.serving.engine import Engine
from shortlist_server.system.loaded_bundle import System

R = TypeVar("R")
Context = grpc.aio.ServicerContext[Any, Any]


class RecommendationServicer(RecommendationServiceServicer):
    """Raises what the domain raises; the guard around it makes statuses of that."""

    def __init__(self, engine: Engine, lifecycle: Lifecycle, settings: Settings) -> None:
        self._engine = engine
        self._lifecycle = lifecycle
        self._settings = settings

    async def Recommend(self, request: api.RecommendRequest, context: Context) -> api.RecommendResponse:
        """See the service's definition, as for all methods here."""
        return await self._recommend(validate.recommend(request), self._call(context), convert.recommend_response)

    async def BatchRecommend(self, request: api.BatchRecommendRequest, context: Context) -> api.BatchRecommendResponse:
        """All queries from one bundle; in one batch where their filters and candidate counts are the same."""
        (request_id, plans), system = validate.batch_recommend(request), self._engine.system
        answers = await self._engine.recommend(system, plans, self._call(context))
        return await asyncio.to_thread(convert.batch_response, system, request_id, plans, answers)  # it may be large

    async def StreamRecommend(
        self, request_iterator: AsyncIterator[api.StreamRecommendRequest], context: Context
    ) -> AsyncIterator[api.StreamRecommendResponse]:
        """A bounded window of messages is worked on at the same time and answered in the order sent."""
        window: asyncio.Queue[asyncio.Task[api.StreamRecommendResponse] | None]
        window = asyncio.Queue(self._settings.stream_window)
        call = self._call(context)
        reading = asyncio.create_task(self._read(request_iterator, window, call))
        try:
            while (answering := await window.get()) is not None:
                yield await answering
            await reading  # raises what reading ended with
        finally:
            call.cancelled = True
            reading.cancel()
            while not window.empty():
                if (left := window.get_nowait()) is not None:
                    left.cancel()

    async def Retrieve(self, request: api.RetrieveRequest, context: Context) -> api.RetrieveResponse:
        """Stage one alone."""
        plan, call = validate.retrieve(request), self._call(context)
        with self._engine.turn(plan, call) as turn:
            turn.answer = await self._engine.retrieve(turn.system, plan, call)
            return convert.retrieve_response(turn.system, plan, turn.answer)

    async def Rank(self, request: api.RankRequest, context: Context) -> api.RankResponse:
        """Stage two alone."""
        plan, call = validate.rank(request), self._call(context)
        with self._engine.turn(plan, call) as turn:
            turn.answer = await self._engine.rank(turn.system, plan, call)
            return convert.rank_response(turn.system, plan, turn.answer)

    async def SimilarItems(self, request: api.SimilarItemsRequest, context: Context) -> api.SimilarItemsResponse:
        """The neighbours of an item."""
        plan, system = validate.similar_items(request), self._engine.system
        answer = await self._engine.similar(system, plan, self._call(context))
        return convert.similar_items_response(system, plan, answer)

    async def _recommend(self, plan: Plan, call: Call, respond: Callable[[System, Plan, Ranked], R]) -> R:
        with self._engine.turn(plan, call) as turn:
            [turn.answer] = await self._engine.recommend(turn.system, [plan], call)
            response = respond(turn.system, plan, turn.answer)
        turn.compare(plan)
        return response

    def _call(self, context: Context) -> Call:
        """The caller's patience, less what the way back takes."""
        left = context.time_remaining()
        reserve = self._settings.answer_reserve_seconds
        return Call() if left is None else Call(time.monotonic() + left - reserve)

    async def _read(
        self,
        requests: AsyncIterator[api.StreamRecommendRequest | Malformed],
        window: asyncio.Queue[asyncio.Task[api.StreamRecommendResponse] | None],
        call: Call,
    ) -> None:
        """Start on messages as the window has room; ends with them, or with UNAVAILABLE when the server drains."""
        draining = asyncio.create_task(self._lifecycle.draining.wait())
        messages = aiter(requests)
        try:
            while True:
                message = asyncio.ensure_future(anext(messages, None))
                await asyncio.wait({message, draining}, return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    message.cancel()
                    raise UnavailableError("DRAINING", "this server is shutting down; send the rest to another one")
                if (request := message.result()) is None:
                    return
                await window.put(asyncio.create_task(self._answer(request, call)))
        finally:
            draining.cancel()
            await window.put(None)

    async def _answer(self, request: api.StreamRecommendRequest | Malformed, call: Call) -> api.StreamRecommendResponse:
        """The response to one message; an error is a response too."""
        try:
            return await self._recommend(validate.recommend(parsed(request)), call, convert.stream_response)
        except Exception as error:
            request_id = "" if isinstance(request, Malformed) else request.request_id
            return api.StreamRecommendResponse(request_id=request_id, error=to_status(error))
