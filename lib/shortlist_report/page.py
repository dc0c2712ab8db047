"""The page: a record as one HTML file that needs nothing else, neither a network nor a script."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from shortlist_core.terminal import plain
from shortlist_report import charts
from shortlist_report.record import Estimate, Record, System

ACCURACY = {
    "hit@10": "Hit@10",
    "recall@20": "Recall@20",
    "recall@100": "Recall@100",
    "recall@500": "Recall@500",
    "mrr@10": "MRR@10",
}
"""Metrics of the table of systems beside NDCG@10, as far as any system has them."""

BEYOND = {
    "coverage@10": ("coverage", "share of the catalogue that is on at least one list"),
    "diversity@10": ("diversity", "1 less the mean cosine of two items of a list"),
    "novelty@10": ("novelty, bits", "how surprising a listed item is: -log2 of the share of users who have it"),
    "popularity@10": ("popularity", "users before the cut of a listed item, on average"),
    "head@10": ("head share", "share of listed items from the most popular fifth of the catalogue"),
}
"""Metrics of lists that are not about accuracy: name and meaning."""

MARKS = ("●", "■", "▲", "◆", "✚")
"""Of series, as `drawing.SHAPES` draws them."""

SHARES = {"coverage@10", "head@10"}

CALLED = {"both stages": "both stages", "stage one": "stage one alone", "current bundle": "current bundle"}


def render(record: Record) -> str:
    """The whole page. It is the same for the same record."""
    environment = Environment(
        loader=PackageLoader("shortlist_report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_safe,
    )
    environment.filters |= {
        "number": number,
        "gain": gain,
        "interval": interval,
        "probability": probability,
        "prose": prose,
    }
    style = files("shortlist_report").joinpath("templates/report.css").read_text(encoding="utf-8")
    page = environment.get_template("report.html")
    return page.render(record=record, style=Markup(style), charts=charts, **_prepared(record))  # ours


def _prepared(record: Record) -> dict[str, Any]:
    """What the template shows and the record does not say as such."""
    metrics = [system.metrics for system in record.systems]
    compared = {name for each in record.segments for group in each.groups for name in group.of_systems}
    ranked = sorted(record.systems, key=lambda system: -(system.ndcg.mean or 0))
    places = {system.name: place for place, system in enumerate(ranked)}
    return {
        "accuracy": {key: title for key, title in ACCURACY.items() if any(m.get(key) is not None for m in metrics)},
        "beyond": {key: each for key, each in BEYOND.items() if any(m.get(key) is not None for m in metrics)},
        "ranked": ranked,
        "means": [(system.name, system.ndcg) for system in ranked],
        "gains": sorted(
            ((each.other, each.gain) for each in record.differences), key=lambda each: places.get(each[0], 0)
        ),
        "ablated": [(each.other, each.gain) for each in record.ablations],
        "compared": {system.name: called(system) for system in record.systems if system.name in compared},
        "shares": SHARES,
        "shown": shown,
        "marks": MARKS,
    }


def called(system: System) -> str:
    """What a system is called in a legend."""
    return CALLED.get(system.role, f"best baseline: {system.name}" if system.role == "baseline" else system.name)


def shown(record: Record, metric: str) -> list[tuple[str, float]]:
    """A metric of the systems that have it, in their order; then that of what users took."""
    rows = [(system.name, system.metrics.get(metric)) for system in record.systems if system.role != "part"]
    rows.append(("what users took", record.taken.get(metric)))
    return [(name, value) for name, value in rows if value is not None]


def number(value: float | None, digits: int = 4) -> str:
    """A measurement; a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def gain(value: float | None) -> str:
    """A difference, with its sign."""
    return "–" if value is None else f"{value:+.4f}".replace("-", "−")


def interval(each: Estimate, *, signed: bool = False) -> str:
    """The interval of an estimate, as "0.0120 to 0.0300"."""
    if each.low is None or each.high is None:
        return "–"
    low, high = (gain(end) if signed else number(end) for end in (each.low, each.high))
    return f"{low} to {high}"


def probability(value: float | None) -> str:
    """A probability or share in per cent, with two leading digits."""
    return "–" if value is None else f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.0f} %"


def prose(text: str) -> Markup:
    """A text of ours, in which a name of code stands in backticks."""
    parts = [escape(plain(part)) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def _safe(value: object) -> object:
    """Texts of others lose what could act: control characters, and those that turn the direction of the text."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
