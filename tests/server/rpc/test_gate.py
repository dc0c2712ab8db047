"""The gate refuses queries before anything else is done for them, and lets all others pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from connected import connected

from shortlist_core.errors import OverloadedError
from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.metrics import Metrics
from shortlist_server.pipeline.request import RequestContext
from shortlist_server.rpc.auth import READ, Authority, Token
from shortlist_server.rpc.gate import Gate
from shortlist_server.rpc.grpc_server import grpc_server
from shortlist_server.serving.limiter import Limiter

SERVICE = "shortlist.v1.RecommendationService"
CODE = grpc.StatusCode.RESOURCE_EXHAUSTED


class Counting(Metrics):
    """Notes how calls ended."""

    def __init__(self) -> None:
        self.ends: list[tuple[str, str]] = []

    def handled(self, method: str, code: str, seconds: float) -> None:
        self.ends.append((method, code))


class Rules:
    """What the gate asks: everything is full unless a test says otherwise."""

    def __init__(self) -> None:
        self.busy, self.memory = True, True
        self.lanes: list[str] = []
        self.lifecycle, self.metrics, self.pending = Lifecycle(), Counting(), list[int]()
        self.limiter = Limiter(64, self.pending.append)

    def is_busy(self) -> bool:
        return self.busy

    def enter(self, context: RequestContext | None) -> Any:
        if context is None:
            return self.limiter.enter(None)
        self.lanes.append(context.lane)
        raise OverloadedError("full", 0.5)

    def check_memory(self) -> None:
        if not self.memory:
            raise OverloadedError("no memory", 1.0)

    @asynccontextmanager
    async def serving(self, authority: Authority | None = None) -> AsyncIterator[grpc.aio.Channel]:
        async def echo(request: bytes, context: Any) -> bytes:
            return request

        class Around(grpc.aio.ServerInterceptor):
            async def intercept_service(self, continuation: Any, details: Any) -> Any:
                return await continuation(details)

        gate = Gate(self.lifecycle, authority, self.metrics, self.check_memory, {"": self})
        server = grpc_server(Around(), [], gate)
        handler = grpc.unary_unary_rpc_method_handler(echo)
        server.add_registered_method_handlers(SERVICE, {"Recommend": handler, "BatchRecommend": handler})
        server.add_registered_method_handlers("grpc.health.v1.Health", {"Check": handler})
        async with connected(server) as (channel, _):
            yield channel


async def refusal(channel: grpc.aio.Channel, method: str = "Recommend", **more: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await channel.unary_unary(f"/{SERVICE}/{method}")(b"x", **more)
    return ended.value


async def test_a_query_without_room_is_refused_with_advice_and_counted() -> None:
    rules = Rules()
    async with rules.serving() as channel:
        error = await refusal(channel)
    assert (error.code(), error.details()) == (CODE, "full")
    assert ("grpc-retry-pushback-ms", "500") in tuple(error.trailing_metadata())
    assert rules.metrics.ends == [(f"/{SERVICE}/Recommend", CODE.name)]


async def test_batches_and_health_pass_and_so_does_every_query_of_a_server_that_is_not_busy() -> None:
    rules = Rules()
    async with rules.serving() as channel:
        assert await channel.unary_unary(f"/{SERVICE}/BatchRecommend")(b"x") == b"x"
        assert await channel.unary_unary("/grpc.health.v1.Health/Check")(b"x") == b"x"
        rules.busy = False
        assert await channel.unary_unary(f"/{SERVICE}/Recommend")(b"x") == b"x"
    assert rules.limiter.pending == 0  # its place was left at its end


async def test_without_memory_all_but_health_is_refused() -> None:
    rules = Rules()
    rules.memory = False
    async with rules.serving() as channel:
        assert (await refusal(channel, "BatchRecommend")).details() == "no memory"
        assert await channel.unary_unary("/grpc.health.v1.Health/Check")(b"x") == b"x"


async def test_a_draining_server_leaves_the_refusal_to_the_middleware() -> None:
    rules = Rules()
    rules.lifecycle.drain()
    async with rules.serving() as channel:
        assert await channel.unary_unary(f"/{SERVICE}/Recommend")(b"x") == b"x"


async def test_callers_are_told_apart_by_their_tokens_and_unknown_ones_are_left_to_the_middleware() -> None:
    rules = Rules()
    tokens = [Token(Token.hashed("secret"), frozenset({READ}), "shop")]
    async with rules.serving(Authority(tokens)) as channel:
        await refusal(channel, metadata=[("authorization", "Bearer secret")])
        assert await channel.unary_unary(f"/{SERVICE}/Recommend")(b"x") == b"x"
        assert rules.lanes == ["shop"]
        assert not rules.pending  # no place was taken


def test_a_request_that_was_checked_as_it_entered_is_not_refused_later() -> None:
    limiter, caller = Limiter(1), RequestContext(lane="a")
    caller.place = limiter.enter(caller)
    assert limiter.pending == 1
    limiter.enter(None)  # not checked yet
    with limiter.admit(1, caller):
        assert limiter.pending == 2
    with pytest.raises(OverloadedError), limiter.admit(2, caller):  # its place is left: this is another request
        raise AssertionError


def test_a_caller_whose_requests_are_long_on_their_way_does_not_keep_others_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    limiter = Limiter(64)
    slow = [limiter.enter(RequestContext(lane="slow")) for _ in range(2)]
    now = 110.0
    slow[0].leave()
    with pytest.raises(OverloadedError, match="deadline"):
        limiter.enter(RequestContext(deadline=now + 1, lane="slow"))
    assert limiter.enter(RequestContext(deadline=now + 1, lane="quick")).checked
