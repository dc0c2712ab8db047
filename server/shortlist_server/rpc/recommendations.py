"""RecommendationService: each method validates, asks the engine, and converts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import grpc
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceServicer

from shortlist_core.errors import UnavailableError
from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.settings import Settings
from shortlist_server.pipeline.request import RequestContext
from shortlist_server.rpc import convert, validate
from shortlist_server.rpc.caller import charge, check_again, request_context
from shortlist_server.rpc.messages import Malformed, off_loop, parsed
from shortlist_server.rpc.placement_file import PlacementFile
from shortlist_server.rpc.status import to_status
from shortlist_server.serving.engine import Engine
from shortlist_server.system.placements.placement import NO_PLACEMENTS, Placements

Context = grpc.aio.ServicerContext[Any, Any]


class RecommendationServicer(RecommendationServiceServicer):
    """Raises the domain's errors; the middleware turns them into statuses."""

    def __init__(
        self, engine: Engine, lifecycle: Lifecycle, settings: Settings, placements: PlacementFile | None = None
    ) -> None:
        """Without a file of placements there are none."""
        self._engine = engine
        self._lifecycle = lifecycle
        self._settings = settings
        self._file = placements
        self._most = settings.max_message_bytes

    async def Recommend(self, request: api.RecommendRequest, context: Context) -> api.RecommendResponse:
        """See the service's definition, as for all methods here."""
        query, caller = validate.recommend(request, self._placements), self._caller(context)
        return await self._engine.recommend(query, caller, partial(convert.recommend_response, self._most))

    async def BatchRecommend(self, request: api.BatchRecommendRequest, context: Context) -> api.BatchRecommendResponse:
        """One bundle answers all queries, in one batch where their filters and candidate counts are equal."""
        (request_id, queries), bundle = (
            await off_loop(partial(validate.batch_recommend, placements=self._placements), request),
            self._engine.stable,
        )
        charge(len(queries) - 1)
        answers = await self._engine.recommend_batch(bundle, queries, self._caller(context, urgent=False))
        response = await asyncio.to_thread(
            convert.batch_response, self._most, bundle, request_id, queries, answers
        )  # may be large
        for query, answer in zip(queries, answers, strict=True):
            self._engine.shown(bundle, query, answer)
        return response

    async def StreamRecommend(
        self, request_iterator: AsyncIterator[api.StreamRecommendRequest], context: Context
    ) -> AsyncIterator[api.StreamRecommendResponse]:
        """A bounded window of messages is answered at the same time; the answers keep the order of the messages."""
        window: asyncio.Queue[asyncio.Task[api.StreamRecommendResponse] | None]
        window = asyncio.Queue(self._settings.stream_window)
        caller = self._caller(context, urgent=False)
        reading = asyncio.create_task(self._read(request_iterator, window, caller))
        try:
            while (answering := await window.get()) is not None:
                yield await answering
            await reading  # raises the error that reading ended with
        finally:
            caller.cancelled = True
            left: list[asyncio.Task[Any]] = [reading]
            while not window.empty():
                if (unsent := window.get_nowait()) is not None:
                    left.append(unsent)
            await _ended(left)

    async def Retrieve(self, request: api.RetrieveRequest, context: Context) -> api.RetrieveResponse:
        """The candidates of stage one, without ranking."""
        query, caller = validate.retrieve(request), self._caller(context)
        return await self._engine.retrieve(query, caller, partial(convert.retrieve_response, self._most))

    async def Rank(self, request: api.RankRequest, context: Context) -> api.RankResponse:
        """The caller's own candidates, ordered by stage two."""
        query, caller = validate.rank(request), self._caller(context)
        return await self._engine.rank(query, caller, partial(convert.rank_response, self._most))

    async def SimilarItems(self, request: api.SimilarItemsRequest, context: Context) -> api.SimilarItemsResponse:
        """The neighbours of an item."""
        query, caller = validate.similar_items(request), self._caller(context)
        return await self._engine.similar(query, caller, partial(convert.similar_items_response, self._most))

    @property
    def _placements(self) -> Placements:
        return NO_PLACEMENTS if self._file is None else self._file.current

    def _caller(self, context: Context, urgent: bool = True) -> RequestContext:
        return request_context(context, self._settings.answer_reserve_seconds, urgent)

    async def _read(
        self,
        requests: AsyncIterator[api.StreamRecommendRequest | Malformed],
        window: asyncio.Queue[asyncio.Task[api.StreamRecommendResponse] | None],
        caller: RequestContext,
    ) -> None:
        """Start to answer messages as long as the window is not full.

        Ends after the last message. Raises UnavailableError when the server drains, UnauthenticatedError once the token
        is not accepted any more.
        """
        draining = asyncio.create_task(self._lifecycle.draining.wait())
        messages = aiter(requests)
        left: list[asyncio.Future[Any]] = [draining]
        try:
            while True:
                message = asyncio.ensure_future(anext(messages, None))
                left[1:] = [message]
                await asyncio.wait({message, draining}, return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    raise UnavailableError("DRAINING", "this server is shutting down; send the rest to another one")
                if (request := message.result()) is None:
                    return
                check_again()
                await window.put(asyncio.create_task(self._answer(request, caller)))
        finally:
            await _ended(left)
            await window.put(None)

    async def _answer(
        self, request: api.StreamRecommendRequest | Malformed, caller: RequestContext
    ) -> api.StreamRecommendResponse:
        """The response to one message. An error of the message is a response too, and does not end the stream."""
        try:
            query = validate.recommend(parsed(request), self._placements)
            return await self._engine.recommend(query, caller, partial(convert.stream_response, self._most))
        except Exception as error:
            request_id = "" if isinstance(request, Malformed) else request.request_id
            return api.StreamRecommendResponse(request_id=request_id, error=to_status(error))


async def _ended(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel the tasks, and wait until each has ended, however: whoever leaves an error unread has it in the log."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
