"""The page of live metrics: what the server does now, by method, and how that was in the last minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from aiohttp import web

from shortlist_console.metrics.reading import Rates, Reading
from shortlist_console.visit import Visit

MINUTE = 60.0
WIDTH, HEIGHT = 240, 40


@dataclass(frozen=True)
class Line:
    """A sparkline."""

    title: str
    points: str  # of an SVG polyline
    now: float | None
    most: float
    unit: str
    width = WIDTH
    height = HEIGHT

    @classmethod
    def of(cls, title: str, values: Sequence[float | None], unit: str) -> Line:
        """The line of values over time, the oldest first; it has gaps nowhere: nothing counts as 0."""
        numbers = [value or 0.0 for value in values]
        most = max(numbers, default=0.0)
        step = WIDTH / max(len(numbers) - 1, 1)
        points = " ".join(
            f"{i * step:.1f},{HEIGHT - 2 - (HEIGHT - 4) * (value / most if most else 0):.1f}"
            for i, value in enumerate(numbers)
        )
        return cls(title, points, values[-1] if values else None, most, unit)


async def metrics(visit: Visit) -> web.Response:
    """The numbers of the last minute."""
    readings = list(visit.samples.readings)
    latest = readings[-1] if readings else None
    before = _minute_before(readings)
    rows = []
    if latest and before:
        rows = [(name, Rates.between(before, latest, name)) for name in latest.methods]
    used = [(name, rates) for name, rates in rows if latest and latest.methods[name].calls]
    return visit.render(
        "metrics",
        latest=latest,
        before=before,
        rows=sorted(used, key=lambda row: -row[1].calls),
        unused=len(rows) - len(used),
        lines=_lines(readings),
        degraded=_degraded(before, latest),
        failed=visit.samples.failure,
    )


def _minute_before(readings: Sequence[Reading]) -> Reading | None:
    """The reading that is about a minute older than the newest, or else the oldest."""
    if len(readings) < 2:
        return None
    return next((each for each in readings[:-1] if readings[-1].time - each.time <= MINUTE * 1.05), readings[-2])


def _lines(readings: Sequence[Reading]) -> list[Line]:
    steps = [Rates.between(before, after, "Recommend") for before, after in pairwise(readings)]
    return [
        Line.of("Recommend, calls a second", [step.calls for step in steps], "/s"),
        Line.of("Recommend, 95th percentile", [None if step.p95 is None else 1000 * step.p95 for step in steps], "ms"),
        Line.of("Recommend, errors", [100 * step.errors for step in steps], "%"),
    ]


def _degraded(before: Reading | None, latest: Reading | None) -> list[tuple[str, float]]:
    """The share of the last minute's answers with each flag, of the flags that there were."""
    if not (before and latest):
        return []
    answers = max(latest.recommendations - before.recommendations, 1)
    shares = [(flag, (count - before.degraded.get(flag, 0)) / answers) for flag, count in latest.degraded.items()]
    return [(flag, share) for flag, share in shares if share > 0]
