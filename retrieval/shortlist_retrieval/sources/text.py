"""Text neighbours: items whose words are alike. The one source that reaches items nobody has touched yet."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from shortlist_core.types import Int32s
from shortlist_retrieval.sources.item_item import cosine

FREQUENT = 5_000
"""Items; a token in more than these separates little and would make the comparison quadratic."""


def text_weights(tokens: Int32s) -> sp.csr_matrix:
    """Cosine of tf-idf vectors (Salton and Buckley 1988), each item's nearest kept, CSR float32 [items, items].

    `tokens` int32 [items, length], 0 pads.
    """
    n = len(tokens)
    items, places = np.nonzero(tokens)
    pairs = np.unique(np.stack([tokens[items, places], items]), axis=1)
    frequency = np.bincount(pairs[0])
    telling = (frequency[pairs[0]] > 1) & (frequency[pairs[0]] <= max(FREQUENT, n // 10))
    words, items = pairs[:, telling]
    values = np.log(n / frequency[words]).astype(np.float32)
    return cosine(sp.csr_matrix((values, (words, items)), (len(frequency), n)), shrinkage=0.0)
