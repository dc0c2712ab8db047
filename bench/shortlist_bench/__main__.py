"""`make bench`: builds the bundles that are missing, measures each size, prints a table, writes JSON and a plot.

python -m shortlist_bench [--size all|10k|100k|1m|10m] [--minutes 60] [--seconds 5] [--out bench/results]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from shortlist_bench import ghz, machine, plot, report
from shortlist_cli.folders import writable
from shortlist_core.errors import DataError
from shortlist_core.processes import python_module

BUILD_MINUTES, MEASURE_MINUTES, BUILD_MINUTES_PER_MILLION = 1.0, 3.0, 6.0
"""About what one size takes with runs of five seconds, to tell beforehand what fits."""

console = Console(width=max(100, Console().width))


def main() -> None:
    """Run the benchmark as the command line says."""
    options = parse(sys.argv[1:])
    if missing := ghz.missing():
        sys.exit(missing)
    for folder in (options.out, options.bundles):
        try:
            writable(folder)
        except DataError as error:
            sys.exit(f"error: {error}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    begun, sizes, skipped = time.monotonic(), {}, {}
    for name, items in wanted(options).items():
        left = options.minutes - (time.monotonic() - begun) / 60
        needed = minutes(items, (options.bundles / name / "CURRENT").exists(), options.seconds)
        if options.size == "all" and needed > left:
            skipped[name] = f"needs about {needed:.0f} minutes, {left:.0f} of {options.minutes:.0f} were left"
            console.print(f"{name}: skipped, it {skipped[name]}; `make bench SIZE={name}` runs it alone")
            continue
        sizes[name] = measure(name, items, options)
    if not sizes:
        sys.exit("nothing fitted into the time; give more --minutes")
    run = json.loads(json.dumps(report.summary(machine.describe(), sizes, skipped, training()), default=float))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "latest.json").write_text(json.dumps(run, indent=1, allow_nan=False) + "\n")
    (options.out / "latest.svg").write_text(plot.svg(run))
    for table in report.tables(run):
        console.print(table)
    console.print(f"Wrote {options.out / 'latest.json'} and latest.svg beside it")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m shortlist_bench", description="Measure serving against its parts.")
    parser.add_argument("--version", action="version", version=f"shortlist_bench {version('shortlist-server')}")
    parser.add_argument("--size", choices=["all", *report.SIZES], default="all")
    parser.add_argument("--items", type=int, help="one catalogue of so many items instead")
    parser.add_argument("--minutes", type=float, default=60, help="sizes that would take longer are left out of `all`")
    parser.add_argument("--seconds", type=float, default=5, help="of each run of the load generator")
    parser.add_argument("--workers", type=int, default=2, help="processes of the last measurement")
    parser.add_argument("--bundles", type=Path, default=Path("bench/.bundles"), help="where bundles are kept")
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    return parser.parse_args(arguments)


def wanted(options: argparse.Namespace) -> dict[str, int]:
    """Names and item counts of the sizes asked for, smallest first."""
    if options.items:
        return {str(options.items): options.items}
    return report.SIZES if options.size == "all" else {options.size: report.SIZES[options.size]}


def minutes(items: int, built: bool, seconds: float) -> float:
    """About how long one size takes."""
    measuring = MEASURE_MINUTES * max(seconds / 5, 0.5)
    return measuring if built else measuring + max(BUILD_MINUTES, items / 1e6 * BUILD_MINUTES_PER_MILLION)


def training() -> dict[str, float]:
    """Examples a second of both trainings, in a process of its own."""
    console.print("[dim]training ...[/dim]")
    done = subprocess.run(python_module("shortlist_bench.training"), check=True, stdout=subprocess.PIPE)
    rates: dict[str, float] = json.loads(done.stdout)
    return rates


def measure(name: str, items: int, options: argparse.Namespace) -> dict[str, object]:
    """One size, its bundle made first where there is none."""
    from shortlist_bench.measure import Job  # late, as TensorFlow comes with it

    def progress(step: str) -> None:
        console.print(f"[dim]{name}: {step} ...[/dim]", highlight=False)

    folder = options.bundles / name
    result: dict[str, object] = {"build_seconds": None}
    if not (folder / "CURRENT").exists():
        from shortlist_synthetic.publish import default_users, publish

        begun = time.monotonic()
        publish(folder, items, default_users(items), 0, progress)
        result["build_seconds"] = math.ceil(time.monotonic() - begun)
    return {**result, **Job(folder, options.seconds, options.workers, progress).measure()}


if __name__ == "__main__":
    main()
