"""A worker that hangs (SIGSTOP) beside one that does not: it is noticed, killed and replaced, and calls to the other
one go on. SIGHUP ends nothing. SIGTERM ends the server within its grace although a worker hangs.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import grpc
import server_fakes as fakes
from load_generator import Load, generate
from served import Served, served
from torture_overload import RECOMMEND, REQUESTS
from waiting import eventually

TITLE = "Workers that hang"
FULL = {"hangs": 20, "ends": 10}
SHORT = {"hangs": 1, "ends": 1}

GRACE = 5.0
LATE = 3.0  # for processes to end on a machine that is busy with other things, in seconds
CALLERS = 16
PATIENCE = 3.0  # of a call, in seconds
PAUSE = 0.02


def torture(folder: Path, seed: int, hangs: int, ends: int) -> list[str]:
    """So many workers that hang, and servers that end meanwhile. AssertionError where calls are lost, or it is slow."""
    fakes.publish(folder / "bundles")
    arguments = ("--workers", "2", "--grace", str(GRACE), "--log-level", "info")
    replaced, lost, others = [], 0, 0
    with served(folder / "bundles", *arguments) as server:
        for _ in range(hangs):
            seconds, failed, answered = _hang(server, folder)
            replaced.append(seconds)
            lost, others = lost + failed, others + answered
        workers = set(server.workers)
        for pid in (server.process.pid, *workers):
            os.kill(pid, signal.SIGHUP)
        assert _failed(server) == 0 and set(server.workers) == workers, "SIGHUP ended something"
    assert not lost and others, (lost, others)
    ended = []
    for _ in range(ends):
        with served(folder / "bundles", *arguments) as server:
            os.kill(server.workers[0], signal.SIGSTOP)
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(60)
            ended.append(time.monotonic() - begun)
    assert max(ended) < GRACE + LATE, ended
    return [
        f"{hangs} workers stopped: replaced after {min(replaced):.1f} to {max(replaced):.1f} s; {others:,} calls on"
        f" connections to the other worker, {lost} failed",
        "SIGHUP to the supervisor and to both workers: all go on",
        f"{ends} SIGTERMs while a worker hangs, with {GRACE:.0f} s of grace: the server ended after {min(ended):.1f} to"
        f" {max(ended):.1f} s",
    ]


def _hang(server: Served, folder: Path) -> tuple[float, int, int]:
    """Stop a worker until it is replaced: how long that takes, and the failed and the answered calls of the other.

    Afterwards the new worker serves.
    """
    served_before = _served_so_far(folder)
    hung = min(server.workers)
    over = threading.Event()
    callers = [_Caller(server.address, over) for _ in range(CALLERS)]
    for caller in callers:
        caller.connected.wait()
    os.kill(hung, signal.SIGSTOP)
    begun = time.monotonic()
    for caller in callers:
        caller.stopped.set()
    eventually(lambda: hung not in server.workers and len(server.workers) == 2)
    seconds = time.monotonic() - begun
    over.set()
    for caller in callers:
        caller.join()
    eventually(lambda: _served_so_far(folder) > served_before)
    return seconds, sum(caller.lost for caller in callers), sum(caller.answered for caller in callers)


def _served_so_far(folder: Path) -> int:
    """How many workers have begun to serve since the server's start."""
    return (folder / "server.log").read_text().count('"worker_serves"')


class _Caller(threading.Thread):
    """Calls on one connection. If it is to the worker that hangs, the first call after that is not answered."""

    def __init__(self, address: str, over: threading.Event) -> None:
        super().__init__()
        self.connected, self.stopped = threading.Event(), threading.Event()
        self.answered = self.lost = 0
        self._address, self._over = address, over
        self.start()

    def run(self) -> None:
        with grpc.insecure_channel(self._address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            recommend = channel.unary_unary(RECOMMEND)
            recommend(bytes.fromhex(REQUESTS[0]), timeout=30)
            self.connected.set()
            self.stopped.wait()
            while not self._over.wait(PAUSE):
                try:
                    recommend(bytes.fromhex(REQUESTS[0]), timeout=PATIENCE)
                    self.answered += 1
                except grpc.RpcError:
                    if not self.answered:
                        return
                    self.lost += 1


def _failed(server: Served) -> int:
    """How many of some calls on new connections fail."""
    load = Load(server.address, RECOMMEND, REQUESTS, 1.0, callers=CALLERS, connections=CALLERS, deadline=10)
    outcome = generate(load)
    return outcome.calls - outcome.ends["OK"]
