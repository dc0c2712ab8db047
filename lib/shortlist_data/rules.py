"""Rules: how the cells of raw tables are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shortlist_core.types import EventType


@dataclass(frozen=True)
class Rules:
    """How raw values are interpreted. What is None is found out, column by column, where an importer surveys them."""

    time_format: str | None = None  # strptime, or a name of `time_units.NAMES` for numbers; text may be ISO 8601 too
    time: str | None = None  # of all interactions, for data that tell none
    event_types: Mapping[str, str] = field(default_factory=dict)  # the source's name -> a canonical one
    event_type: str = EventType.INTERACTION.name.lower()  # of rows without one
    separator: str = "|"  # between categories
    time_zone: str | None = None  # of times that tell none; UTC where None
    decimal: str | None = None  # "." or ","; None: whatever a number makes unmistakable
    dislike_below: float | None = None  # a rating of less is a dislike
    day_first: bool | None = None  # in dates such as 01/02/2024, which are not read where None
    earliest: int = 0  # microseconds since 1970: a number that means an earlier time is no time
    context: tuple[str, ...] = ()  # columns of interactions that say where or how an event happened
    strict: bool = False  # whether an optional value of an item that cannot be read costs the row, not the value alone
