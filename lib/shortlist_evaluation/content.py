"""Content: tf-idf vectors of items' title, text and categories, and the baseline that ranks by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy.sparse as sp

from shortlist_core.types import NO_ITEM, Float32s, Int32s
from shortlist_evaluation.protocol import rows_of


def text_vectors(items: pl.DataFrame, item_ids: pl.Series) -> sp.csr_matrix:
    """Tf-idf vectors of length 1 for the items `item_ids`, CSR float32 [items, terms]; 0 for items without text.

    Terms are lower-case runs of letters and digits in the title, text and categories. Terms of a single item are
    dropped, because they connect no items. Weights are (1 + ln tf) * ln(items / df) (Manning et al. 2008, chapter 6).
    """
    words = items.select(
        "item_id",
        pl.concat_str("title", "text", pl.col("categories").list.join(" "), separator=" ", ignore_nulls=True)
        .str.to_lowercase()
        .str.extract_all(r"[\p{L}\p{N}]+")
        .alias("term"),
    )
    words = words.filter(pl.col("item_id").is_in(item_ids.implode()))
    counts = words.explode("term").drop_nulls("term").group_by("item_id", "term").len("tf")
    shared = counts.group_by("term").len("df").filter(pl.col("df") > 1).sort("term").with_row_index("column")
    counts = counts.join(shared, on="term")
    idf = np.log(len(item_ids) / counts["df"].to_numpy())
    weights = (1 + np.log(counts["tf"].to_numpy())) * idf
    rows = rows_of(counts["item_id"], item_ids)
    assert (rows != NO_ITEM).all()
    vectors = sp.csr_matrix((weights, (rows, counts["column"].to_numpy())), (len(item_ids), len(shared)))
    lengths = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
    return (sp.diags(1 / np.where(lengths > 0, lengths, 1)) @ vectors).tocsr().astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ContentBased:
    """Ranks items by how similar their text is to that of the user's items."""

    matrix: sp.csr_matrix  # [users, items] binary
    vectors: sp.csr_matrix  # [items, terms], `text_vectors`

    def scores(self, users: Int32s) -> Float32s:
        """The mean cosine with the user's items, float32 [users, items]."""
        histories = self.matrix[users]
        sums = (histories @ self.vectors) @ self.vectors.T
        counts = np.maximum(np.asarray(histories.sum(axis=1), np.float32), 1)
        return np.asarray(sums.toarray() / counts, np.float32)
