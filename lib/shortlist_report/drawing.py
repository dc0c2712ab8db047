"""Drawing: from a plot of Altair to SVG that takes its colours from the page and needs no script."""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup, escape

WIDTH = 380
"""Of every plot, in pixels: a phone shows it whole, a wide window shows several beside each other."""

MEASURED = 13
"""Size of text for which there is room, in pixels. The page draws it smaller, as its fonts may be wider than Vega's."""

SERIES = ("var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)")
"""The colours of series. They are those of the page, which has others when it is dark."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
"""The marks of series, so that colours are not needed to tell them apart."""

INK, MUTED, LINE = "var(--ink)", "var(--muted)", "var(--line)"

_INNER = re.compile(r' (?:role|aria-[a-z]+|xmlns(?::[a-z]+)?|pointer-events|version|class)="[^"]*"')
_EMPTY = re.compile(r'<path d="M0,0h0v0h0Z"/>|<path d="" display="none"/>|<g></g>')
_ROOT = re.compile(r"^<svg[^>]*viewBox=\"([^\"]*)\"[^>]*>")


def svg(chart: alt.Chart | alt.LayerChart | alt.FacetChart, height: int, description: str) -> Markup:
    """The plot as an SVG element, WIDTH pixels wide; readers hear the description in its place.

    What the plot says in words within itself, of marks and axes, is left out: the page has the numbers as a table.
    """
    sized: Any = chart.properties(
        width=WIDTH, height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding")
    )
    styled = (
        sized.configure(background="transparent", font="system-ui, sans-serif", padding=2)
        .configure_axis(
            labelColor=INK, titleColor=MUTED, gridColor=LINE, domainColor=LINE, tickColor=LINE,
            labelFontSize=MEASURED, titleFontSize=MEASURED, titleFontWeight="normal", labelLimit=220,
        )
        .configure_view(stroke=None)
    )  # fmt: skip
    drawn = str(vl_convert.vegalite_to_svg(styled.to_dict()))
    return _inline(drawn, description)


def _inline(drawn: str, description: str) -> Markup:
    root = _ROOT.match(drawn)
    assert root, "vl-convert writes an svg element with a viewBox"
    body = _EMPTY.sub("", _INNER.sub("", drawn[root.end() :]))
    _, _, width, height = root[1].split()
    head = f'<svg role="img" aria-label="{escape(description)}" width="{width}" height="{height}" viewBox="{root[1]}">'
    return Markup(head + body)  # Vega escapes the texts of its data
