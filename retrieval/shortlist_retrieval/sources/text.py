"""Text: items whose words are like those of the history's items. It also reaches items that nobody has taken yet.

Between the items of a bundle the likeness is computed when it is fitted. A new item's is computed when it is asked for,
from the words of the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import scipy.sparse as sp

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import Bools, Float32s, Int32s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.neighbours import cosine
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.item_neighbours import ItemNeighbours
from shortlist_retrieval.sources.scores import SourceScores
from shortlist_retrieval.sources.source import SignalFamily
from shortlist_retrieval.sparse import SparseRows
from shortlist_retrieval.top import top_positions

FREQUENT = 5_000
"""Most items that a token may occur in. More frequent tokens tell little, and would make the comparison quadratic."""


@dataclass(eq=False)
class NewWords:
    """The words of new items, and of the others that histories hold."""

    tokens: Int32s  # [rows, length] of all items, 0 pads; spare rows are written by `put`
    values: Float32s  # [tokens] what each token tells: its inverse document frequency, 0 where it tells too little
    is_new: Bools  # [rows]
    features: NewItems | None = None  # makes tokens of items that are put; None: nothing is put

    def unit_rows(self, rows: Int32s) -> tuple[Int32s, Float32s]:
        """The tokens [n, length] of the items at `rows`, and their values, scaled to unit length, each token once."""
        tokens = np.sort(self.tokens[rows], axis=1)
        values = self.values[tokens]
        values[:, 1:][tokens[:, 1:] == tokens[:, :-1]] = 0
        lengths = np.sqrt((values * values).sum(axis=1, keepdims=True))
        return tokens, np.asarray(values / np.maximum(lengths, 1e-9), np.float32)

    def scores(self, profiles: SparseRows, query: int, rows: Int32s) -> Float32s:
        """The sum of the cosines of the query's history items with the items at `rows`, float32 [rows]."""
        part = slice(profiles.offsets[query], profiles.offsets[query + 1])
        tokens, values = self.unit_rows(profiles.columns[part])
        weights = (values * profiles.values[part, None]).ravel()
        words = np.bincount(tokens.ravel(), weights, len(self.values)).astype(np.float32)
        tokens, values = self.unit_rows(rows)
        return np.asarray((words[tokens] * values).sum(axis=1), np.float32)


@dataclass(frozen=True)
class TextScores:
    """The scores of a batch, which are made of words where an item is new."""

    known: SparseRows  # of the items that the source was fitted on
    profiles: SparseRows
    words: NewWords

    def top(self, count: int, excluded: Exclusions | None) -> Int32s:
        """As `SourceScores` says; `Text.nearest` finds new items."""
        return self.known.top(count, excluded)

    def at(self, items: Int32s) -> Float32s:
        """As `SourceScores` says."""
        scores = self.known.at(items)
        new = self.words.is_new[items] & (items >= 0)
        for query in np.flatnonzero(new.any(axis=1)).tolist():
            scores[query, new[query]] = self.words.scores(self.profiles, query, items[query, new[query]])
        return scores

    def moments(self) -> Float32s:
        """As `SourceScores` says."""
        return self.known.moments()


@dataclass(frozen=True)
class Text(ItemNeighbours):
    """Cosines between items by their words, read with fading histories."""

    family = SignalFamily.TEXT
    from_content = True
    takes_new_items = True
    explanation = Explanation(
        ReasonKind.NEW,
        alone="New and close to your taste.",
        following="Similar to {title}, which you {done}.",
    )

    name: str = "text"
    values: Float32s = field(default_factory=lambda: np.zeros(0, np.float32))  # [tokens] what each token tells
    tokens: Int32s | None = None  # [items, length] of the items that the source was fitted on
    words: NewWords | None = None  # None: new items have no scores

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Text]:
        """The source fitted on the items' words alone."""
        tokens, half_life = inputs.items.tokens, inputs.settings.half_life_days
        values = token_values(tokens, inputs.items.words.size)
        return (cls(text_weights(tokens, values), half_life, values=values, tokens=tokens),)

    def unaware_of(self, new: Bools) -> Text:
        """The source as a server has it to which the items `new` are new: it knows their words."""
        is_old = sp.diags((~new).astype(np.float32), format="csr")
        weights = sp.csr_matrix(is_old @ self.weights @ is_old)
        words = None if self.tokens is None else NewWords(self.tokens, self.values, new)
        return replace(self, weights=weights, words=words)

    def scores(self, queries: Queries) -> SourceScores:  # type: ignore[override]
        """The sum of the cosines with the history's items, for every item."""
        known = super().scores(queries)
        if self.words is None or not self.words.is_new.any():
            return known
        return TextScores(known, self.profile(queries), self.words)

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in new items, at distinct rows. Between items of the bundle the likeness stays as it was published."""
        words = self.words
        if words is None or words.features is None:  # a bundle of before
            return
        tokens = words.features.inputs(items)["tokens"]
        new = rows >= self.weights.shape[0]
        length = words.tokens.shape[1]
        words.tokens[rows[new]] = 0
        words.tokens[rows[new], : tokens.shape[1]] = tokens[new, :length]
        words.is_new[rows[new]] = True

    def nearest(self, queries: Queries, rows: Int32s, count: int) -> list[Int32s]:
        """For each query up to `count` of the new items at `rows`, those with words of the history's items, best first.

        A query without history gets none.
        """
        if self.words is None:
            return [rows[:0]] * len(queries)
        profiles, found = self.profile(queries), []
        for query in range(len(queries)):
            scores = self.words.scores(profiles, query, rows)
            best = top_positions(scores[None], count)[0]
            found.append(rows[best[scores[best] > 0]])
        return found

    def write(self, writer: BundleWriter) -> None:
        """Store the weights, and what each token tells."""
        super().write(writer)
        writer.array(f"retrieval/{self.name}/values", self.values)

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Self:
        """The source that `write` stored. Bundles of before do not say what a token tells, and have no new items."""
        source = super().load(bundle, name, new)
        if new is None or not new.spare_rows or not bundle.has(f"retrieval/{name}/values"):
            return source
        values = bundle.array(f"retrieval/{name}/values")
        if not len(values):  # a synthetic bundle has no words
            return source
        tokens, spare = new.features.tokens, new.spare_rows
        all_tokens = np.zeros((len(tokens) + spare, tokens.shape[1]), tokens.dtype)
        all_tokens[: len(tokens)] = tokens
        words = NewWords(all_tokens, values, np.zeros(len(all_tokens), np.bool_), new)
        return replace(source, values=values, words=words)


def token_values(tokens: Int32s, size: int) -> Float32s:
    """The inverse document frequency of each of `size` tokens, float32; 0 for padding and for what tells too little.

    `tokens` is int32 [items, length], padded with 0.
    """
    n = len(tokens)
    items, positions = np.nonzero(tokens)
    frequency = np.bincount(np.unique(np.stack([tokens[items, positions], items]), axis=1)[0], minlength=size)
    telling = (frequency > 1) & (frequency <= max(FREQUENT, n // 10))
    return np.where(telling, np.log(n / np.maximum(frequency, 1)), 0).astype(np.float32)


def text_weights(tokens: Int32s, values: Float32s) -> sp.csr_matrix:
    """Cosine of tf-idf vectors (Salton and Buckley 1988), CSR float32 [items, items]. Each item keeps its nearest.

    `tokens` is int32 [items, length], padded with 0; `values` is what each of them tells.
    """
    items, positions = np.nonzero(tokens)
    words, items = np.unique(np.stack([tokens[items, positions], items]), axis=1)
    telling = values[words] > 0
    words, items = words[telling], items[telling]
    return cosine(sp.csr_matrix((values[words], (words, items)), (len(values), len(tokens))), shrinkage=0.0)
