"""The machine that is measured: which cores serve, which make the load, and how busy it is with other things."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True)
class Cores:
    """One core for the server; the load generator never shares it, unless there is no other."""

    server: tuple[int, ...]
    load: tuple[int, ...]

    @classmethod
    def of_machine(cls, workers: int = 1) -> Cores:
        """The first cores for the server's workers, the rest for load; all of them for both where none is left."""
        every = tuple(sorted(os.sched_getaffinity(0)))
        return cls(every[:workers], every[workers:] or every)

    @property
    def shared(self) -> bool:
        """Whether the load generator takes time from the server."""
        return bool(set(self.server) & set(self.load))


def pinned(cores: Sequence[int], command: Sequence[str]) -> list[str]:
    """The command, kept on these cores."""
    return ["taskset", "-c", ",".join(map(str, cores)), *command]


def describe() -> dict[str, object]:
    """What to know of the machine when reading its numbers."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    return {
        "processor": model.partition(": ")[2],
        "cores": len(os.sched_getaffinity(0)),
        "load_average_at_start": os.getloadavg()[0],
    }


def private_mb(pid: int) -> float:
    """Memory of a process that it shares with nobody and that cannot be read again from a file."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) / 1024


def processor_seconds(pid: int) -> float:
    """What a process and those that it started, the living ones, have used of their cores so far."""
    ticks = 0
    for each in [pid, *children(pid)]:
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # in user mode, and in the kernel
    return ticks / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
