"""Everything that is measured at one size of the catalogue, in one go, so that its numbers can be compared."""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from shortlist import Client
from shortlist.v1.event_pb2 import EVENT_TYPE_PURCHASE, Event
from shortlist.v1.recommendation_pb2 import Stage

from shortlist_bench import filtered
from shortlist_bench.freshness import searchable_seconds
from shortlist_bench.ghz import WRITE, Ghz, Load
from shortlist_bench.machine import ONE_THREAD, Cores, children, pinned, private_mb
from shortlist_bench.processes import Server, python_server, shortlist
from shortlist_bench.requests import CANDIDATES, COUNT, users, write_events, write_recommends
from shortlist_bench.scaling import second_core_ratio
from shortlist_bundle import Bundle, BundleStore
from shortlist_bundle.histories import Histories
from shortlist_bundle.items import ItemTable
from shortlist_core.processes import python_module

CALLERS = (1, 4, 16, 64)
ECHO_CALLERS = 16
TUTORIAL_CALLERS = 4
WORKER_CALLERS = 110
"""For each of several workers: so many that there are always some waiting, and that one process takes them all if the
kernel gives it every connection.
"""
FILTERED_PAIRS = 3
PAIRS = 7  # single ones lie between 1.6 and 2.1
AGAIN_CALLERS = (1, 64)
REUSE_SECONDS = 3_600.0
"""So that no answer is forgotten while it is measured."""
SHARES = (0.25, 0.5, 0.75, 0.9)
"""Of the closed loop's peak, what the open loop offers."""

TRACED = 100
WARM_UP_SECONDS = 2.0

Progress = Callable[[str], None]
Result = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One size: its bundle, and how long each run of the load generator takes."""

    bundles: Path
    seconds: float
    workers: int
    progress: Progress

    def measure(self) -> Result:
        """All measurements, as plain data."""
        bundle = BundleStore(self.bundles).load()
        histories, items = Histories.load(bundle), ItemTable.load(bundle)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            recommends = write_recommends(folder / "recommends.bin", histories)
            events = write_events(folder / "events.json", histories, items)
            cores = Cores.of_machine()
            ghz = Ghz(cores.load, folder)
            result: Result = {"items": len(items), "users": len(histories.ids), **storage(bundle, len(items))}
            self.progress("the parts by themselves")
            result["parts"] = self._parts(cores)
            self.progress("the retriever on two cores")
            every = sorted(os.sched_getaffinity(0))
            result["second_core_ratio"] = second_core_ratio(self.bundles, every, self.seconds, quiet())
            self.progress("the server on one core")
            with shortlist(self.bundles, cores.server) as server:
                result["server"] = self._server(server, ghz, recommends, events, histories)
                answer = sample_answer(server.address, users(histories)[0])
                self.progress("filters")
                result["filtered"] = self._filtered(server, ghz, histories, items)
            self.progress("the same questions again")
            with shortlist(self.bundles, cores.server, reuse=REUSE_SECONDS) as server:
                check_answers(server.address, users(histories))  # each user's answer is there from now on
                again = [self._closed(server, ghz, recommends, callers) for callers in AGAIN_CALLERS]
                result["again"] = {
                    "seconds_to_serving": server.seconds_to_serving,
                    "closed": [load.to_json() for load in again],
                }
            self.progress("bare grpcio with the same messages")
            result["echo"] = self._echo(answer, cores, ghz, recommends)
            self.progress("the tutorial server")
            with python_server("shortlist_bench.tutorial", [str(self.bundles)], cores.server) as server:
                result["tutorial"] = self._closed(server, ghz, recommends, TUTORIAL_CALLERS).to_json()
            self.progress(f"{self.workers} workers")
            result["workers"] = self._workers(folder, recommends)
        return {**result, "derived": derive(result)}

    def _parts(self, cores: Cores) -> Result:
        command = pinned(cores.server, python_module("shortlist_bench.parts", str(self.bundles)))
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**quiet(), **ONE_THREAD})
        parts: Result = json.loads(done.stdout)
        return parts

    def _server(self, server: Server, ghz: Ghz, recommends: Path, events: Path, histories: Histories) -> Result:
        asked = users(histories, TRACED)
        check_answers(server.address, asked[:20])
        ghz.closed(server, recommends, max(CALLERS), min(WARM_UP_SECONDS, self.seconds))
        closed = [ghz.closed(server, recommends, callers, self.seconds) for callers in CALLERS]
        peak = max(load.goodput for load in closed)
        opened = [ghz.open(server, recommends, share * peak, self.seconds) for share in SHARES]
        return {
            "seconds_to_serving": server.seconds_to_serving,
            "closed": [load.to_json() for load in closed],
            "open": [{"share_of_peak": s, **load.to_json()} for s, load in zip(SHARES, opened, strict=True)],
            "stages_ms": stages(server.address, asked),
            "events": ghz.closed(server, events, 1, self.seconds, WRITE).to_json(),
            "event_in_next_answer": event_counts_at_once(server.address, asked[0]),
            "resident_private_mb": private_mb(server.pid),
        }

    def _filtered(self, server: Server, ghz: Ghz, histories: Histories, items: ItemTable) -> Result:
        """Lone requests whose filter lets a thousandth of the items through, and lone ones without one, by turns."""
        asked = users(histories)
        narrow = filtered.filters(items, filtered.NARROW, len(asked))
        filtered.check(server.address, items, asked[:20], narrow)
        filters = write_recommends(ghz.folder / "filtered.bin", histories, narrow)
        plain = write_recommends(ghz.folder / "plain.bin", histories)
        loads = [[self._closed(server, ghz, data, 1) for data in (filters, plain)] for _ in range(FILTERED_PAIRS)]
        ratio = float(np.median([with_filter.p99_ms / without.p99_ms for with_filter, without in loads]))
        return {"p99_ratio": ratio, "lone": [[load.to_json() for load in pair] for pair in loads]}

    def _echo(self, answer: bytes, cores: Cores, ghz: Ghz, recommends: Path) -> Result:
        file = ghz.folder / "answer.bin"
        file.write_bytes(answer)
        with python_server("shortlist_bench.echo", [str(file)], cores.server) as server:
            lone = self._closed(server, ghz, recommends, 1)
            loaded = self._closed(server, ghz, recommends, ECHO_CALLERS)
        return {"answer_bytes": len(answer), "lone": lone.to_json(), "loaded": loaded.to_json()}

    def _workers(self, folder: Path, recommends: Path) -> Result:
        """Several workers, and one, by turns; the pair whose quotient is the median.

        Where no core is left for the load generator it has priority on theirs, and for the one worker it is on the core
        of that: it takes the same share of what there is from both.
        """
        cores, pairs = Cores.of_machine(self.workers), []
        first, callers = cores.server[:1], WORKER_CALLERS * self.workers
        beside_one, beside_all = Ghz(first if cores.shared else cores.load, folder), Ghz(cores.load, folder)
        with (
            shortlist(self.bundles, first, polite=True) as one,
            shortlist(self.bundles, cores.server, self.workers, polite=True) as several,
        ):
            beside_one.closed(one, recommends, WORKER_CALLERS, min(WARM_UP_SECONDS, self.seconds))
            beside_all.closed(several, recommends, callers, min(WARM_UP_SECONDS, self.seconds))
            for _ in range(PAIRS):
                alone = beside_one.closed(one, recommends, WORKER_CALLERS, self.seconds)
                pairs.append((alone, beside_all.closed(several, recommends, callers, self.seconds)))
            private = [private_mb(pid) for pid in children(several.pid)]
            searchable = searchable_seconds(several.address)
        alone, load = sorted(pairs, key=lambda pair: pair[1].goodput / pair[0].goodput)[PAIRS // 2]
        return {
            **load.to_json(),
            "alone": alone.to_json(),
            "item_searchable_seconds": searchable,
            "workers": self.workers,
            "shared_cores": cores.shared,
            "private_mb": private,
        }

    def _closed(self, server: Server, ghz: Ghz, recommends: Path, callers: int) -> Load:
        ghz.closed(server, recommends, callers, min(WARM_UP_SECONDS, self.seconds))
        return ghz.closed(server, recommends, callers, self.seconds)


def quiet() -> dict[str, str]:
    """The environment of this process, and TensorFlow says less in it."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


def storage(bundle: Bundle, items: int) -> Result:
    """Bytes per item on disk, and which folders of the bundle they are in."""
    folders: dict[str, float] = defaultdict(float)
    for name, entry in bundle.manifest.files.items():
        parts = name.split("/")
        folders["/".join(parts[: 2 if parts[0] == "retrieval" else 1])] += entry.bytes / items
    return {"bytes_per_item": sum(folders.values()), "bytes_per_item_by_folder": dict(folders)}


def check_answers(address: str, asked: Sequence[str]) -> None:
    """Fast answers that are empty or degraded must not count: stop before anything is measured."""
    with Client(address) as client:
        for user in asked:
            answer = client.recommend(user, COUNT, candidate_count=CANDIDATES, timeout=60)
            if answer.degraded or len(answer.items) < COUNT:
                raise RuntimeError(
                    f"{user} got {len(answer.items)} of {COUNT} items, degraded: {list(answer.degraded)}"
                )


def sample_answer(address: str, user: str) -> bytes:
    """One real answer, for the echo server to give."""
    with Client(address) as client:
        return client.recommend(user, COUNT, candidate_count=CANDIDATES, timeout=60).SerializeToString()


def stages(address: str, asked: Sequence[str]) -> dict[str, float]:
    """The median time of each stage of a lone request, by the server's own traces."""
    times = defaultdict(list)
    with Client(address) as client:
        for user in asked:
            answer = client.recommend(user, COUNT, candidate_count=CANDIDATES, include_trace=True, timeout=60)
            for stage in answer.trace:
                times[Stage.Name(stage.stage).removeprefix("STAGE_").lower()].append(stage.duration_micros / 1e3)
    return {name: float(np.median(of_stage)) for name, of_stage in times.items()}


def event_counts_at_once(address: str, user: str) -> bool:
    """Whether the item on top is gone from the next answer after an event says that the user has it."""
    with Client(address) as client:
        top = client.recommend(user, COUNT, timeout=60).items[0].item_id
        client.write_events([Event(user_id=user, item_id=top, event_type=EVENT_TYPE_PURCHASE)])
        return all(item.item_id != top for item in client.recommend(user, COUNT, timeout=60).items)


def derive(result: Result) -> dict[str, float | None]:
    """The ratios that targets are stated in; the parts' sum has a lone call's echo, the ceiling a loaded one's.

    `cpu_ratio` sets the parts against the server by processor time: the echo's goodput may be the load generator's.
    """
    parts, server, echo, workers = (result[name] for name in ("parts", "server", "echo", "workers"))
    work = parts["faiss_ms"] + parts["ranker_flops_ms"]
    best = max(server["closed"], key=lambda load: load["goodput"])
    peak = best["goodput"]
    ceiling = 1e3 / (work + 1e3 / echo["loaded"]["goodput"])
    lone, again = server["closed"][0], result["again"]
    ratios = {
        "peak_per_second": peak,
        "parts_sum_ms": work + echo["lone"]["p50_ms"],
        "parts_ceiling_per_second": ceiling,
        "ceiling_ratio": peak / ceiling,
        "server_ms": best["server_ms"],
        "cpu_ratio": (work + echo["loaded"]["server_ms"]) / best["server_ms"],
        "tutorial_ratio": peak / result["tutorial"]["goodput"],
        "lone_p50_ms": lone["p50_ms"],
        "lone_p50_over_parts": lone["p50_ms"] / (work + echo["lone"]["p50_ms"]),
        "lone_p99_over_p50": lone["p99_ms"] / lone["p50_ms"],
        "filtered_p99_ratio": result["filtered"]["p99_ratio"],
        "again_lone_p50_ms": again["closed"][0]["p50_ms"],
        "again_peak_per_second": max(load["goodput"] for load in again["closed"]),
        "ann_recall_at_500": parts["ann_recall_at_500"],
        "two_workers_ratio": workers["goodput"] / workers["alone"]["goodput"],
        "two_workers_over_peak": workers["goodput"] / peak,
        "bytes_per_item": result["bytes_per_item"],
        "private_mb_per_worker": float(np.mean(workers["private_mb"])),
        "seconds_to_serving": again["seconds_to_serving"],  # the first start may have compiled loops
        "event_write_p50_ms": server["events"]["p50_ms"],
        "item_searchable_seconds": workers["item_searchable_seconds"],
    }
    return {name: value if math.isfinite(value) else None for name, value in ratios.items()}
