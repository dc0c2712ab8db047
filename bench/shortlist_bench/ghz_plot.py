"""A run over time as SVG: answers and errors of each second above, percentiles of the OK answers below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT, LEFT, TOP, GAP = 720, 150, 60, 40, 60
COLOURS = {"OK": "#2a7", "errors": "#d33", "p50": "#26c", "p99": "#c60"}
Values = npt.NDArray[np.float64]


def svg(title: str, ends: Values, millis: Values, ok: npt.NDArray[np.bool_]) -> str:
    """The picture; calls belong to the second in which they ended."""
    second = ends.astype(int)
    count = int(second.max(initial=0)) + 1
    rates = {"OK": np.bincount(second[ok], minlength=count), "errors": np.bincount(second[~ok], minlength=count)}
    of_second = [millis[ok & (second == each)] for each in range(count)]
    took = {f"p{p}": [float(np.percentile(m, p)) if len(m) else None for m in of_second] for p in (50, 99)}
    height = TOP + 2 * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEFT + 20} {height}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="100%" fill="white"/><text x="{LEFT}" y="20">{escape(title)}</text>',
        *panel(TOP, "calls a second", {name: [float(n) for n in values] for name, values in rates.items()}),
        *panel(TOP + HEIGHT + GAP, "milliseconds", took),
        "</svg>",
    ]
    return "\n".join(parts)


def panel(top: int, unit: str, series: Mapping[str, Sequence[float | None]]) -> list[str]:
    """One diagram with its axes, a line per series; a second without a value leaves a gap."""
    count = max(len(values) for values in series.values())
    highest = max((value for values in series.values() for value in values if value is not None), default=0.0) or 1.0
    bottom = top + HEIGHT
    parts = [
        f'<path d="M{LEFT} {top}V{bottom}H{LEFT + WIDTH}" fill="none" stroke="#888"/>',
        f'<text x="{LEFT - 5}" y="{top + 10}" text-anchor="end">{highest:.4g}</text>',
        f'<text x="{LEFT - 5}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{LEFT}" y="{bottom + 16}">0</text>',
        f'<text x="{LEFT + WIDTH}" y="{bottom + 16}" text-anchor="end">{count} s</text>',
    ]
    for index, (name, values) in enumerate(series.items()):
        drawn, pen = "", "M"
        for second, value in enumerate(values):
            if value is None:
                pen = "M"
                continue
            # The lone second of a short run is a dash, for a line of one point is not seen.
            x, step = LEFT + WIDTH * second / count, WIDTH / count
            drawn, pen = f"{drawn}{pen}{x:.1f} {bottom - HEIGHT * value / highest:.1f}h{step:.1f}", "L"
        label = f'<text x="{LEFT + 90 + 60 * index}" y="{top - 4}" fill="{COLOURS[name]}">{name}</text>'
        parts += [
            f'<path d="{drawn}" fill="none" stroke="{COLOURS[name]}" stroke-width="1.5"/>' if drawn else "",
            label,
        ]
    return [f'<text x="{LEFT}" y="{top - 4}">{unit}</text>', *parts]
