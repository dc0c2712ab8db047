from __future__ import annotations

import asyncio
import threading

import grpc
from conftest import Start
from google.rpc import code_pb2
from server_wire import Running, decoded, failure
from shortlist.v1 import recommendation_service_pb2 as api
from waiting import eventually_async

from shortlist_server.rpc import validate


def messages(count: int, **fields):
    return [api.StreamRecommendRequest(request_id=f"r{i}", count=i % 7 + 1, **fields) for i in range(count)]


async def test_every_message_is_answered_in_the_order_sent(running: Running) -> None:
    answers = [answer async for answer in running.api.StreamRecommend(messages(200))]
    assert [answer.request_id for answer in answers] == [f"r{i}" for i in range(200)]
    assert [len(answer.recommendation.items) for answer in answers] == [i % 7 + 1 for i in range(200)]
    assert {answer.bundle_version for answer in answers} == {running.system.version}
    assert running.system.ranker.calls < 200  # messages under way at the same time share model calls


async def test_a_broken_message_is_answered_with_its_error_and_the_stream_goes_on(running: Running) -> None:
    sent = messages(3)
    sent[1].count = 501
    first, broken, last = [answer async for answer in running.api.StreamRecommend(sent)]
    assert first.HasField("recommendation") and last.HasField("recommendation")
    assert (broken.request_id, broken.bundle_version) == ("r1", "")
    assert broken.error.code == code_pb2.INVALID_ARGUMENT
    details = decoded(broken.error, grpc.StatusCode.INVALID_ARGUMENT, {})
    assert set(details.violations) == {"count"} and details.info.domain == "shortlist"


async def test_bytes_that_are_no_message_are_answered_in_band_too(running: Running) -> None:
    call = running.channel.stream_stream("/shortlist.v1.RecommendationService/StreamRecommend")
    sent = [b"\xff\xff", messages(1)[0].SerializeToString()]
    broken, fine = [api.StreamRecommendResponse.FromString(each) async for each in call(iter(sent))]
    assert broken.error.code == code_pb2.INVALID_ARGUMENT and fine.HasField("recommendation")


async def test_a_stream_works_on_no_more_than_its_window(start: Start, monkeypatch) -> None:
    running = await start(stream_window=4)
    free, taken, validated = threading.Event(), [], validate.recommend
    running.system.retriever.before = lambda: free.wait(30)
    monkeypatch.setattr(
        validate, "recommend", lambda request, *more: taken.append(request) or validated(request, *more)
    )
    call = running.api.StreamRecommend(messages(100))
    reading = asyncio.ensure_future(call.read())
    await eventually_async(lambda: running.system.retriever.calls and len(taken) >= 4)
    health = running.channel.unary_unary("/grpc.health.v1.Health/Check")
    for _ in range(20):  # they come after the messages on the same connection: what can be read is read by then
        await health(b"")
    assert 4 <= len(taken) <= 6  # the window, the one that is waited for, and one that waits for room
    free.set()
    assert (await reading).request_id == "r0"
    call.cancel()
    await asyncio.wait_for(running.server.lifecycle.idle(), 5)


async def test_a_draining_server_answers_what_it_has_read_and_ends_the_stream(running: Running) -> None:
    call = running.api.StreamRecommend()
    await call.write(messages(1)[0])
    assert (await call.read()).HasField("recommendation")
    free = threading.Event()
    running.system.retriever.before = lambda: free.wait(30)
    await call.write(messages(2)[1])
    await eventually_async(lambda: len(running.system.retriever.calls) == 2)
    draining = asyncio.create_task(running.server.drain())
    await running.server.lifecycle.draining.wait()
    free.set()
    assert (await call.read()).request_id == "r1"

    got = await failure(_read_on(call))
    assert (got.code, got.info.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    await draining


async def _read_on(call) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass
