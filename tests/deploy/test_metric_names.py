"""The dashboard and the alerts ask for nothing that a server does not export."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from deployment import ROOT, expressions

ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<kind>\w+) \| (?P<labels>.*?) \|", re.MULTILINE)
LABEL = re.compile(r"`(\w+)`(?:: ((?:`\w+`(?:, )?)+))?")
METRIC = re.compile(r"\b((?:grpc_server|shortlist)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
SCRAPED = {"job", "instance"}  # of Prometheus itself
NOT_OURS = {"grpc_service", "grpc_method", "grpc_code", "shortlist.*"}


@dataclass(frozen=True)
class Metric:
    kind: str
    labels: dict[str, set[str]]  # with the values that are known


def exported() -> dict[str, Metric]:
    """The metrics of the reference, which is generated from the program; histograms by their three series."""
    metrics = {}
    for row in ROW.finditer((ROOT / "docs/reference/metrics.md").read_text()):
        labels = {name: set(re.findall(r"\w+", values)) for name, values in LABEL.findall(row["labels"])}
        if row["kind"] == "histogram":
            metrics[f"{row['name']}_bucket"] = Metric("histogram", labels | {"le": set()})
            metrics |= {f"{row['name']}_{part}": Metric("histogram", labels) for part in ("sum", "count")}
        else:
            metrics[row["name"]] = Metric(row["kind"], labels)
    return metrics


EXPORTED = exported()
ASKED = [(whose, expression) for whose, asked in expressions().items() for expression in asked]


def metrics_of(expression: str) -> list[tuple[str, str]]:
    """Name and matchers of each metric; labels that look like one do not count."""
    return [(name, matchers) for name, matchers in METRIC.findall(expression) if name not in NOT_OURS]


def test_the_reference_was_understood() -> None:
    assert len(EXPORTED) > 20
    assert EXPORTED["shortlist_degraded_total"].labels["flag"] >= {"ranker_late", "rules_skipped"}


@pytest.mark.parametrize(("whose", "expression"), ASKED, ids=[whose for whose, _ in ASKED])
def test_it_asks_for_what_servers_export(whose: str, expression: str) -> None:
    found = metrics_of(expression)
    assert found or expression.startswith("up")
    known = set(SCRAPED)
    for name, matchers in found:
        assert name in EXPORTED, f"{whose}: no server exports {name}"
        labels = EXPORTED[name].labels
        known |= labels.keys()
        for label, sign, value in MATCHER.findall(matchers):
            assert label in labels.keys() | SCRAPED, f"{whose}: {name} has no label {label}"
            values = labels.get(label, set())
            if values and sign == "=":
                assert value in values, f"{whose}: {name} is never {label}={value}"
    for grouped in GROUPED.findall(expression):
        assert set(re.findall(r"\w+", grouped)) <= known, f"{whose}: grouped by a label that nothing has"


@pytest.mark.parametrize(("whose", "expression"), ASKED, ids=[whose for whose, _ in ASKED])
def test_counters_are_asked_for_their_rate_and_gauges_are_not(whose: str, expression: str) -> None:
    if whose.startswith("variable") or whose == "panel Calls under way":  # a difference of two counters
        return
    rated = re.findall(r"\b(?:rate|increase)\((\w+)", expression)
    for name, _ in metrics_of(expression):
        assert (name in rated) == (EXPORTED[name].kind in {"counter", "histogram"}), f"{whose}: {name}"


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {name for whose, expression in ASKED if whose.startswith("panel") for name, _ in metrics_of(expression)}
    parts = re.compile("_(bucket|sum|count)$")
    assert {parts.sub("", name) for name in shown} == {parts.sub("", name) for name in EXPORTED}
