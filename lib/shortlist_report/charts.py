"""Charts of the report: each function draws one kind of plot from parts of the record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import wrap
from typing import Any

import altair as alt
from markupsafe import Markup

from shortlist_core.terminal import plain
from shortlist_report.drawing import INK, MUTED, SERIES, SHAPES, svg
from shortlist_report.record import Calibration, Counts, Curve, DataFacts, Estimate, Segments

ROW, TWO_LINES = 24, 32
"""Pixels of a row that holds a name, and of one whose name takes two lines."""

LETTERS = 24
"""Of a name on one line."""

MOST_TICKS = 12
"""Steps of a curve that are all named."""

FRAME = 44
"""Pixels that an axis with its title takes."""

TICKS = alt.Axis(tickCount=5)


def intervals(rows: Sequence[tuple[str, Estimate]], measure: str, judged: str = "", *, zero: bool = False) -> Markup:
    """Means with their intervals, a row each; `judged` stands out. With `zero`, they are differences."""
    rows = [(name, each) for name, each in rows if each.mean is not None]
    data = [
        {"row": row, "mean": each.mean, "low": each.low, "high": each.high, "judged": name == judged}
        for row, (name, each) in enumerate(rows)
    ]
    names = [name for name, _ in rows]
    base = _plot(data).encode(y=_named(names))
    colour = alt.condition("datum.judged", alt.value(SERIES[0]), alt.value(SERIES[1] if zero else MUTED))
    x: dict[str, Any] = {"title": measure, "scale": alt.Scale(zero=zero), "axis": TICKS}
    layers: list[Any] = [
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", **x), x2="high:Q", color=colour),
        base.mark_point(filled=True, opacity=1, size=70).encode(x=alt.X("mean:Q", **x), color=colour),
    ]
    if zero:
        none = _plot([{"at": 0}]).mark_rule(color=INK, strokeDash=[3, 3])
        layers.insert(0, none.encode(x="at:Q"))
    return svg(alt.layer(*layers), _height(names), f"{measure} with 95 % intervals of {len(data)} systems")


def groups(segments: Segments, names: Mapping[str, str]) -> Markup:
    """Each group's means with their intervals, for the systems in `names`, which has what they are called."""
    data = [
        {"row": row, "system": called, "mean": each.mean, "low": each.low, "high": each.high}
        for row, group in enumerate(segments.groups)
        for system, called in names.items()
        if (each := group.of_systems.get(system)) and each.mean is not None
    ]
    order = list(names.values())
    colour = alt.Color("system:N", scale=alt.Scale(domain=order, range=list(SERIES[: len(order)])), legend=None)
    shape = alt.Shape("system:N", scale=alt.Scale(domain=order, range=list(SHAPES[: len(order)])), legend=None)
    base = _plot(data).encode(
        y=_named([group.name for group in segments.groups]), yOffset=alt.YOffset("system:N", sort=order), color=colour
    )
    x: dict[str, Any] = {"title": segments.metric, "scale": alt.Scale(zero=True), "axis": TICKS}
    drawn = alt.layer(
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", **x), x2="high:Q"),
        base.mark_point(filled=True, opacity=1, size=45).encode(x=alt.X("mean:Q", **x), shape=shape),
    )
    shown = len({each["row"] for each in data})
    height = 13 * len(order) * shown + 8 * shown + FRAME
    return svg(drawn, height, f"{segments.title}: {segments.metric} of {shown} groups for {len(order)} systems")


def bars(rows: Sequence[tuple[str, float]], measure: str, judged: str = "", number: str = "") -> Markup:
    """A bar for each row."""
    names = [name for name, _ in rows]
    data = [{"row": row, "value": value, "judged": name == judged} for row, (name, value) in enumerate(rows)]
    colour = alt.condition("datum.judged", alt.value(SERIES[0]), alt.value(MUTED if judged else SERIES[0]))
    base = _plot(data).encode(y=_named(names))
    x = alt.X("value:Q", title=measure, axis=alt.Axis(format=number, tickCount=5) if number else TICKS)
    drawn = base.mark_bar(height=14).encode(x=x, color=colour)
    return svg(drawn, _height(names), f"{measure} of {len(rows)}: {_list(rows)}")


def counts(found: Counts) -> Markup:
    """A bar for each kind."""
    return bars(found.values, found.counted, number="~s")


def over_time(data: DataFacts) -> Markup:
    """Events of each stretch of time; a line shows from where on they are test data."""
    rows: list[dict[str, Any]] = [{"day": day, "n": n} for day, n in data.events]
    days = (date.fromisoformat(rows[-1]["day"]) - date.fromisoformat(rows[0]["day"])).days
    x = alt.X("day:T", title=None, axis=alt.Axis(format="%b %Y" if days > 120 else "%d %b", tickCount=4, grid=False))
    y = alt.Y("n:Q", title=f"events a {data.stretch}", axis=alt.Axis(format="~s"))
    layers: list[Any] = [
        _plot(rows)
        .mark_area(line={"color": SERIES[0]}, color=SERIES[0], fillOpacity=0.25, interpolate="step-after")
        .encode(x=x, y=y)
    ]
    if data.cut:
        cut = _plot([{"day": data.cut, "text": "test"}])
        layers.append(cut.mark_rule(color=INK, strokeDash=[3, 3]).encode(x=x))
        layers.append(cut.mark_text(color=INK, align="left", dx=4, y=8, fontSize=12).encode(x=x, text="text:N"))
    return svg(alt.layer(*layers), 190, f"Events a {data.stretch}, {rows[0]['day']} to {rows[-1]['day']}")


def lines(curve: Curve) -> Markup:
    """A line for each series, in a colour of its own where they are to be told apart."""
    data: list[dict[str, Any]] = [
        {"step": step, "value": value, "series": plain(name)}
        for name, values in curve.series.items()
        for step, value in zip(curve.steps, values, strict=True)
        if value is not None
    ]
    names = list(map(plain, curve.series))
    told_apart = curve.told_apart
    colours = [SERIES[i % len(SERIES) if told_apart else 0] for i in range(len(names))]
    scale = alt.Scale(domain=names, range=colours)
    steps = sorted({row["step"] for row in data})
    axis = alt.Axis(values=steps, format="d", grid=False) if len(steps) <= MOST_TICKS else alt.Axis(grid=False)
    base = _plot(data).encode(
        x=alt.X("step:Q", title=curve.step, axis=axis),
        y=alt.Y("value:Q", title=curve.measure, scale=alt.Scale(zero=False)),
        color=alt.Color("series:N", scale=scale, legend=None),
    )
    drawn = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=25, filled=True) if len(data) < 80 else False)
    return svg(drawn, 190, f"{curve.title}: {curve.measure} by {curve.step}")


def calibration(found: Calibration) -> Markup:
    """Share taken against predicted probability, on logarithmic axes; the dashed line is where both are equal."""
    least = 1e-5
    data = [
        {
            "predicted": max(each.predicted, least),
            "taken": max(each.taken.mean or 0, least),
            "low": max(each.taken.low or 0, least),
            "high": max(each.taken.high or 0, least),
        }
        for each in found.bins
    ]
    shown = [value for row in data for value in (row["predicted"], row["low"], row["high"])]
    equal = [{"predicted": at, "taken": at} for at in (min(shown), max(shown))]
    axis = alt.Axis(format="~%", values=[10.0**-power for power in range(6)])
    x = alt.X("predicted:Q", title="predicted probability", scale=alt.Scale(type="log"), axis=axis)
    base = _plot(data).encode(x=x)
    y: dict[str, Any] = {"title": "share taken", "scale": alt.Scale(type="log"), "axis": axis}
    drawn = alt.layer(
        _plot(equal).mark_line(color=MUTED, strokeDash=[3, 3]).encode(x=x, y=alt.Y("taken:Q", **y)),
        base.mark_rule(color=SERIES[0], strokeWidth=2).encode(y=alt.Y("low:Q", **y), y2="high:Q"),
        base.mark_point(color=SERIES[0], filled=True, opacity=1, size=50).encode(y=alt.Y("taken:Q", **y)),
    )
    return svg(drawn, 260, f"Share taken against predicted probability in {len(data)} bins")


def _plot(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)))


def _lines(name: str) -> list[str]:
    """A name of others on at most two lines."""
    return wrap(plain(name), LETTERS, max_lines=2, placeholder=" …", break_on_hyphens=False) or [""]


def _named(names: Sequence[str]) -> alt.Y:
    """The axis of rows, each with its name; names may be equal."""
    lines = [_lines(name) for name in names]
    folded = f"{json.dumps([len(each) > 1 for each in lines])}[datum.value]"
    axis = alt.Axis(
        labelExpr=f"{json.dumps(lines)}[datum.value]",
        labelLineHeight=12,
        labelBaseline={"condition": {"test": folded, "value": "bottom"}, "value": "middle"},
    )
    return alt.Y("row:O", sort=None, title=None, axis=axis)


def _height(names: Sequence[str]) -> int:
    """Pixels of a plot with a row for each name."""
    return (TWO_LINES if any(len(_lines(name)) > 1 for name in names) else ROW) * len(names) + FRAME


def _list(rows: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{plain(name)} {value:.4g}" for name, value in rows[:20])
