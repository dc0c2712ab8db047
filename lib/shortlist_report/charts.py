"""Charts of the report: each function draws one kind of plot from parts of the record."""

from __future__ import annotations

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

Y = alt.Y(
    "name:N",
    sort=None,
    title=None,
    axis=alt.Axis(
        labelExpr="split(datum.label, '\\n')",
        labelLineHeight=12,
        labelBaseline={"condition": {"test": "indexof(datum.label, '\\n') < 0", "value": "middle"}, "value": "bottom"},
    ),
)

TICKS = 12
"""Steps of a curve that are all named."""

FRAME = 44
"""Pixels that an axis with its title takes."""

Y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelExpr="split(datum.label, '\\n')", labelLineHeight=12))

TICKS = alt.Axis(tickCount=5)


def intervals(rows: Sequence[tuple[str, Estimate]], measure: str, judged: str = "", *, zero: bool = False) -> Markup:
    """Means with their intervals, a row each; `judged` stands out. With `zero`, they are differences."""
    data = [
        {"name": _folded(name), "mean": each.mean, "low": each.low, "high": each.high, "judged": name == judged}
        for name, each in rows
        if each.mean is not None
    ]
    base = _plot(data).encode(y=Y)
    colour = alt.condition("datum.judged", alt.value(SERIES[0]), alt.value(SERIES[1] if zero else MUTED))
    x: dict[str, Any] = {"title": measure, "scale": alt.Scale(zero=zero), "axis": TICKS}
    layers: list[Any] = [
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", **x), x2="high:Q", color=colour),
        base.mark_point(filled=True, opacity=1, size=70).encode(x=alt.X("mean:Q", **x), color=colour),
    ]
    if zero:
        none = _plot([{"at": 0}]).mark_rule(color=INK, strokeDash=[3, 3])
        layers.insert(0, none.encode(x="at:Q"))
    return svg(alt.layer(*layers), _rows(data) + FRAME, f"{measure} with 95 % intervals of {len(data)} systems")


def groups(segments: Segments, names: Mapping[str, str]) -> Markup:
    """Each group's means with their intervals, for the systems in `names`, which has what they are called."""
    data = [
        {"name": _folded(group.name), "system": called, "mean": each.mean, "low": each.low, "high": each.high}
        for group in segments.groups
        for system, called in names.items()
        if (each := group.of_systems.get(system)) and each.mean is not None
    ]
    order = list(names.values())
    colour = alt.Color("system:N", scale=alt.Scale(domain=order, range=list(SERIES[: len(order)])), legend=None)
    shape = alt.Shape("system:N", scale=alt.Scale(domain=order, range=list(SHAPES[: len(order)])), legend=None)
    base = _plot(data).encode(y=Y, yOffset=alt.YOffset("system:N", sort=order), color=colour)
    x: dict[str, Any] = {"title": segments.metric, "scale": alt.Scale(zero=True), "axis": TICKS}
    drawn = alt.layer(
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", **x), x2="high:Q"),
        base.mark_point(filled=True, opacity=1, size=45).encode(x=alt.X("mean:Q", **x), shape=shape),
    )
    shown = len({row["name"] for row in data})
    height = 13 * len(order) * shown + 8 * shown + FRAME
    return svg(drawn, height, f"{segments.title}: {segments.metric} of {shown} groups for {len(order)} systems")


def bars(rows: Sequence[tuple[str, float]], measure: str, judged: str = "", number: str = "") -> Markup:
    """A bar for each row."""
    data = [{"name": _folded(name), "value": value, "judged": name == judged} for name, value in rows]
    colour = alt.condition("datum.judged", alt.value(SERIES[0]), alt.value(MUTED if judged else SERIES[0]))
    base = _plot(data).encode(y=Y)
    x = alt.X("value:Q", title=measure, axis=alt.Axis(format=number, tickCount=5) if number else TICKS)
    drawn = base.mark_bar(height=14).encode(x=x, color=colour)
    return svg(drawn, _rows(data) + FRAME, f"{measure} of {len(data)}: {_list(data)}")


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
    data = [
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
    axis = alt.Axis(format="~%", tickCount=4)
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


def _folded(name: str) -> str:
    """A name of others on at most two lines."""
    return "\n".join(wrap(plain(name), LETTERS, max_lines=2, placeholder=" …", break_on_hyphens=False))


def _rows(data: Sequence[Mapping[str, Any]]) -> int:
    """Pixels of so many rows."""
    return sum(TWO_LINES if any("\n" in row["name"] for row in data) else ROW for _ in data)


def _list(data: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row['name'].replace(chr(10), ' ')} {row['value']:.4g}" for row in data[:20])
