"""Cold start of users: how well a system recommends to those who come for the first time after the cut.

Everybody is asked about with nothing known, with their attributes, and with their first event. Who learns from
interactions alone gives all strangers the same, so what there is to beat is popularity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from shortlist_core.types import NO_ITEM, Bools, Int32s
from shortlist_data.dataset import Dataset
from shortlist_evaluation import metrics
from shortlist_evaluation.baselines import Popularity
from shortlist_evaluation.metrics import ItemSets
from shortlist_evaluation.protocol import Interactions, closed, rows_of, wanted_events
from shortlist_evaluation.top_k import top_k

COLUMNS = {"ndcg@10": "NDCG@10", "hit@10": "Hit@10", "recall@100": "R@100"}
LIST_LENGTH = 500

Attribute = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class NewUsers:
    """Users without any event before the cut, and what they then wanted. Rows of items are those of `train`."""

    train: Interactions
    user_ids: list[str]
    attributes: list[list[Attribute]]  # of each user; empty where nothing is known
    first: pl.DataFrame  # the first wanted event of each on an item of the training catalogue, in the order of user_ids
    relevant: ItemSets  # what each wanted, at least one item
    rest: ItemSets  # the same without the item of the first event; may be empty

    @classmethod
    def of(cls, dataset: Dataset, train: Interactions) -> NewUsers | None:
        """Those whose first event of all comes after `train` and who then want an item of its catalogue; None without
        any.
        """
        since = pl.col("timestamp").dt.timestamp("us") >= train.now
        known = dataset.interactions.filter(~since)["user_id"].unique()
        later = wanted_events(dataset.interactions).filter(
            since, ~pl.col("user_id").is_in(known.implode()), pl.col("item_id").is_in(train.item_ids.implode())
        )
        first = later.unique("user_id", keep="first", maintain_order=True).sort("user_id")
        if not len(first):
            return None
        users, items = rows_of(later["user_id"], first["user_id"]), rows_of(later["item_id"], train.item_ids)
        relevant = ItemSets.of_pairs(users, items, len(first))
        began = ItemSets.of_pairs(np.arange(len(first)), rows_of(first["item_id"], train.item_ids), len(first))
        told = dict(dataset.users.select("user_id", "attributes").iter_rows())
        user_ids = first["user_id"].to_list()
        attributes = [[(each["key"], each["value"]) for each in told.get(user) or ()] for user in user_ids]
        return cls(train, user_ids, attributes, first, relevant, relevant.minus(began))

    def __len__(self) -> int:
        return len(self.user_ids)

    def groups(self) -> dict[str, Bools]:
        """Whom means are taken over, bool [users]: everybody and, where attributes are known, those who lack the most
        common value, for whom popularity is made least.
        """
        groups = {"all": np.ones(len(self), np.bool_)}
        if counts := Counter(each for own in self.attributes for each in own):
            most, _ = counts.most_common(1)[0]
            without = np.array([most not in own for own in self.attributes])
            if without.any():
                groups[f"{most[0]} is not {most[1]}"] = without
        return groups

    def popular(self, days: float | None) -> Int32s:
        """What is popular in the last `days` before the cut, or of all time, for everybody, int32 [users, 500]."""
        scores = Popularity.fit(self.train, days).scores(np.zeros(1, np.int32))
        return np.repeat(top_k(scores, LIST_LENGTH), len(self), axis=0)

    def to_json(self, systems: Mapping[str, Int32s], begun: Mapping[str, Int32s]) -> dict[str, Any]:
        """What each system finds of what they wanted; of the `begun`, who know the first event, of all but its item.

        Lists int32 [users, length] in rows of the training catalogue, best first.
        """
        after = self.first["item_id"]
        own = rows_of(after, self.train.item_ids)[:, None]
        without_first = {name: np.where(lists == own, NO_ITEM, lists) for name, lists in begun.items()}
        return {
            "users": len(self),
            "with_attributes": sum(map(bool, self.attributes)),
            "relevant_items": len(self.relevant.items),
            "systems": {name: self._found(closed(lists), self.relevant) for name, lists in systems.items()},
            "after_first_event": {name: self._found(closed(lists), self.rest) for name, lists in without_first.items()},
        }

    def _found(self, lists: Int32s, relevant: ItemSets) -> dict[str, dict[str, float | int]]:
        values = {
            "ndcg@10": metrics.ndcg_at(lists, relevant, 10),
            "hit@10": metrics.hit_at(lists, relevant, 10),
            "recall@100": metrics.recall_at(lists, relevant, 100),
            "recall@500": metrics.recall_at(lists, relevant, 500),
        }
        asked = relevant.sizes > 0
        return {
            group: {"users": int((members & asked).sum())}
            | {name: float(of_users[members & asked].mean()) for name, of_users in values.items()}
            for group, members in self.groups().items()
            if (members & asked).any()
        }


def print_new_users(found: Mapping[str, Any], console: Console) -> None:
    """Print what `NewUsers.to_json` says as two tables."""
    title = f"New users: {found['users']:,}, of {found['with_attributes']:,} of whom attributes are known"
    console.print(_table(title, found["systems"]))
    console.print(_table("New users after their first event", found["after_first_event"]))


def _table(title: str, systems: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("system")
    groups: Sequence[str] = list(next(iter(systems.values()), {}))
    for group in groups:
        for name in COLUMNS.values():
            table.add_column(name if group == "all" else f"{name}, {group}", justify="right")
    for name, values in systems.items():
        table.add_row(name, *(f"{values[group][key]:.4f}" for group in groups for key in COLUMNS))
    return table
