"""Catalogue: items as callers write them while servers serve, and changes of items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Attribute = tuple[str, str]
"""Key and value of an item or a user, such as country and France."""


def with_given(given: Sequence[Attribute], known: Sequence[Attribute]) -> list[Attribute]:
    """The attributes `given`, and after them those `known` under other keys."""
    keys = {key for key, _ in given}
    return [*given, *(pair for pair in known if pair[0] not in keys)]


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """An item's content, which is known before any user has dealt with the item."""

    item_id: str
    title: str = ""
    text: str = ""
    categories: tuple[str, ...] = ()
    price: float | None = None
    attributes: tuple[Attribute, ...] = ()  # a key may occur several times
    embedding: tuple[float, ...] = ()  # a vector that the caller has of it
    available: bool = True  # whether it can be had
    release_time: int | None = None  # microseconds since 1970: when it came out; None: not said
    pixels: bytes = b""  # its picture, as `shortlist_core.pictures.pixels_of` makes it; empty: none


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """The newest change of one item: it was written or, where `item` is None, deleted."""

    sequence: int  # grows with every change of the catalogue, in the order of commits
    item_id: str
    item: CatalogItem | None
    time: int  # microseconds since the epoch, UTC
