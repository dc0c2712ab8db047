"""Text: items whose words are like those of the history's items. It also reaches items that nobody has taken yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import Bools, Int32s
from shortlist_retrieval.neighbours import cosine
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.item_neighbours import ItemNeighbours
from shortlist_retrieval.sources.source import SignalFamily

FREQUENT = 5_000
"""Most items that a token may occur in. More frequent tokens tell little, and would make the comparison quadratic."""


@dataclass(frozen=True)
class Text(ItemNeighbours):
    """Cosines between items by their words, read with fading histories."""

    family = SignalFamily.TEXT
    from_content = True
    explanation = Explanation(
        ReasonKind.NEW,
        alone="New and close to your taste.",
        following="Similar to {title}, which you {done}.",
    )

    name: str = "text"

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Text]:
        """The source fitted on the items' words alone."""
        return (cls(text_weights(inputs.items.tokens), inputs.settings.half_life_days),)

    def unaware_of(self, new: Bools) -> Text:
        """The source without neighbours of the items `new`, as a server makes no neighbours for new items."""
        is_old = sp.diags((~new).astype(np.float32), format="csr")
        return replace(self, weights=sp.csr_matrix(is_old @ self.weights @ is_old))


def text_weights(tokens: Int32s) -> sp.csr_matrix:
    """Cosine of tf-idf vectors (Salton and Buckley 1988), CSR float32 [items, items]. Each item keeps its nearest.

    `tokens` is int32 [items, length], padded with 0.
    """
    n = len(tokens)
    items, positions = np.nonzero(tokens)
    pairs = np.unique(np.stack([tokens[items, positions], items]), axis=1)
    frequency = np.bincount(pairs[0])
    telling = (frequency[pairs[0]] > 1) & (frequency[pairs[0]] <= max(FREQUENT, n // 10))
    words, items = pairs[:, telling]
    values = np.log(n / frequency[words]).astype(np.float32)
    return cosine(sp.csr_matrix((values, (words, items)), (len(frequency), n)), shrinkage=0.0)
