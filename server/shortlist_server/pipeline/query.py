"""What a caller wants, after validation: every default filled in, every limit kept, nothing of the wire left."""

from __future__ import annotations

from dataclasses import dataclass, field

from shortlist_core.types import Event
from shortlist_server.base.limits import DEFAULT_CANDIDATES, DEFAULT_COUNT
from shortlist_server.system.filters import Filter


@dataclass(frozen=True, slots=True)
class Query:
    """One request for one list of items: of any method, or one query of a batch or stream."""

    request_id: str = ""
    user_id: str = ""  # empty: nobody, or somebody of whom only what is sent along is known
    context: tuple[Event, ...] = ()  # sent along, not stored
    attributes: tuple[tuple[str, str], ...] = ()  # key and value of what else is known of the user, likewise
    count: int = DEFAULT_COUNT  # how many items to answer
    candidate_count: int = DEFAULT_CANDIDATES  # never less than `count`
    excluded: tuple[str, ...] = ()  # item ids
    filter: Filter = field(default_factory=Filter)
    keep_seen: bool = False
    diversity: float = 0.0
    include_trace: bool = False
    item_ids: tuple[str, ...] = ()  # Rank: the caller's candidates, distinct; SimilarItems: the one item
