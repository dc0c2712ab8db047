"""StreamRecommend through both clients, and many calls at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from shortlist import (
    AsyncClient,
    FieldViolation,
    InvalidArgument,
    Options,
    ResourceExhausted,
    ShortlistError,
    StreamRecommendRequest,
    errors,
)
from shortlist.testing import FakeServer
from shortlist.v1 import recommendation_service_pb2 as api

Connect = Callable[..., Any]
INVALID = ShortlistError(
    grpc.StatusCode.INVALID_ARGUMENT,
    "count breaks a rule",
    violations=(FieldViolation("count", "is 1 to 500, not -1"),),
)
OVERLOADED = ShortlistError(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much to do")


def test_stream_answers_in_order_and_goes_on_after_an_error(server: FakeServer, connect: Connect) -> None:
    def answer(request: StreamRecommendRequest) -> api.StreamRecommendResponse:
        if request.count < 0:
            raise INVALID
        return api.StreamRecommendResponse(recommendation={})

    server.stream_recommend.answer = answer
    messages = [StreamRecommendRequest(request_id=f"r{i}", count=-1 if i == 1 else 1) for i in range(4)]
    answers = list(connect(server.address).stream_recommend(messages))
    assert [a.request_id for a in answers] == ["r0", "r1", "r2", "r3"]
    assert [a.HasField("error") for a in answers] == [False, True, False, False]
    error = errors.from_status(answers[1].error)
    assert isinstance(error, InvalidArgument)
    assert error.violations[0].field == "count"


def test_leaving_a_stream_early_stops_sending(server: FakeServer, connect: Connect) -> None:
    client = connect(server.address)
    answers = client.stream_recommend(StreamRecommendRequest(request_id=str(i), count=1) for i in itertools.count())
    assert next(answers).request_id == "0"
    answers.close()
    assert client.recommend("u1").items


def test_stream_raises_when_it_ends_with_an_error(server: FakeServer, connect: Connect) -> None:
    server.stream_recommend.failures = [None, OVERLOADED]
    with pytest.raises(ResourceExhausted):
        list(connect(server.address).stream_recommend([StreamRecommendRequest()] * 2))


async def test_asynchronous_messages_and_many_calls_at_once(server: FakeServer) -> None:
    async def messages() -> Any:
        for i in range(3):
            yield StreamRecommendRequest(request_id=f"r{i}", count=1)

    async with AsyncClient(server.address, Options(timeout=20)) as client:
        assert [a.request_id async for a in client.stream_recommend(messages())] == ["r0", "r1", "r2"]
        answers = await asyncio.gather(*(client.recommend("u1", request_id=f"q{i}") for i in range(20)))
    assert [a.request_id for a in answers] == [f"q{i}" for i in range(20)]
