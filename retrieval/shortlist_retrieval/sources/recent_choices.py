"""What users chose since a bundle's data ended, as stage one counts it."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_core.types import Int32s, Int64s


@dataclass(frozen=True)
class RecentChoices:
    """Each item that a user chose since, once, whoever the user is."""

    items: Int32s  # [choices] rows
    times: Int64s  # [choices] of the user's newest event on the item, microseconds, none after `now`
    now: int  # microseconds
