"""ghz as the load generator: closed loop (so many callers, each waits) and open loop (so many calls a second)."""

from __future__ import annotations

import json
import resource
import subprocess
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from shortlist_bench.machine import pinned, processor_seconds
from shortlist_bench.processes import Server
from shortlist_core.processes import python_module

ROOT = Path(__file__).resolve().parents[2]
GHZ = ROOT / ".tools/bin/ghz"
RECOMMEND = "shortlist.v1.RecommendationService/Recommend"
WRITE = "shortlist.v1.EventService/WriteEvents"


@dataclass(frozen=True)
class Load:
    """What came of one run; only answers with status OK count."""

    offered: float  # callers in a closed loop, calls a second in an open one
    goodput: float  # OK answers a second
    failed: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    client_cores: float  # how many cores ghz itself kept busy
    server_ms: float  # processor time of the server for each OK answer

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Ghz:
    """Runs of ghz on some cores; `folder` takes its files."""

    cores: tuple[int, ...]
    folder: Path

    def closed(self, server: Server, data: Path, callers: int, seconds: float, call: str = RECOMMEND) -> Load:
        """`callers` callers, each asks again as soon as it has its answer."""
        return self._run(server, data, call, callers, ["-c", str(callers)], callers, seconds)

    def open(self, server: Server, data: Path, rate: float, seconds: float, call: str = RECOMMEND) -> Load:
        """`rate` calls a second, whether or not earlier ones have been answered: how queues form in life."""
        whole = max(1, round(rate))
        options = ["--async", "--rps", str(whole), "-c", "64"]
        return self._run(server, data, call, whole, options, 64, seconds)

    def _run(
        self, server: Server, data: Path, call: str, offered: float, options: list[str], callers: int, seconds: float
    ) -> Load:
        report = self.folder / "ghz.json"
        command = [str(GHZ), "--insecure", "--protoset", str(self._protoset), "--call", call, *options]
        command += ["--connections", str(min(callers, 16)), "-z", f"{round(seconds * 1000)}ms", "--duration-stop=wait"]
        command += ["-B" if data.suffix == ".bin" else "-D", str(data), "-O", "json", "-o", str(report), server.address]
        before, served = resource.getrusage(resource.RUSAGE_CHILDREN), processor_seconds(server.pid)
        subprocess.run(pinned(self.cores, command), check=True, stdout=subprocess.DEVNULL)
        after, served = resource.getrusage(resource.RUSAGE_CHILDREN), processor_seconds(server.pid) - served
        busy = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return _read(json.loads(report.read_text()), offered, busy, served)

    @cached_property
    def _protoset(self) -> Path:
        path = self.folder / "shortlist.protoset"
        protos = ROOT / "protos"
        command = python_module("grpc_tools.protoc", f"-I{protos}", "--include_imports")
        files = map(str, sorted((protos / "shortlist/v1").glob("*.proto")))
        subprocess.run([*command, f"--descriptor_set_out={path}", *files], check=True)
        return path


def _read(report: dict[str, Any], offered: float, client_seconds: float, server_seconds: float) -> Load:
    details = report.get("details") or []
    millis = np.array([each["latency"] / 1e6 for each in details if each["status"] == "OK"])
    seconds = report["total"] / 1e9
    p50, p95, p99 = np.percentile(millis, [50, 95, 99]).tolist() if len(millis) else (float("nan"),) * 3
    failed, server_ms = len(details) - len(millis), 1e3 * server_seconds / max(len(millis), 1)
    return Load(offered, len(millis) / seconds, failed, p50, p95, p99, client_seconds / seconds, server_ms)


def missing() -> str:
    """Why there is no load generator, in one line; empty where there is one."""
    return "" if GHZ.is_file() else "ghz is not installed: run `make tools`, which needs Go"
