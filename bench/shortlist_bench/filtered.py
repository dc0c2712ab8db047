"""What filters cost: requests whose price filter lets a share of the catalogue through, against those without one.

    .venv/bin/python -m shortlist_bench.filtered --bundles bench/.bundles/1m [--calls 1000]

Every request has another range of prices, so that no result of a filter is there already. Requests of all shares come
by turns, so that they share what else happens on the machine.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from shortlist import Client, Filter, conditions

from shortlist_bench.processes import shortlist
from shortlist_bench.requests import CANDIDATES, COUNT, users
from shortlist_bundle import BundleStore
from shortlist_bundle.histories import Histories
from shortlist_bundle.items import ItemTable
from shortlist_core.types import Float32s

SHARES = (0.5, 0.1, 0.01, 0.001, 0.0001)
NARROW = 0.001
"""The share that the target is stated for."""

WARM_UP = 50


def filters(items: ItemTable, share: float, count: int) -> list[Filter]:
    """Different ranges of prices, each of which about a `share` of the items lies in."""
    prices: Float32s = np.sort(items.prices[~np.isnan(items.prices)])
    width = max(round(share * len(items)), 1)
    starts = np.random.default_rng(0).integers(0, max(len(prices) - width, 1), count)
    ends = np.minimum(starts + width, len(prices)) - 1
    bounds = zip(prices[starts].tolist(), prices[ends].tolist(), strict=True)
    return [Filter(condition=conditions.price(at_least=low, at_most=high)) for low, high in bounds]


def check(address: str, items: ItemTable, asked: Sequence[str], wanted: Sequence[Filter]) -> None:
    """Raises RuntimeError where an answer is short although enough items pass, degraded, or breaks the filter."""
    with Client(address) as client:
        for user, filter in zip(asked, wanted, strict=False):
            answer = client.recommend(user, COUNT, candidate_count=CANDIDATES, filter=filter, timeout=60)
            inside = filter.condition.price
            rows = items.ids.rows([item.item_id for item in answer.items])
            passing = np.count_nonzero((items.prices >= inside.at_least) & (items.prices <= inside.at_most))
            kept = (items.prices[rows] >= inside.at_least) & (items.prices[rows] <= inside.at_most)
            # Up to a few thousand items may have been seen by the user.
            if answer.degraded or not kept.all() or (passing > COUNT + 1_000 and len(rows) < COUNT):
                raise RuntimeError(f"{user}: {len(rows)} items, {kept.sum()} within the filter, of {passing}")


def main() -> None:
    """Serve the current bundle in a process of its own, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundles", type=Path, required=True)
    parser.add_argument("--calls", type=int, default=1_000)
    arguments = parser.parse_args()
    bundle = BundleStore(arguments.bundles).load()
    items, asked = ItemTable.load(bundle), users(Histories.load(bundle))
    cores = sorted(os.sched_getaffinity(0))[:1]
    with shortlist(arguments.bundles, cores) as server:
        wanted = {share: filters(items, share, arguments.calls) for share in SHARES}
        for share in SHARES:
            check(server.address, items, asked[:20], wanted[share])
        seconds = measure(server.address, asked, wanted, arguments.calls)
    plain = np.percentile(seconds[1.0], [50, 99])
    for share, taken in seconds.items():
        p50, p99 = np.percentile(taken, [50, 99])
        ratios = f"{p50 / plain[0]:.2f} and {p99 / plain[1]:.2f} times those without a filter"
        print(f"{share:8.2%} of {len(items):,} items: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms: {ratios}")


def measure(
    address: str, asked: Sequence[str], wanted: dict[float, list[Filter]], calls: int
) -> dict[float, list[float]]:
    """Seconds of each call by the share that its filter lets through; 1.0: without a filter."""
    seconds: dict[float, list[float]] = defaultdict(list)
    with Client(address) as client:
        for i in range(-WARM_UP, calls):
            user = asked[i % len(asked)]
            for share in (1.0, *wanted):
                filter = wanted[share][i] if share < 1 else None
                begun = time.perf_counter()
                client.recommend(user, COUNT, candidate_count=CANDIDATES, filter=filter, timeout=60)
                if i >= 0:
                    seconds[share].append(time.perf_counter() - begun)
    return dict(seconds)


if __name__ == "__main__":
    main()
