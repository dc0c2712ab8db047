"""A long load of which one call in ten is taken back by its caller: the worker's private memory grows by less than
100 MB after its first minutes. Beside it stands a server that leaks on purpose, which the same measure finds.

The load does not wait for answers. So where the machine itself stands still for seconds, the server may refuse a few of
the calls that come at once afterwards, one in a thousand at most.
"""

from __future__ import annotations

import time
from pathlib import Path

import server_fakes as fakes
from load_generator import Generator, Load
from served import Served, served
from torture_overload import RECOMMEND, REQUESTS

TITLE = "A long load"
FULL = {"seconds": 3_600.0, "rate": 100.0}
SHORT = {"seconds": 4.0, "rate": 50.0}

MOST_MB = 100.0
SETTLING = 0.2  # share of the time after which growth counts
LEAK_BYTES = 1_000_000  # that the control keeps of each batch


def torture(folder: Path, seed: int, seconds: float, rate: float) -> list[str]:
    """A load for so many seconds. AssertionError where the server grows, or the control does not."""
    fakes.publish(folder / "bundles")
    own, _, ends = _growth(folder, seconds, rate, leak=0)
    assert own < MOST_MB, f"{own:.0f} MB"
    short = min(seconds, 60.0)
    control, control_answered, _ = _growth(folder, short, rate, leak=LEAK_BYTES)
    least = control_answered / 16 * (1 - SETTLING) * LEAK_BYTES / 2**20 / 2  # up to 16 answers share a batch
    assert control > least and control > own, f"the leak of the control was not found: {control:.0f} MB"
    return [
        f"{seconds:,.0f} s at {rate:.0f} calls a second, one in ten taken back: {ends}; {own:+.1f} MB since the first"
        f" {SETTLING * seconds:,.0f} s",
        f"the control, which keeps {LEAK_BYTES / 1e6:.0f} MB of each batch, for {short:.0f} s: {control:+.1f} MB",
    ]


def _growth(folder: Path, seconds: float, rate: float, leak: int) -> tuple[float, int, str]:
    """By how many MB a server grows under load, the answers, and how calls ended."""
    arguments = ("--log-level", "error")
    with served(folder / "bundles", *arguments, FAKE_RANKER_LEAK=str(leak)) as server:
        load = Load(server.address, RECOMMEND, REQUESTS, seconds, rate=rate, deadline=10, connections=4, cancelled=0.1)
        generator = Generator(load)
        _wait_for_growth(server)
        time.sleep(SETTLING * seconds)  # what is tried is time itself
        first = server.private_mb
        outcome = generator.outcome()
        last = server.private_mb
    ends = ", ".join(f"{count:,} {code}" for code, count in outcome.ends.most_common())
    refused = outcome.ends["RESOURCE_EXHAUSTED"]
    expected = set(outcome.ends) <= {"OK", "CANCELLED", "RESOURCE_EXHAUSTED"} and outcome.ends["OK"] > 999 * refused
    assert expected, f"{ends}; {last - first:+.1f} MB since the first {SETTLING * seconds:,.0f} s"
    return last - first, outcome.ends["OK"], ends


def _wait_for_growth(server: Served) -> None:
    """Wait until the first calls are answered."""
    used = server.processor_seconds
    until = time.monotonic() + 60
    while server.processor_seconds < used + 0.05 and time.monotonic() < until:
        time.sleep(0.1)
