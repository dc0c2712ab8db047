"""What items are like is learned from their attributes, where nothing else tells them apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from taste_shop import ITEMS, NEW, TASTES, liked_shares, taste_of

from shortlist_core.catalog import CatalogItem

pytestmark = pytest.mark.system

COLOURS = ("red", "blue", "green", "black", "white")


def colour(number: int) -> list[tuple[str, str]]:
    return [("colour", COLOURS[taste_of(number)]), ("size", str(30 + number * 7 % 11))]


def weight(number: int) -> list[tuple[str, str]]:
    return [("grams", f"{100 * taste_of(number) + number * 13 % 80}"), ("height", f"{number * 37 % 97}.5")]


def nothing(number: int) -> list[tuple[str, str]]:
    return [("size", str(30 + number * 7 % 11))]


@pytest.mark.parametrize(("known", "least", "most"), [(colour, 0.7, 1), (weight, 0.7, 1), (nothing, 0, 0.35)])
def test_new_items_of_the_users_taste_are_found_by_their_attributes(known, least, most, tmp_path: Path) -> None:
    pairs = [[{"key": key, "value": value} for key, value in known(item)] for item in range(ITEMS)]
    titles = np.random.default_rng(3).permutation([f"Item {number // 3}" for number in range(ITEMS)]).tolist()
    new = [CatalogItem(f"n{number}", f"Item {number}", attributes=tuple(known(number))) for number in range(NEW)]
    shares = liked_shares({"title": titles, "attributes": pairs}, new, tmp_path)
    assert all(least <= share <= most for share in shares.values()), (shares, 1 / TASTES)
