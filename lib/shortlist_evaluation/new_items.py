"""Cold start of items: how well a system recommends items without any event before the cut.

The ranked catalogue is the training catalogue followed by the new items. Methods that learn from interactions only
cannot tell new items apart, so the baseline is similarity of text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.tables import Table
from shortlist_core.types import NO_ITEM, Float64s, Int32s
from shortlist_data.dataset import Dataset
from shortlist_evaluation import metrics
from shortlist_evaluation.content import ContentBased, text_vectors
from shortlist_evaluation.metrics import ItemSets
from shortlist_evaluation.protocol import Heldout, rows_of, wanted_events
from shortlist_evaluation.suite import rank

COLUMNS = {"hit@10": "Hit@10", "hit@100": "Hit@100", "recall@20": "R@20", "recall@100": "R@100", "recall@500": "R@500"}


@dataclass(frozen=True, slots=True, eq=False)
class NewItems:
    """New items and the training users who then wanted some of them. Rows are those of `heldout.train`."""

    items: pl.DataFrame  # the new items of the data set; the last rows, in this order
    heldout: Heldout  # of the extended catalogue; only new items are relevant

    @classmethod
    def of(cls, dataset: Dataset, heldout: Heldout, weights: EventWeights = USUAL) -> NewItems | None:
        """The items with text, embedding or picture that nobody wanted before the cut of `heldout`, and somebody after.

        Somebody is a training user. None where there are none.
        """
        train, events = heldout.train, wanted_events(dataset.interactions, weights)
        later = events.filter(pl.col("timestamp").dt.timestamp("us") >= train.now)
        words = pl.concat_str("title", "text", pl.col("categories").list.join(""), ignore_nulls=True)
        new = dataset.items.filter(
            (words.str.strip_chars().str.len_chars() > 0)
            | pl.any_horizontal(pl.col("embedding", "image_pixels").is_not_null()),
            pl.col("item_id").is_in(later["item_id"].implode()),
            ~pl.col("item_id").is_in(train.item_ids.implode()),
        )
        extended = replace(train, item_ids=pl.concat([train.item_ids, new["item_id"]]))
        users, items = rows_of(later["user_id"], train.user_ids), rows_of(later["item_id"], extended.item_ids)
        of_new = (users != NO_ITEM) & (items >= len(train.item_ids))
        wanted = ItemSets.of_pairs(users[of_new], items[of_new], len(train.user_ids))
        test_users = np.flatnonzero(wanted.sizes).astype(np.int32)
        if not len(test_users):
            return None
        seen = ItemSets.of_pairs(train.users, train.items, len(train.user_ids))
        return cls(new, Heldout(extended, test_users, seen.take(test_users), wanted.take(test_users)))

    def evaluate(self, ranked: Int32s) -> dict[str, float | None]:
        """Mean hit rates and recalls of the wanted new items; lists are int32 [users, length] of any rows."""
        lists, relevant = self.heldout.admit(ranked), self.heldout.relevant
        values: Mapping[str, Float64s] = {
            "hit@10": metrics.hit_at(lists, relevant, 10),
            "hit@100": metrics.hit_at(lists, relevant, 100),
            **{f"recall@{k}": metrics.recall_at(lists, relevant, k) for k in (20, 100, 500)},
        }
        return {name: float(of_users.mean()) for name, of_users in values.items()}

    def by_text(self, items: pl.DataFrame) -> Int32s:
        """The baseline's lists by similarity of text, int32 [users, 500]; `items` are all items of the data set."""
        train = self.heldout.train
        return rank(ContentBased(train.matrix(), text_vectors(items, train.item_ids)), self.heldout)

    def to_json(self, systems: Mapping[str, Int32s]) -> dict[str, Any]:
        """The number of new and relevant items, and the metrics of each system."""
        return {
            "items": len(self.items),
            "users": len(self.heldout),
            "relevant_items": len(self.heldout.relevant.items),
            "systems": {name: self.evaluate(lists) for name, lists in systems.items()},
        }


def new_items_table(result: Mapping[str, Any]) -> Table:
    """The result of `NewItems.to_json` for people."""
    title = f"New items: {result['items']:,}, wanted by {result['users']:,} training users"
    table = Table("system", title=title, left=True)
    for name in COLUMNS.values():
        table.column(name)
    table.right(*range(1, len(COLUMNS) + 1))
    for name, values in result["systems"].items():
        table.row(name, *(f"{values[key]:.4f}" for key in COLUMNS))
    return table
