"""The finding: what one check saw, what that means, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a finding means."""

    GOOD = "good"
    WARNING = "warning"  # it works, and something is to be looked after
    BAD = "bad"  # it does not work, or soon will not
    UNKNOWN = "unknown"  # it could not be looked at


@dataclass(frozen=True)
class Finding:
    """What a check saw, in a few words; `advice` says what to do, and is empty where there is nothing."""

    check: str
    found: str
    verdict: Verdict = Verdict.GOOD
    advice: str = ""


def judged(value: float, warning: float, bad: float) -> Verdict:
    """The verdict on a value of which more is worse; where `bad` is the smaller limit, less is worse."""
    sign = 1 if bad >= warning else -1
    if sign * value >= sign * bad:
        return Verdict.BAD
    return Verdict.WARNING if sign * value >= sign * warning else Verdict.GOOD
