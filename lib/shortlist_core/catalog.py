"""Items as callers describe them while servers serve, and how a change of one reaches everybody who knows items."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """What somebody may know of an item before anybody has dealt with it."""

    item_id: str
    title: str = ""
    text: str = ""
    categories: tuple[str, ...] = ()
    price: float | None = None


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """The newest that happened to one item: it was written or, where `item` is None, deleted."""

    sequence: int  # grows with every change of the catalogue, in the order of commits
    item_id: str
    item: CatalogItem | None
    time: int  # microseconds since the epoch, UTC
