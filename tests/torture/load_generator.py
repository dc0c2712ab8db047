"""The load generator: `python load_generator.py` makes the load that it reads as JSON, and prints what came of it.

It is a process of its own, so that it takes no time from a server on another core.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import grpc

_TICK = 0.002  # seconds between two looks at which calls are due
_AFTER = 5.0  # seconds that calls without a deadline have to end, once the load is over


@dataclass
class Load:
    """What is called, how often, and by whom."""

    address: str
    method: str
    requests: list[str]  # messages in hexadecimal digits, taken in turn
    seconds: float
    rate: float = 0.0  # calls a second, whether or not earlier ones have ended; 0: each caller waits for its answer
    callers: int = 1  # that wait for their answers; of streams, which are kept full
    deadline: float | None = 1.0
    connections: int = 1
    token: str = ""
    stream: bool = False
    cancelled: float = 0.0  # share of calls that the caller leaves


@dataclass
class Outcome:
    """What came of a load: how many calls ended with which status, and the milliseconds that they took."""

    ends: Counter[str] = field(default_factory=Counter)
    answered_ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    behind_ms: list[float] = field(default_factory=list)  # how late calls were made, as the generator was busy
    seconds: float = 0.0
    processor_seconds: float = 0.0

    @property
    def calls(self) -> int:
        return self.ends.total()

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.ends["OK"] / self.seconds

    @property
    def answered(self) -> float:
        """Share of the calls that were answered."""
        return self.ends["OK"] / max(1, self.calls)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of all values lies; 0 without any."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


class Generator:
    """A load under way in another process, until `outcome` is asked for."""

    def __init__(self, load: Load, cores: Sequence[int] = (), nice: int = 0) -> None:
        command = ["nice", "-n", str(nice)]
        command += ["taskset", "-c", ",".join(map(str, cores))] if cores else []
        self._process = subprocess.Popen(
            [*command, sys.executable, "-P", str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(load)).encode())
        self._process.stdin.close()

    def outcome(self) -> Outcome:
        """What came of it, once it is over."""
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.read())
        assert self._process.wait() == 0
        return Outcome(**{**said, "ends": Counter(said["ends"])})


def generate(load: Load, cores: Sequence[int] = ()) -> Outcome:
    """What comes of a load."""
    return Generator(load, cores).outcome()


class _Clients:
    def __init__(self, load: Load) -> None:
        self._load = load
        own = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
        self._channels = [grpc.aio.insecure_channel(load.address, own) for _ in range(load.connections)]
        make = "stream_stream" if load.stream else "unary_unary"
        self._methods: list[Any] = [getattr(channel, make)(load.method) for channel in self._channels]
        self._requests = [bytes.fromhex(request) for request in load.requests]
        self._metadata = [("authorization", f"Bearer {load.token}")] if load.token else None
        self._chance = random.Random(1)
        self._made = 0
        self.outcome = Outcome()

    async def ready(self) -> None:
        await asyncio.gather(*(channel.channel_ready() for channel in self._channels))

    async def call(self) -> None:
        self._made += 1
        begun, request = time.perf_counter(), self._requests[self._made % len(self._requests)]
        calling = self._methods[self._made % len(self._methods)](
            request, timeout=self._load.deadline, metadata=self._metadata
        )
        if self._chance.random() < self._load.cancelled:
            await asyncio.sleep(self._chance.random() * 0.004)
            calling.cancel()
        try:
            await calling
            code = "OK"
        except grpc.aio.AioRpcError as error:
            code = error.code().name
        except asyncio.CancelledError:
            code = "CANCELLED"
        self.count(code, 1e3 * (time.perf_counter() - begun))

    def count(self, code: str, millis: float) -> None:
        self.outcome.ends[code] += 1
        if code in ("OK", "RESOURCE_EXHAUSTED"):
            (self.outcome.answered_ms if code == "OK" else self.outcome.refused_ms).append(millis)

    async def stream(self, until: float) -> None:
        """A stream whose requests come as fast as they are taken; each response counts as a call."""
        self._made += 1

        async def requests() -> AsyncIterator[bytes]:
            number = 0
            while time.perf_counter() < until:
                number += 1
                yield self._requests[number % len(self._requests)]

        method = self._methods[self._made % len(self._methods)]
        try:
            streaming = method(requests(), metadata=self._metadata)
            async for _ in streaming:
                self.count("OK", 0)
                if time.perf_counter() > until:  # many more may be under way, which would be answered for minutes
                    streaming.cancel()
                    return
        except grpc.aio.AioRpcError as error:
            self.count(error.code().name, 0)
            await asyncio.sleep(0.01)

    async def again(self, until: float) -> None:
        while time.perf_counter() < until:
            await (self.stream(until) if self._load.stream else self.call())

    async def open_loop(self, begun: float, until: float) -> None:
        calls: set[asyncio.Task[None]] = set()
        made = 0
        while (now := time.perf_counter()) < until:
            for number in range(made, int((now - begun) * self._load.rate)):
                self.outcome.behind_ms.append(1e3 * (now - begun - number / self._load.rate))
                calls.add(task := asyncio.create_task(self.call()))
                task.add_done_callback(calls.discard)
                made += 1
            await asyncio.sleep(_TICK)
        if calls:
            await asyncio.wait(calls, timeout=_AFTER)


async def _generate(load: Load) -> Outcome:
    clients = _Clients(load)
    await clients.ready()
    begun, used = time.perf_counter(), time.process_time()
    until = begun + load.seconds
    if load.rate:
        await clients.open_loop(begun, until)
    else:
        await asyncio.gather(*(clients.again(until) for _ in range(load.callers)))
    clients.outcome.seconds = time.perf_counter() - begun if not load.rate else load.seconds
    clients.outcome.processor_seconds = time.process_time() - used
    return clients.outcome


if __name__ == "__main__":
    print(json.dumps(vars(asyncio.run(_generate(Load(**json.load(sys.stdin)))))))
