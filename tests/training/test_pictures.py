"""What items are like is learned from their pictures, where nothing else tells them apart."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from taste_shop import ITEMS, NEW, TASTES, liked_shares, sales, taste_of

from shortlist_bundle import Bundle, BundleStore
from shortlist_core.catalog import CatalogItem
from shortlist_core.pictures import pixels_of
from shortlist_data.dataset import Dataset
from shortlist_data.pictures import with_pictures
from shortlist_data.reading import LINE
from shortlist_data.rejects import Rejects
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.ranker import Ranker
from shortlist_ranking.scorer import Scorer
from shortlist_ranking.train import item_vectors
from shortlist_training.table import prepare
from shortlist_training.warm import warm_start

pytestmark = pytest.mark.system

WORDS = ("rustic", "modern", "floral", "nautical", "gothic")
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


def read(files: list[bytes | None], folder: Path) -> list[bytes | None]:
    """The pixels of the files as an import reads them from a folder."""
    for number, content in enumerate(files):
        if content:
            (folder / f"{number}.png").write_bytes(content)
    paths = [f"{number}.png" if content else None for number, content in enumerate(files)]
    items, rejects = pl.DataFrame({LINE: range(len(paths)), "image_path": paths}), Rejects("pictures", optional=True)
    found = with_pictures(items, folder, rejects)["image_pixels"].to_list()
    assert not rejects.counts
    return found


@pytest.mark.parametrize(("drawn", "least", "most"), [(coloured, 0.7, 1), (striped, 0.7, 1), (grey, 0, 0.35)])
def test_new_items_of_the_users_taste_are_found_by_their_pictures(drawn, least, most, tmp_path: Path) -> None:
    generator = np.random.default_rng(6)
    files = [drawn(item, generator) if item % 10 else None for item in range(ITEMS)]
    pictures = read(files, tmp_path)
    new = [CatalogItem(f"n{number}", pixels=pixels_of(drawn(number, generator))) for number in range(NEW)]
    shares = liked_shares({"image_pixels": pictures}, new, tmp_path / "bundles")
    assert all(least <= share <= most for share in shares.values()), (shares, 1 / TASTES)


def test_items_may_lack_any_of_text_picture_vector_and_attributes(tmp_path: Path) -> None:
    """Each item is told by one of them alone, and so is each new one."""
    generator = np.random.default_rng(8)
    centres = generator.normal(size=(TASTES, 8))

    def told(number: int) -> dict[str, Any]:
        taste = taste_of(number)
        return [
            {"title": f"{WORDS[taste]} thing {number}"},
            {"pixels": pixels_of(coloured(number, generator))},
            {"embedding": tuple((centres[taste] + 0.3 * generator.normal(size=8)).tolist())},
            {"attributes": (("style", WORDS[taste]),)},
        ][number // TASTES % 4]

    items = [CatalogItem(f"i{number}", **told(number)) for number in range(ITEMS)]
    columns = {
        "title": [item.title for item in items],
        "image_pixels": [item.pixels or None for item in items],
        "embedding": [item.embedding or None for item in items],
        "attributes": [[{"key": key, "value": value} for key, value in item.attributes] for item in items],
    }
    new = [CatalogItem(f"n{number}", **told(number)) for number in range(NEW)]
    shares = liked_shares(columns, new, tmp_path)
    assert min(shares.values()) > 0.7, (shares, 1 / TASTES)
    assert _goes_on_warm(BundleStore(tmp_path).load(), columns)


def _goes_on_warm(bundle: Bundle, columns: dict[str, Any]) -> bool:
    """Whether a retraining on the same items begins with the item vectors that the bundle's ranker has."""
    items = pl.DataFrame({"item_id": [f"i{item}" for item in range(ITEMS)], **columns})
    table = prepare(Dataset.of(sales(), items), None, ItemFeatures.load(bundle))
    start, ranker = warm_start(bundle, table), Ranker.load(bundle)
    assert start is not None
    scorer = Scorer(replace(ranker.scorer.config, n_items=ITEMS))
    scorer.build()
    scorer.set_weights(start.scorer.weights)
    return bool(np.allclose(item_vectors(scorer, table.features), ranker.item_vectors, atol=1e-4))
