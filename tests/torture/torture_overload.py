"""More calls than the server can answer: an open loop, which does not wait for answers, at three times the rate at
which callers that wait get theirs. Every call is answered, or refused with RESOURCE_EXHAUSTED at once, or too late for
its deadline of a second; none ends otherwise. Health stays SERVING.

The server has one core for itself, and the load another one. What a refusal costs is told beside what an answer costs,
and how much goodput, answers in time as a share of the peak, this arithmetic leaves.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import server_fakes as fakes
from load_generator import Load, generate, percentile
from observer import Observer
from served import FAKE, REAL, served
from shortlist.v1.recommendation_service_pb2 import RecommendRequest

TITLE = "Overload"
FULL = {"items": 20_000, "seconds": 60.0}
SHORT = {"items": 0, "seconds": 3.0}

RECOMMEND = "/shortlist.v1.RecommendationService/Recommend"
REQUESTS = [RecommendRequest(user_id=f"u{user}").SerializeToString().hex() for user in range(500)]
FACTOR = 3
CALLERS = 32
CONNECTIONS = 8
WARM_SECONDS = 3.0


def torture(folder: Path, seed: int, items: int, seconds: float) -> list[str]:
    """An overload of a bundle of so many items, or of fakes. AssertionError where a call ends otherwise than it may."""
    program, (server_core, load_core) = publish(folder / "bundles", items), cores()
    with served(folder / "bundles", "--log-level", "warning", program=program, cores=server_core) as server:

        def load(**how: float) -> Load:
            return Load(server.address, RECOMMEND, REQUESTS, connections=CONNECTIONS, **how)  # type: ignore[arg-type]

        generate(load(seconds=WARM_SECONDS, callers=CALLERS, deadline=10), load_core)
        used = server.processor_seconds
        peak = generate(load(seconds=max(2.0, seconds / 4), callers=CALLERS, deadline=10), load_core)
        answer_ms = 1e3 * (server.processor_seconds - used) / max(1, peak.calls)
        assert set(peak.ends) == {"OK"}, peak.ends
        used = server.processor_seconds
        with Observer(server) as observer:
            over = generate(load(seconds=seconds, rate=FACTOR * peak.rate), load_core)
        busy_ms = 1e3 * (server.processor_seconds - used)
    assert set(over.ends) <= {"OK", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}, over.ends
    assert observer.serves, observer.ends
    refused = over.ends["RESOURCE_EXHAUSTED"]
    assert refused and over.ends["OK"], over.ends
    refusal_ms = max(0.0, busy_ms - over.ends["OK"] * answer_ms) / refused
    share = refusal_ms / answer_ms
    allowed = max(0.0, (1 - FACTOR * share) / (1 - share))
    ends = ", ".join(f"{count:,} {code}" for code, count in over.ends.most_common())
    return [
        f"peak of {CALLERS} callers that wait: {peak.rate:,.0f} answers a second, {answer_ms:.2f} ms of processor each",
        f"{FACTOR} times that for {seconds:.0f} s: {ends}; 0 CANCELLED",
        f"goodput {over.rate / peak.rate:.2f} of the peak; answers took {percentile(over.answered_ms, 0.5):.0f} ms at"
        f" the median, {percentile(over.answered_ms, 0.99):.0f} ms at the 99th percentile",
        f"a refusal took {percentile(over.refused_ms, 0.5):.1f} ms at the median,"
        f" {percentile(over.refused_ms, 0.99):.1f} ms at the 99th percentile; {refusal_ms:.3f} ms of processor, which"
        f" leaves a goodput of {allowed:.2f}; .90 needs refusals of {answer_ms / 21:.3f} ms",
        f"health: {observer.ends.total():,} checks, all SERVING, {percentile(observer.millis, 0.5):.1f} ms at the"
        f" median, {observer.slowest_ms:.0f} ms at most",
        f"the load was made {percentile(over.behind_ms, 0.99):.1f} ms late at the 99th percentile",
    ]


def publish(bundles: Path, items: int) -> list[str]:
    """A bundle of so many items, or of fakes where that is 0; the program that serves it."""
    if not items:
        fakes.publish(bundles)
        return FAKE
    command = [*REAL, "data", "synthetic-vectors", "--items", str(items), "--bundles", str(bundles)]
    subprocess.run(command, check=True, capture_output=True)
    return REAL


def cores() -> tuple[list[int], list[int]]:
    """One core for the server and another one for the load, where there are two."""
    every = sorted(os.sched_getaffinity(0))
    return every[:1], every[1:2] or every[:1]
