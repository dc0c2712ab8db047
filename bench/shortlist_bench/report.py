"""One run as JSON and as a table with the targets beside what was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table

HEADLINE = "1m"
"""The size that targets are stated for; the largest one measured where it is missing."""

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}

CPU_RATIO_REASON = (
    "Where ghz's one core is full, its speed is the goodput of bare grpcio, and the parts ceiling is too low; "
    "by processor time the parts are set against the server without ghz."
)

# What a row is called, its key, its format, the target in words and the test of it.
ROWS: list[tuple[str, str, str, str, Callable[[float], bool]]] = [
    ("bare FAISS search", "parts.faiss_ms", "{:.2f} ms", "", lambda _: True),
    ("GEMM speed of a core", "parts.gemm_gflops", "{:.0f} GFLOP/s", "", lambda _: True),
    ("ranker's FLOPs at that speed", "parts.ranker_flops_ms", "{:.2f} ms", "", lambda _: True),
    ("compiled ranker alone", "parts.ranker_compiled_ms", "{:.2f} ms", "", lambda _: True),
    ("ranker with its features", "parts.ranker_rank_ms", "{:.2f} ms", "", lambda _: True),
    ("retriever alone", "parts.retriever_ms", "{:.2f} ms", "", lambda _: True),
    ("bare grpcio, lone call", "echo.lone.p50_ms", "{:.2f} ms", "", lambda _: True),
    ("bare grpcio, loaded", "echo.loaded.goodput", "{:,.0f}/s", "", lambda _: True),
    ("cores that ghz keeps busy for that", "echo.loaded.client_cores", "{:.2f}", "", lambda _: True),
    ("bare grpcio, loaded, processor time", "echo.loaded.server_ms", "{:.2f} ms", "", lambda _: True),
    ("sum of the parts", "derived.parts_sum_ms", "{:.2f} ms", "", lambda _: True),
    ("parts ceiling", "derived.parts_ceiling_per_second", "{:,.0f}/s", "", lambda _: True),
    ("peak goodput, one core", "derived.peak_per_second", "{:,.1f}/s", "", lambda _: True),
    ("peak / ceiling", "derived.ceiling_ratio", "{:.3f}", ">= 0.85", lambda x: x >= 0.85),
    ("server's processor time an answer", "derived.server_ms", "{:.2f} ms", "", lambda _: True),
    ("parts / server, processor time", "derived.cpu_ratio", "{:.3f}", "", lambda _: True),
    ("peak / tutorial server", "derived.tutorial_ratio", "{:.2f}", ">= 3", lambda x: x >= 3),
    ("lone request p50", "derived.lone_p50_ms", "{:.2f} ms", "", lambda _: True),
    ("lone p50 / sum of parts", "derived.lone_p50_over_parts", "{:.2f}", "<= 1.3", lambda x: x <= 1.3),
    ("lone p99 / p50", "derived.lone_p99_over_p50", "{:.2f}", "<= 3", lambda x: x <= 3),
    ("lone p99, filter of 0.1 % / none", "derived.filtered_p99_ratio", "{:.2f}", "<= 2", lambda x: x <= 2),
    ("asked again, lone request p50", "derived.again_lone_p50_ms", "{:.2f} ms", "", lambda _: True),
    ("asked again, peak goodput", "derived.again_peak_per_second", "{:,.0f}/s", "", lambda _: True),
    ("ANN recall@500", "derived.ann_recall_at_500", "{:.3f}", ">= 0.98", lambda x: x >= 0.98),
    ("two workers / one", "derived.two_workers_ratio", "{:.2f}", ">= 1.8", lambda x: x >= 1.8),
    ("two workers / the peak of one", "derived.two_workers_over_peak", "{:.2f}", "", lambda _: True),
    ("two bare retrievers / one", "second_core_ratio", "{:.2f}", "", lambda _: True),
    ("bytes per item on disk", "derived.bytes_per_item", "{:,.0f}", "<= 600", lambda x: x <= 600),
    ("private MB per worker", "derived.private_mb_per_worker", "{:,.0f}", "<= 700", lambda x: x <= 700),
    ("seconds to SERVING", "derived.seconds_to_serving", "{:.1f}", "<= 12", lambda x: x <= 12),
    ("event write p50", "derived.event_write_p50_ms", "{:.2f} ms", "<= 2 ms", lambda x: x <= 2),
    ("an item is searchable", "derived.item_searchable_seconds", "{:.3f} s", "<= 1", lambda x: x <= 1),
]


def summary(
    machine: dict[str, Any], sizes: dict[str, Any], skipped: dict[str, str], training: dict[str, float]
) -> dict[str, Any]:
    """The run's JSON: the headline keys, then everything."""
    headline = HEADLINE if HEADLINE in sizes else max(sizes, key=lambda name: sizes[name]["items"])
    derived = sizes[headline]["derived"]
    names = (
        "ceiling_ratio", "cpu_ratio", "tutorial_ratio", "lone_p50_over_parts", "ann_recall_at_500",
        "filtered_p99_ratio", "two_workers_ratio", "bytes_per_item", "private_mb_per_worker", "seconds_to_serving",
        "event_write_p50_ms", "item_searchable_seconds",
    )  # fmt: skip
    reasons: dict[str, str] = {}
    if growth(sizes) is None:
        reasons["p50_growth_10k_to_10m"] = "10k and 10m were not both measured in this run"
    return {
        "headline_size": headline,
        **{name: derived[name] for name in names},
        "p50_growth_10k_to_10m": growth(sizes),
        "reasons": reasons,
        "skipped": skipped,
        "machine": machine,
        "training": training,
        "sizes": sizes,
    }


def growth(sizes: dict[str, Any], small: str = "10k", large: str = "10m") -> float | None:
    """How much slower a lone request is in the large catalogue; None where one was not measured."""
    if small not in sizes or large not in sizes:
        return None
    return float(sizes[large]["derived"]["lone_p50_ms"] / sizes[small]["derived"]["lone_p50_ms"])


def tables(run: dict[str, Any]) -> list[Table]:
    """The whole run: a column per size, then latency under load."""
    sizes = run["sizes"]
    title = f"Best 50 of 500 candidates, one core of {run['machine']['processor']}"
    table = Table(title=title, caption=CPU_RATIO_REASON)
    table.add_column("what")
    for name in [*sizes, "target"]:
        table.add_column(name, justify="right")
    for title, key, form, target, holds in ROWS:
        cells = []
        for result in sizes.values():
            value = _at(result, key)
            cells.append("-" if value is None else _marked(form.format(value), holds(value)))
        table.add_row(title, *cells, target)
    grown = run["p50_growth_10k_to_10m"]
    table.add_row("p50 at 10m / at 10k", *[""] * (len(sizes) - 1), "-" if grown is None else f"{grown:.2f}", "<= 1.5")
    return [table, _load_table(sizes), _stage_table(sizes), _training_table(run["training"])]


def _load_table(sizes: dict[str, Any]) -> Table:
    table = Table(title="Under load: OK answers a second; milliseconds")
    for name in ("size", "load", "goodput", "failed", "p50", "p95", "p99"):
        table.add_column(name, justify="right")
    for name, result in sizes.items():
        for load in result["server"]["closed"]:
            table.add_row(name, f"{load['offered']:.0f} callers", *_cells(load))
        for load in result["server"]["open"]:
            table.add_row(name, f"{load['offered']:.0f}/s, {load['share_of_peak']:.0%} of peak", *_cells(load))
    return table


def _training_table(training: dict[str, float]) -> Table:
    table = Table(title="Training, examples a second on all cores")
    table.add_column("what")
    table.add_column("", justify="right")
    for name, value in training.items():
        table.add_row(name.removesuffix("_examples_per_second").replace("_", " "), f"{value:,.0f}")
    return table


def _stage_table(sizes: dict[str, Any]) -> Table:
    table = Table(title="Stages of a lone request, median milliseconds")
    names = list(next(iter(sizes.values()))["server"]["stages_ms"])
    for name in ["size", *names]:
        table.add_column(name, justify="right")
    for size, result in sizes.items():
        table.add_row(size, *(f"{result['server']['stages_ms'].get(name, 0):.2f}" for name in names))
    return table


def _cells(load: dict[str, Any]) -> list[str]:
    millis = [f"{load[name]:.1f}" for name in ("p50_ms", "p95_ms", "p99_ms")]
    return [f"{load['goodput']:,.1f}", str(load["failed"]), *millis]


def _at(result: dict[str, Any], key: str) -> float | None:
    value: Any = result
    for part in key.split("."):
        value = value[part]
    return None if value is None else float(value)


def _marked(text: str, holds: bool) -> str:
    return text if holds else f"[red]{text}[/red]"
