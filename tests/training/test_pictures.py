"""What items are like is learned from their pictures, where nothing else tells them apart."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from taste_shop import ITEMS, NEW, TASTES, liked_shares, taste_of

from shortlist_core.catalog import CatalogItem
from shortlist_core.pictures import pixels_of

pytestmark = pytest.mark.system

COLOURS = ((200, 40, 40), (40, 60, 200), (40, 170, 60), (30, 30, 30), (230, 200, 60))


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def coloured(number: int, generator: np.random.Generator) -> bytes:
    """A patch of the taste's colour somewhere on a ground of any grey."""
    picture = np.full((40, 40, 3), generator.integers(90, 256)) + generator.normal(0, 12, (40, 40, 3))
    y, x = generator.integers(0, 20, 2)
    picture[y : y + 20, x : x + 20] = COLOURS[taste_of(number)] + generator.normal(0, 25, (20, 20, 3))
    return png(picture)


def striped(number: int, generator: np.random.Generator) -> bytes:
    """Stripes whose direction is the taste's, in any two colours."""
    angle = np.pi * taste_of(number) / TASTES
    y, x = np.mgrid[:64, :64]
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / 12 + generator.uniform(0, 6)) > 0
    dark, light = generator.integers(0, 110, 3), generator.integers(150, 256, 3)
    return png(np.where(wave[..., None], light, dark) + generator.normal(0, 10, (64, 64, 3)))


def grey(number: int, generator: np.random.Generator) -> bytes:
    return png(generator.normal(128, 40, (32, 32, 3)))


@pytest.mark.parametrize(("drawn", "least", "most"), [(coloured, 0.7, 1), (striped, 0.7, 1), (grey, 0, 0.35)])
def test_new_items_of_the_users_taste_are_found_by_their_pictures(drawn, least, most, tmp_path: Path) -> None:
    generator = np.random.default_rng(6)
    pictures = [pixels_of(drawn(item, generator)) if item % 10 else None for item in range(ITEMS)]
    new = [CatalogItem(f"n{number}", pixels=pixels_of(drawn(number, generator))) for number in range(NEW)]
    shares = liked_shares({"image_pixels": pictures}, new, tmp_path)
    assert all(least <= share <= most for share in shares.values()), (shares, 1 / TASTES)
