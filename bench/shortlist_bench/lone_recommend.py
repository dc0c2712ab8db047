"""How long one Recommend takes when nobody else asks: the Python client against a real server process on this machine.

    .venv/bin/python -m shortlist_bench.lone_recommend --bundles bundles [--users 200] [--calls 1000] [--count 20]

Prints the percentiles over calls for users drawn from the bundle, after a warm-up, and the stages' medians from traces.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from shortlist import Client
from shortlist.v1.recommendation_pb2 import Stage

from shortlist_bundle import BundleStore
from shortlist_bundle.histories import Histories
from shortlist_core.processes import python_module

WARM_UP = 50


def main() -> None:
    """Serve the current bundle in a process of its own and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundles", type=Path, required=True)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--calls", type=int, default=1_000)
    parser.add_argument("--count", type=int, default=20)
    arguments = parser.parse_args()
    ids = Histories.load(BundleStore(arguments.bundles).load()).ids
    drawn = np.random.default_rng(0).choice(len(ids), min(arguments.users, len(ids)), replace=False)
    users = ids.take(np.sort(drawn))
    with tempfile.TemporaryDirectory() as folder:
        command = python_module("shortlist_cli.main", "serve", "--bundles", str(arguments.bundles))
        command += ["--address", "127.0.0.1:0", "--state", f"sqlite:{folder}/state.sqlite", "--log-level", "warning"]
        command += ["--reuse", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = server.stdout.readline().removeprefix("SERVING on ").split(": ")[0]
        try:
            measure(address, users, arguments.calls, arguments.count)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def measure(address: str, users: list[str], calls: int, count: int) -> None:
    """Ask one call after the other and print what it took."""
    with Client(address) as client:
        for i in range(WARM_UP):
            client.recommend(users[i % len(users)], count, timeout=10)
        times = []
        for i in range(calls):
            start = time.perf_counter()
            client.recommend(users[i % len(users)], count, timeout=10)
            times.append(time.perf_counter() - start)
        stages = defaultdict(list)
        for user in users:
            for stage in client.recommend(user, count, timeout=10, include_trace=True).trace:
                stages[Stage.Name(stage.stage)].append(stage.duration_micros)
    millis = np.percentile(np.array(times) * 1000, [50, 95, 99])
    print(f"{calls} calls, {count} items each: p50 {millis[0]:.2f} ms, p95 {millis[1]:.2f} ms, p99 {millis[2]:.2f} ms")
    for name, micros in stages.items():
        print(f"  {name.removeprefix('STAGE_').lower():10s} median {np.median(micros) / 1000:6.2f} ms")


if __name__ == "__main__":
    main()
