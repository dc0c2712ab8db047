"""Rules of the business: what a placement does with the order that the models give. Protobuf is gone here."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from shortlist_core.catalog import Attribute
from shortlist_ranking.arrangement.diversity import Diversity
from shortlist_server.system.placements.item_selector import ItemSelector


@dataclass(frozen=True, slots=True)
class Grouping:
    """What items have in common: a category, or a value of an attribute."""

    attribute: str = ""  # empty: a category


@dataclass(frozen=True, slots=True)
class Pin:
    """Some items stand at places of their own."""

    item_ids: tuple[str, ...]
    position: int  # of the first of them, counted from 1


@dataclass(frozen=True, slots=True)
class Boost:
    """The scores of some items are scaled."""

    items: ItemSelector
    factor: float


@dataclass(frozen=True, slots=True)
class Bury:
    """Some items stand behind all others."""

    items: ItemSelector


@dataclass(frozen=True, slots=True)
class Cap:
    """A list holds so many items of a kind at most."""

    of: Grouping | ItemSelector
    most: int


@dataclass(frozen=True, slots=True)
class MinimumShare:
    """Part of a list is for some items."""

    items: ItemSelector
    share: float

    def fewest(self, count: int) -> int:
        """How many of them a list of `count` holds at least."""
        return math.ceil(self.share * count - 1e-9)  # 0.1 * 20 is a little above 2


@dataclass(frozen=True, slots=True)
class Spacing:
    """So many others stand between two items of a kind."""

    each: Grouping
    distance: int


Effect = Pin | Boost | Bury | Cap | MinimumShare | Spacing | Diversity


@dataclass(frozen=True, slots=True)
class Asker:
    """What a rule may ask of a request."""

    now: int  # microseconds since 1970
    user_attributes: Collection[Attribute]
    context_attributes: Collection[Attribute]
    has_history: bool


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some values is known under a key, or any where none is named."""

    key: str
    values: tuple[str, ...]  # sorted

    def met(self, attributes: Collection[Attribute]) -> bool:
        """Whether the attributes have one."""
        return any(key == self.key and (not self.values or value in self.values) for key, value in attributes)


@dataclass(frozen=True, slots=True)
class RequestCondition:
    """Which requests a rule holds for. The empty condition is met by all."""

    user_attributes: tuple[OneOf, ...] = ()
    context_attributes: tuple[OneOf, ...] = ()
    has_history: bool | None = None

    def met(self, asker: Asker) -> bool:
        """Whether the request meets everything."""
        return (
            all(each.met(asker.user_attributes) for each in self.user_attributes)
            and all(each.met(asker.context_attributes) for each in self.context_attributes)
            and self.has_history in (None, asker.has_history)
        )


class Hold(Enum):
    """Whether a rule holds for a request."""

    HOLDS = "holds"
    NOT_NOW = "not_now"
    NOT_FOR_THIS_REQUEST = "not_for_this_request"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name, what it does, and when it holds."""

    name: str
    effect: Effect
    since: float = -math.inf  # microseconds since 1970
    before: float = math.inf
    when: RequestCondition = RequestCondition()

    def hold(self, asker: Asker) -> Hold:
        """Whether the rule holds for a request."""
        if not self.since <= asker.now < self.before:
            return Hold.NOT_NOW
        return Hold.HOLDS if self.when.met(asker) else Hold.NOT_FOR_THIS_REQUEST
