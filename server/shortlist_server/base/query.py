"""What a caller wants, after validation: every default filled in, every limit kept, nothing of the wire left."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist_core.types import Event

DEFAULT_COUNT, DEFAULT_CANDIDATES = 20, 400


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions on an item's categories. Names are sorted and distinct, so that equal conditions are equal values."""

    included: tuple[str, ...] = ()  # at least one of them; empty: any
    excluded: tuple[str, ...] = ()  # none of them

    def __bool__(self) -> bool:
        return bool(self.included or self.excluded)


@dataclass(frozen=True, slots=True)
class Plan:
    """One request for one list of items: of any method, or one query of a batch or stream."""

    request_id: str
    user_id: str = ""  # empty: nobody, or somebody of whom only what is sent along is known
    context: tuple[Event, ...] = ()  # sent along, not stored
    attributes: tuple[tuple[str, str], ...] = ()  # key and value of what else is known of the user, likewise
    count: int = DEFAULT_COUNT  # how many items to answer
    candidate_count: int = DEFAULT_CANDIDATES  # never less than `count`
    excluded: tuple[str, ...] = ()  # item ids
    filter: Filter = Filter()
    keep_seen: bool = False
    diversity: float = 0.0
    include_trace: bool = False
    item_ids: tuple[str, ...] = ()  # Rank: the caller's candidates, distinct; SimilarItems: the one item
