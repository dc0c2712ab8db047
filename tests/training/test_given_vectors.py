"""What items are like is learned from the vectors that callers have of them, where nothing else tells them apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from taste_shop import ITEMS, NEW, TASTES, liked_shares, taste_of

from shortlist_core.catalog import CatalogItem

pytestmark = pytest.mark.system
DIM = 24


def test_new_items_of_the_users_taste_are_found_by_their_vectors(tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    centres = generator.normal(size=(TASTES, DIM))

    def vector(number: int) -> tuple[float, ...]:
        return tuple((centres[taste_of(number)] + generator.normal(size=DIM) + 3).tolist())

    vectors = [vector(item) if item % 10 else None for item in range(ITEMS)]
    new = [CatalogItem(f"n{number}", embedding=vector(number)) for number in range(NEW)]
    shares = liked_shares({"embedding": vectors}, new, tmp_path)
    assert min(shares.values()) > 0.7, (shares, 1 / TASTES)
