"""What is in flight: the bytes that calls hold, and how long callers may take to send, to read and to go on.

Memory is bounded in three ways. Only a few large requests are received at the same time. What calls hold together has
one budget, beyond which calls are refused. A caller that sends or reads too slowly is let go, which frees its bytes.

Tenants share the budget: whatever the others hold, each has its equal share, so up to twice the budget may be held.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, cast

import grpc

from shortlist_core.errors import OverloadedError
from shortlist_server.base.settings import Settings
from shortlist_server.rpc.caller import lane_of
from shortlist_server.rpc.grpc_server import rpc_task
from shortlist_server.serving.fair_queue import FairQueue

CALL_BYTES = 24 * 1024
"""What an open call holds beside its messages, roughly: objects of gRPC, of the event loop and of ours."""
PARSED = 4  # a parsed message takes about so many times the bytes of its wire form, next to these

_SHARE = 4  # one caller has at most so small a part of the streams that there may be
_RECEIVING = 32  # requests received at the same time; one takes up to `max_message_bytes` until it is complete
_MOST_TURNS = 512  # requests of one caller that wait to be received
_TOO_MANY_BYTES = "the calls in flight hold as much memory as they may together"
_TOO_MANY_REQUESTS = "too many requests are on their way to this server"
_TURN_SECONDS = 2.0  # that a request waits to be received
_LINGERING_SECONDS = 0.25  # a request that takes longer gives way to others that wait to be received
_LOOK_SECONDS = 0.25


@dataclass(slots=True, eq=False)
class Held:
    """What one call holds, and what it waits for."""

    bytes: int = 0
    tenant: str = ""  # empty for calls that belong to none
    task: asyncio.Task[None] | None = None  # of the handler
    rpc_task: asyncio.Task[None] | None = None  # of the whole call
    refusable: bool = True  # whether too many bytes refuse it: health is told in any case
    lane: str = ""  # of a stream
    is_stream: bool = False  # whether its caller may send more messages
    waits_for: str = ""  # empty while the server works
    since: float = 0.0  # on time.monotonic's clock
    let_go: str = ""  # what the call waited for when it was let go
    unanswered: deque[int] = field(default_factory=deque)  # bytes of a stream's messages that have no response yet


class InFlight:
    """All calls in flight of a process. It belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        tenants = max(1, len(settings.tenants))
        self._most, self._share = settings.max_bytes_in_flight, settings.max_bytes_in_flight // tenants
        self._share_of_receiving = max(1, _RECEIVING // tenants)
        self._patience = {
            "request": settings.receive_seconds,
            "message": settings.stream_idle_seconds,
            "reader": settings.send_seconds,
        }
        self.bytes = 0
        self._bytes_of: Counter[str] = Counter()  # by tenant
        self._calls: set[Held] = set()
        self._receiving: set[Held] = set()
        self._turns: FairQueue[asyncio.Future[None]] = FairQueue()
        self._streams: Counter[str] = Counter()  # by lane

    def begin(self, held: Held) -> None:
        """Count the call under way. Raises OverloadedError where calls hold too much already."""
        self.hold(held, CALL_BYTES)
        held.task, held.rpc_task = asyncio.current_task(), rpc_task()
        self._calls.add(held)

    def begin_stream(self, held: Held, lane: str) -> None:
        """Count the call as a stream, which may last. Raises OverloadedError where its caller has too many of them."""
        if self._streams[lane] >= self._most // CALL_BYTES // _SHARE:
            raise OverloadedError("this caller has as many streams as a caller may have", 1.0)
        held.lane = lane
        self._streams[lane] += 1

    def end(self, held: Held) -> None:
        """Count the call no longer."""
        if held.lane:
            self._streams[held.lane] -= 1
            if not self._streams[held.lane]:
                del self._streams[held.lane]
            held.lane = ""
        self._calls.discard(held)
        self.release(held, held.bytes)

    def check(self, tenant: str = "", count: int = CALL_BYTES) -> None:
        """Return if there is room for so many more bytes, or for one more call. Raises OverloadedError otherwise."""
        if self.bytes + count > self._most and self._bytes_of[tenant] + count > self._share:
            raise OverloadedError(_TOO_MANY_BYTES, 1.0)

    def hold(self, held: Held, count: int) -> None:
        """Count so many more bytes for the call. Raises OverloadedError where all calls hold too much."""
        if held.refusable:
            self.check(held.tenant, count)
        held.bytes += count
        self.bytes += count
        self._bytes_of[held.tenant] += count

    def release(self, held: Held, count: int) -> None:
        """Count so many bytes less for the call."""
        held.bytes -= count
        self.bytes -= count
        self._bytes_of[held.tenant] -= count

    async def receive(self, held: Held, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        """The request of a call. Few are received at once, and the slowest gives way to those that wait.

        Callers take turns. Health does not wait. Raises OverloadedError where the turn does not come soon.
        """
        while held.refusable and not self._may_receive(held.tenant):
            await self._turn(lane_of(context))
        if held.refusable:
            self._receiving.add(held)
        self.await_caller(held, "request")
        try:
            return cast(bytes, await context.read())
        finally:
            self.go_on(held)
            self._receiving.discard(held)
            self._next_turn()

    def receive_next(self, held: Held, count: int) -> None:
        """Count a message of a stream, until it is answered."""
        self.hold(held, count)
        held.unanswered.append(count)
        self.go_on(held)

    def answered(self, held: Held) -> None:
        """A response of a stream has been sent, so its message is counted no longer."""
        if held.unanswered:
            self.release(held, held.unanswered.popleft())
        self.await_caller(held, "message") if held.is_stream else self.go_on(held)

    def await_caller(self, held: Held, what: str) -> None:
        """From now on the call waits for its caller: for the "request", a "message" of a stream, or the "reader"."""
        held.waits_for, held.since = what, time.monotonic()

    def go_on(self, held: Held) -> None:
        """The call no longer waits for its caller."""
        held.waits_for = ""

    async def watch(self) -> None:
        """Let go of callers that take too long, until the task is cancelled."""
        while True:
            looked = time.monotonic()
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            for held in [held for held in self._calls if held.waits_for or held.let_go]:
                if held.let_go or now - held.since > self._patience[held.waits_for]:
                    self._let_go(held)
            if now - looked > 2 * _LOOK_SECONDS:
                continue  # it was this process that was slow, and not its callers
            waiting = sum(not turn.done() for turn in self._turns)
            for held in sorted(self._receiving, key=lambda held: held.since)[:waiting]:
                if now - held.since > _LINGERING_SECONDS:
                    self._let_go(held)

    def _let_go(self, held: Held) -> None:
        """End the call with a status; in the next round, where the caller does not read that either, without one."""
        if held.let_go and held.rpc_task:
            held.rpc_task.cancel()
        held.let_go = held.let_go or held.waits_for
        if held.task:
            held.task.cancel()

    async def _turn(self, lane: str) -> None:
        if self._turns.length(lane) >= _MOST_TURNS:
            raise OverloadedError(_TOO_MANY_REQUESTS, 1.0)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.put(turn, lane, urgent=True)
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if not turn.cancelled():  # its turn had come
                self._next_turn()
            if isinstance(error, TimeoutError):
                raise OverloadedError(_TOO_MANY_REQUESTS, 1.0) from None
            raise

    def _may_receive(self, tenant: str) -> bool:
        if len(self._receiving) < _RECEIVING:
            return True
        return sum(held.tenant == tenant for held in self._receiving) < self._share_of_receiving

    def _next_turn(self) -> None:
        while (turn := self._turns.take()) is not None:
            if not turn.done():
                turn.set_result(None)
                return
