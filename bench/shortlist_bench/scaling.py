"""What a second core adds on this machine: the retriever in one process, then in one on each of two cores at once.

Cores share the path to memory, and virtual ones may share more than that. No server in two processes can gain more
than the bare work in them does.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from shortlist_bench.machine import ONE_THREAD, pinned
from shortlist_bench.requests import CANDIDATES, users
from shortlist_bundle import BundleStore
from shortlist_bundle.histories import Histories
from shortlist_core.processes import python_module
from shortlist_retrieval.retriever import Retriever

BATCH, BATCHES = 16, 16


def second_core_ratio(bundles: Path, cores: Sequence[int], seconds: float, environment: dict[str, str]) -> float | None:
    """Batches a second of two processes over those of one, median of three; None where there is one core alone."""
    if len(cores) < 2:
        return None
    command = python_module("shortlist_bench.scaling", str(bundles))
    retrievers = [
        subprocess.Popen(
            pinned([core], command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment, **ONE_THREAD},
        )
        for core in cores[:2]
    ]
    try:
        for each in retrievers:
            _answer(each)  # it is ready
        ratios = []
        for _ in range(3):
            alone = sum(_run(retrievers[:1], seconds))
            ratios.append(sum(_run(retrievers, seconds)) / alone)
        return sorted(ratios)[1]
    finally:
        for each in retrievers:
            each.kill()
            each.communicate()


def _run(retrievers: Sequence[subprocess.Popen[str]], seconds: float) -> list[float]:
    for each in retrievers:
        assert each.stdin is not None
        each.stdin.write(f"{seconds}\n")
        each.stdin.flush()
    return [float(_answer(each)) for each in retrievers]


def _answer(retriever: subprocess.Popen[str]) -> str:
    assert retriever.stdout is not None
    if not (line := retriever.stdout.readline()):
        raise RuntimeError("a retriever ended before it had answered")
    return line


def main() -> None:
    """Load, say so, then for each line on standard input retrieve for so many seconds and print batches a second."""
    bundle = BundleStore(Path(sys.argv[1])).load()
    histories, retriever = Histories.load(bundle), Retriever.load(bundle)
    asked = users(histories, BATCH * BATCHES)
    batches = [histories.queries(asked[start : start + BATCH]) for start in range(0, len(asked), BATCH)]
    seen = [queries.seen() for queries in batches]
    for queries, blocked in zip(batches, seen, strict=True):
        retriever.retrieve(queries, CANDIDATES, blocked=blocked)
    print("ready", flush=True)
    for line in sys.stdin:
        begun, done = time.monotonic(), 0
        while (passed := time.monotonic() - begun) < float(line):
            retriever.retrieve(batches[done % len(batches)], CANDIDATES, blocked=seen[done % len(batches)])
            done += 1
        print(done / passed, flush=True)


if __name__ == "__main__":
    main()
