"""Counts of a stage: how many items entered and left it, and why it dropped the others."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_core.types import RuleTrace


@dataclass(frozen=True, slots=True)
class StageCounts:
    """The items of one request at one stage."""

    entered: int
    left: int
    dropped: dict[str, int]  # reason -> items, most frequent first
    rules: tuple[RuleTrace, ...] = ()

    @classmethod
    def of(cls, entered: int, left: int, **dropped: int) -> StageCounts:
        """The counts with the reasons that dropped any item."""
        by_count = sorted(dropped.items(), key=lambda entry: -entry[1])
        return cls(entered, left, {reason: count for reason, count in by_count if count})
