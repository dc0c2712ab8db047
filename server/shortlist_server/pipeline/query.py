"""The query: what a caller asks for, after validation. Defaults are filled in, limits are kept, protobuf is gone."""

from __future__ import annotations

from dataclasses import dataclass, field

from shortlist_core.seen_items import SeenItems
from shortlist_core.tiring import Tiring
from shortlist_core.types import Event, EventType
from shortlist_ranking.arrangement.diversity import Diversity
from shortlist_server.base.limits import DEFAULT_CANDIDATES, DEFAULT_COUNT
from shortlist_server.system.filters import Filter
from shortlist_server.system.placements.rule import Rule


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list that somebody goes through."""

    list: bytes = b""  # a digest that tells lists apart
    shown: bytes = b""  # 64-bit hashes, little-endian, of the ids of the items that earlier pages have shown


@dataclass(frozen=True, slots=True)
class Query:
    """A query for one list of items: of a request of any method, or one of a batch or stream."""

    request_id: str = ""
    user_id: str = ""  # empty: no user, or one of whom only `context` and `attributes` are known
    context: tuple[Event, ...] = ()  # context events: sent with the request, not stored
    attributes: tuple[tuple[str, str], ...] = ()  # key and value; sent with the request, not stored
    context_attributes: tuple[tuple[str, str], ...] = ()  # the same of the moment of the request
    count: int = DEFAULT_COUNT  # how many items the answer holds
    candidate_count: int = DEFAULT_CANDIDATES  # never less than `count`
    excluded: tuple[str, ...] = ()  # item ids
    page: Page = Page()
    filter: Filter = field(default_factory=Filter)
    seen_items: SeenItems | None = None  # None: what suits the data that the bundle was trained on
    diversity: Diversity = field(default_factory=Diversity)
    tiring: Tiring | None = None  # None: as the bundle says
    count_impressions: bool = False  # whether what the answer holds becomes impressions of the user
    action_weights: tuple[tuple[EventType, float], ...] = ()  # empty: those of the bundle
    include_actions: bool = False
    include_trace: bool = False
    bundle_version: str = ""  # of the loaded bundle that answers; empty: that of the user's route
    placement: str = ""  # empty: none
    placement_version: str = ""  # of all placements
    rules: tuple[Rule, ...] = ()  # of the placement
    item_ids: tuple[str, ...] = ()  # Rank: the caller's candidates, distinct; SimilarItems: the one item
