"""Cards: the items of an answer as people look at them, with what moved since another answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from shortlist import AsyncClient, Item, NotFound, ShortlistError
from shortlist.v1.recommendation_pb2 import RecommendedItem

_AT_ONCE = 16  # items asked of the server at the same time
COLOURS = 8


@dataclass(frozen=True)
class Card:
    """One item of a list."""

    rank: int
    item_id: str
    title: str
    facts: Item | None  # None where the catalogue does not tell
    answer: RecommendedItem | None = None
    anchor_title: str = ""  # of the item of the history that the reason names
    move: str = ""  # in words; empty where there is nothing to compare with
    note: str = ""

    @property
    def colour(self) -> int:
        """Number of the tile's colour: that of its first category."""
        kind = self.facts.categories[0] if self.facts and self.facts.categories else self.item_id
        return crc32(kind.encode()) % COLOURS

    @property
    def letters(self) -> str:
        """What stands on the tile in place of a picture: the first letters of the title's last two words."""
        told = (self.title or self.item_id).split()[-2:]
        return "".join(word[0] for word in told).upper()


@dataclass(frozen=True)
class Gone:
    """An item that the other answer had."""

    rank: int  # there
    item_id: str
    title: str


async def facts_of(client: AsyncClient, item_ids: Iterable[str]) -> dict[str, Item]:
    """What the catalogue tells of items, by id; those that it does not know are left out, all while it is away."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(item_id: str) -> Item | None:
        async with room:
            try:
                return (await client.get_item(item_id)).item
            except NotFound:
                return None

    wanted = list(dict.fromkeys(item_ids))
    try:
        found = await asyncio.gather(*(one(item_id) for item_id in wanted))
    except ShortlistError:  # prices and categories are missing then, and the page is there
        return {}
    return {item_id: item for item_id, item in zip(wanted, found, strict=True) if item}


def cards(
    items: Sequence[RecommendedItem], facts: Mapping[str, Item], before: Sequence[RecommendedItem] | None
) -> list[Card]:
    """The cards of an answer; what moved is told against the items `before`."""
    ranks = None if before is None else {item.item_id: rank for rank, item in enumerate(before, 1)}
    return [
        Card(
            rank,
            item.item_id,
            item.title or title_of(item.item_id, facts),
            facts.get(item.item_id),
            item,
            title_of(item.reason.anchor_item_id, facts) if item.reason.anchor_item_id else "",
            "" if ranks is None else _move(ranks.get(item.item_id), rank),
        )
        for rank, item in enumerate(items, 1)
    ]


def gone(items: Sequence[RecommendedItem], before: Sequence[RecommendedItem]) -> list[Gone]:
    """Items of `before` that an answer does not have any more."""
    kept = {item.item_id for item in items}
    return [
        Gone(rank, item.item_id, item.title or item.item_id)
        for rank, item in enumerate(before, 1)
        if item.item_id not in kept
    ]


def title_of(item_id: str, facts: Mapping[str, Item]) -> str:
    """The title of an item, or its id where it has none."""
    return (facts[item_id].title if item_id in facts else "") or item_id


def _move(was: int | None, rank: int) -> str:
    if was is None:
        return "new on the list"
    if was == rank:
        return "as before"
    places = abs(was - rank)
    return f"{places} {'up' if rank < was else 'down'}, was {was}"
