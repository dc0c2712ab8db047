"""Synthetic catalogue: titles, categories and prices of items, and their features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shortlist_bundle.items import write_items
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Bools, Float32s, Int32s
from shortlist_layers.given_vectors import GivenVectors
from shortlist_layers.item_features import MAX_CATEGORIES, ItemFeatures, PriceScale
from shortlist_layers.item_words import ItemWords
from shortlist_layers.pictures import Pictures
from shortlist_layers.tokens import SAMPLE, TextEncoder
from shortlist_synthetic.clusters import BLOCK, Clusters

CATEGORIES = 60
WORDS, WORDS_OF_CLUSTER = 6_000, 12
TITLE_WORDS, TITLE_TOKENS = 4, 16
SYLLABLES = ("ba", "co", "da", "fi", "gor", "hel", "jun", "ka", "lum", "mi", "nor", "pel", "qua", "ri", "sto", "tan")


@dataclass(frozen=True)
class Catalogue:
    """The items; row i of every field is item i."""

    ids: list[str]
    titles: list[str]
    categories: Int32s  # [items] each item has one
    prices: Float32s  # [items], NaN where unknown

    @classmethod
    def draw(cls, clusters: Clusters) -> Catalogue:
        """Draw a catalogue in which each cluster has its own words and its category."""
        generator = np.random.default_rng([clusters.seed, 3])
        words = np.array(["".join(generator.choice(SYLLABLES, 3)) for _ in range(WORDS)], object)
        of_cluster = generator.integers(0, WORDS, (len(clusters.centres), WORDS_OF_CLUSTER))
        titles: list[str] = []
        for start in range(0, len(clusters), BLOCK):
            labels = clusters.labels[start : start + BLOCK, None]
            picks = generator.integers(0, WORDS_OF_CLUSTER, (len(labels), TITLE_WORDS))
            titles += map(" ".join, words[of_cluster[labels, picks]])
        prices = generator.lognormal(3, 1, len(clusters)).astype(np.float32)
        prices[generator.random(len(clusters)) < 0.05] = np.nan
        return cls([f"i{row:08d}" for row in range(len(clusters))], titles, clusters.labels % CATEGORIES, prices)

    def write(self, writer: BundleWriter) -> None:
        """Store the item table."""
        names = [(f"category {c:02d}",) for c in range(CATEGORIES)]
        write_items(writer, self.ids, self.titles, [names[c] for c in self.categories.tolist()], self.prices)

    def features(self, has_history: Bools, path: Path) -> ItemFeatures:
        """As `ItemFeatures.build`, with the tokens written block by block into the file `path`, which stays mapped."""
        encoder = TextEncoder.learn(self.titles[: SAMPLE // 4])
        tokens = np.lib.format.open_memmap(path, "w+", np.uint16, (len(self.titles), TITLE_TOKENS))
        for start in range(0, len(self.titles), BLOCK):
            tokens[start : start + BLOCK] = encoder.encode(self.titles[start : start + BLOCK], TITLE_TOKENS)
        categories = np.zeros((len(self.titles), MAX_CATEGORIES), np.int32)
        categories[:, 0] = self.categories + 1
        scale = PriceScale.of(self.prices)
        return ItemFeatures(
            tokens,
            categories,
            scale.apply(self.prices),
            has_history,
            ItemWords(encoder),
            CATEGORIES,
            scale,
            GivenVectors.none(len(tokens)),
            Pictures.none(len(tokens)),
        )
