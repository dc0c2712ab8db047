"""How many items went into a stage and came out of it, and why the others did not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageCounts:
    """The items of one request at one stage."""

    entered: int
    left: int
    dropped: dict[str, int]  # reason -> items, most frequent first

    @classmethod
    def of(cls, entered: int, left: int, **dropped: int) -> StageCounts:
        """With the reasons that apply."""
        applying = {reason: count for reason, count in sorted(dropped.items(), key=lambda each: -each[1]) if count}
        return cls(entered, left, applying)
