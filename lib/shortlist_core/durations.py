"""Durations as people write them: `400d`, `36h`, `8w`."""

from __future__ import annotations

import re

from shortlist_core.errors import InvalidArgumentError, Violation

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([mhdw])")


def seconds(text: str, name: str) -> float:
    """The seconds of a duration such as `400d` (m, h, d, w). Raises InvalidArgumentError, which names the setting."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        rule = f"must be a number and m, h, d or w, such as 400d for 400 days, not {text[:40]!r}"
        raise InvalidArgumentError([Violation(name, rule)])
    return float(match[1]) * _SECONDS[match[2]]
