"""`make profile`: where the server's time goes under load, as a flame graph and as a list of functions.

    python -m shortlist_bench.profile --bundles DIR [--callers 16] [--seconds 20] [--out bench/results]

py-spy looks at the running server from outside, a hundred times a second.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from shortlist_bench import ghz
from shortlist_bench.machine import Cores
from shortlist_bench.processes import shortlist
from shortlist_bench.requests import write_recommends
from shortlist_bundle import BundleStore
from shortlist_bundle.histories import Histories

PY_SPY = str(Path(sys.executable).with_name("py-spy"))
SHOWN = 20
OURS = "shortlist_"  # how the names of our packages begin


def main() -> None:
    """Load the server twice as long as asked for: once for the picture, once for the list."""
    parser = argparse.ArgumentParser(
        prog="python -m shortlist_bench.profile", description="Profile the server under load."
    )
    parser.add_argument("--bundles", type=Path, required=True)
    parser.add_argument("--callers", type=int, default=16, help="1 profiles lone requests")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    options = parser.parse_args()
    if missing := ghz.missing():
        sys.exit(missing)
    options.out.mkdir(parents=True, exist_ok=True)
    flames = options.out / f"flames-{options.callers}.svg"
    with tempfile.TemporaryDirectory() as name:
        folder, cores = Path(name), Cores.of_machine()
        data = write_recommends(folder / "recommends.bin", Histories.load(BundleStore(options.bundles).load()))
        load = ghz.Ghz(cores.load, folder)
        with shortlist(options.bundles, cores.server) as server:
            load.closed(server, data, options.callers, 3)
            arguments = (server, data, options.callers, 2 * options.seconds + 5)
            calls = threading.Thread(target=load.closed, args=arguments)
            calls.start()
            record(server.pid, options.seconds, "flamegraph", flames)
            record(server.pid, options.seconds, "raw", folder / "stacks.txt")
            calls.join()
        stacks = (folder / "stacks.txt").read_text().splitlines()
    for shown in tables(stacks, options.callers):
        Console().print(shown)
    print(f"Wrote {flames}")


def record(pid: int, seconds: float, form: str, out: Path) -> None:
    """Let py-spy watch a process; frames of C code are not told apart."""
    command = [PY_SPY, "record", "--pid", str(pid), "--duration", str(round(seconds)), "--format", form]
    subprocess.run([*command, "--output", str(out)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def tables(stacks: list[str], callers: int) -> list[Table]:
    """Where samples end, and which of our functions they pass through."""
    alone, together, total = count(stacks)
    ours = Counter({name: samples for name, samples in together.items() if name.partition(" (")[2].startswith(OURS)})
    return [
        _table(f"{total} samples under {callers} callers: functions that run", alone, total),
        _table("Our functions, with all that they call", ours, total),
    ]


def _table(title: str, samples: Counter[str], total: int) -> Table:
    table = Table("function", title=title)
    table.add_column("share", justify="right")
    for function, count in samples.most_common(SHOWN):
        table.add_row(function, f"{count / total:.1%}")
    return table


def count(stacks: list[str]) -> tuple[Counter[str], Counter[str], int]:
    """Samples per function on top of the stack, anywhere on it, and in all, from py-spy's raw lines."""
    alone, together = Counter[str](), Counter[str]()
    for line in stacks:
        frames, _, samples = line.rpartition(" ")
        functions = [_without_line(frame) for frame in frames.split(";")]
        alone[functions[-1]] += int(samples)
        together.update(dict.fromkeys(functions, int(samples)))
    return alone, together, max(sum(alone.values()), 1)


def _without_line(frame: str) -> str:
    """`function (folder/file.py)` of `function (path/folder/file.py:12)`; of our files the path within the packages."""
    function, _, place = frame.partition(" (")
    parts = place.rpartition(":")[0].split("/")
    begin = next((at for at, part in enumerate(parts) if part.startswith(OURS)), -2)
    return f"{function} ({'/'.join(parts[begin:])})"


if __name__ == "__main__":
    main()
