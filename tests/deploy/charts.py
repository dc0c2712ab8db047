"""The chart as tests render and read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from deployment import DEPLOY

CHART = DEPLOY / "helm/shortlist"
KUBERNETES = "1.31"
NEEDED = {"state.url": "redis://redis:6379/0", "retrain.data.existingClaim": "data"}
"""The values without which the chart renders nothing."""

Tool = Callable[..., str]


def settings(values: Mapping[str, str]) -> list[str]:
    """These values as helm's arguments."""
    return [part for name, value in values.items() for part in ("--set", f"{name}={value}")]


def objects(text: str) -> dict[tuple[str, str], Any]:
    """Kubernetes' objects by kind and name."""
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text) if each}


def pods(text: str) -> Iterator[tuple[str, Any]]:
    """Kind and pod specification of each object that makes pods."""
    for (kind, _), each in objects(text).items():
        match kind:
            case "Pod":
                yield kind, each["spec"]
            case "Deployment":
                yield kind, each["spec"]["template"]["spec"]
            case "CronJob":
                yield kind, each["spec"]["jobTemplate"]["spec"]["template"]["spec"]
