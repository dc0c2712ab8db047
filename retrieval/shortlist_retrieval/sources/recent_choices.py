"""Recent choices: what users chose since a bundle's training data ended."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_core.types import Float32s, Int32s, Int64s


@dataclass(frozen=True)
class RecentChoices:
    """The recent choices of all users. Each item that a user chose counts once for that user."""

    items: Int32s  # [choices] rows
    times: Int64s  # [choices] of the user's newest event on the item, microseconds, none after `now`
    weights: Float32s  # [choices] of the user's strongest event on the item
    now: int  # microseconds
