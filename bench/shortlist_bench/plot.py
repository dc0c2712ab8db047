"""The run as a picture: throughput by callers against the ceiling, and latency as the offered load rises."""

from __future__ import annotations

import math
from typing import Any

WIDTH, HEIGHT, MARGIN = 420, 300, 55
COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97")
Point = tuple[float, float]


def svg(run: dict[str, Any]) -> str:
    """Two panels side by side; a colour per size, dashed lines are the parts ceilings."""
    throughput: dict[str, list[Point]] = {}
    latency: dict[str, list[Point]] = {}
    ceilings: dict[str, float] = {}
    for name, result in run["sizes"].items():
        server = result["server"]
        throughput[name] = [(load["offered"], load["goodput"]) for load in server["closed"]]
        latency[f"{name} p50"] = [(load["share_of_peak"] * 100, load["p50_ms"]) for load in server["open"]]
        latency[f"{name} p99"] = [(load["share_of_peak"] * 100, load["p99_ms"]) for load in server["open"]]
        ceilings[name] = result["derived"]["parts_ceiling_per_second"]
    panels = [
        _panel(0, "OK answers a second, by callers", throughput, 1, ceilings),
        _panel(WIDTH, "ms, by load in % of the peak", latency, 2, {}),
    ]
    size = f'width="{2 * WIDTH}" height="{HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
        f'<rect {size} fill="white"/>{"".join(panels)}</svg>\n'
    )


def _panel(left: float, title: str, lines: dict[str, list[Point]], per_colour: int, levels: dict[str, float]) -> str:
    """One pair of axes, both logarithmic, with a line per entry of `lines`."""
    known = {name: [p for p in points if p[1] and math.isfinite(p[1])] for name, points in lines.items()}
    xs = [x for points in known.values() for x, _ in points] or [1.0]
    ys = [y for points in known.values() for _, y in points] + list(levels.values()) or [1.0]

    def place(x: float, y: float) -> Point:
        across, up = _share(x, min(xs), max(xs)), _share(y, min(ys), max(ys))
        return left + MARGIN + across * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN + 15 - up * (HEIGHT - 2 * MARGIN)

    parts = [f'<text x="{left + MARGIN}" y="20" font-weight="bold">{title}</text>']
    for value in sorted({min(ys), max(ys)}):
        parts.append(f'<text x="{left + 8}" y="{place(min(xs), value)[1] + 4:.0f}">{value:,.3g}</text>')
    for value in sorted(set(xs)):
        parts.append(f'<text x="{place(value, min(ys))[0] - 6:.0f}" y="{HEIGHT - 18}">{value:g}</text>')
    for i, (name, points) in enumerate(known.items()):
        colour, dash = COLOURS[i // per_colour % len(COLOURS)], ' stroke-dasharray="2 2"' if i % per_colour else ""
        path = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{left + MARGIN + 60 * (i % 5)}" y="{36 + 13 * (i // 5)}" fill="{colour}">{name}</text>')
        if name in levels:
            (a, y), (b, _) = place(min(xs), levels[name]), place(max(xs), levels[name])
            ends = f'x1="{a:.0f}" x2="{b:.0f}" y1="{y:.0f}" y2="{y:.0f}"'
            parts.append(f'<line {ends} stroke="{colour}" stroke-dasharray="6 4"/>')
    return "".join(parts)


def _share(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low) if high > low else 0.5
