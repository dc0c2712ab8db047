"""What lies in deploy/: where it is, and the expressions that its dashboard and alerts ask Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def dashboard() -> dict[str, Any]:
    return json.loads((DEPLOY / "grafana/shortlist.json").read_text())


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panel_expressions() -> Iterator[tuple[str, str]]:
    """Title and expression of each query of the dashboard."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def expressions() -> dict[str, list[str]]:
    """All expressions, by the panel, variable or alert that asks them."""
    asked: dict[str, list[str]] = {}
    for title, expression in panel_expressions():
        asked.setdefault(f"panel {title}", []).append(expression)
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            asked[f"variable {variable['name']}"] = [variable["query"]["query"]]
    for rule in alerts():
        asked[f"alert {rule['alert']}"] = [rule["expr"]]
    return asked
