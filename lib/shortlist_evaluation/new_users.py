"""Cold start of users: how well a system recommends to users without history, who first come after the cut.

Each user is evaluated three times: with nothing known, with attributes, and with the first event. Methods that learn
from interactions only give all users without history the same list, so the baseline is popularity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.tables import Table
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
    """Users without any event before the cut, and the items they then wanted, as rows of `train`."""

    train: Interactions
    user_ids: list[str]
    attributes: list[list[Attribute]]  # of each user; may be empty
    first: pl.DataFrame  # each user's first event on a wanted item of the training catalogue, in the order of user_ids
    relevant: ItemSets  # per user: the wanted items, at least one
    rest: ItemSets  # the same without the item of the first event, maybe empty

    @classmethod
    def of(cls, dataset: Dataset, train: Interactions, weights: EventWeights = USUAL) -> NewUsers | None:
        """The users whose first event comes after `train` and who then want an item of its catalogue.

        None where there are none.
        """
        since = pl.col("timestamp").dt.timestamp("us") >= train.now
        with_history = dataset.interactions.filter(~since)["user_id"].unique()
        later = wanted_events(dataset.interactions, weights).filter(
            since, ~pl.col("user_id").is_in(with_history.implode()), pl.col("item_id").is_in(train.item_ids.implode())
        )
        first = later.unique("user_id", keep="first", maintain_order=True).sort("user_id")
        if not len(first):
            return None
        users, items = rows_of(later["user_id"], first["user_id"]), rows_of(later["item_id"], train.item_ids)
        relevant = ItemSets.of_pairs(users, items, len(first))
        began = ItemSets.of_pairs(np.arange(len(first)), rows_of(first["item_id"], train.item_ids), len(first))
        attributes_of = dict(dataset.users.select("user_id", "attributes").iter_rows())
        user_ids = first["user_id"].to_list()
        attributes = [[(pair["key"], pair["value"]) for pair in attributes_of.get(user) or ()] for user in user_ids]
        return cls(train, user_ids, attributes, first, relevant, relevant.minus(began))

    def __len__(self) -> int:
        return len(self.user_ids)

    def groups(self) -> dict[str, Bools]:
        """Groups of users that means are taken over, each bool [users].

        These are all users and, where attributes are known, the users without the most common value: popularity
        reflects them least.
        """
        groups = {"all": np.ones(len(self), np.bool_)}
        if counts := Counter(pair for pairs in self.attributes for pair in pairs):
            most, _ = counts.most_common(1)[0]
            without = np.array([most not in pairs for pairs in self.attributes])
            if without.any():
                groups[f"{most[0]} is not {most[1]}"] = without
        return groups

    def popular(self, days: float | None) -> Int32s:
        """The baseline's list for every user: popularity of the last `days`, or of all time, int32 [users, 500]."""
        scores = Popularity.fit(self.train, days).scores(np.zeros(1, np.int32))
        return np.repeat(top_k(scores, LIST_LENGTH), len(self), axis=0)

    def to_json(self, systems: Mapping[str, Int32s], begun: Mapping[str, Int32s]) -> dict[str, Any]:
        """The metrics of each system, first for lists without events, then for lists after the first event (`begun`).

        Lists are int32 [users, length] in rows of the training catalogue, best first. After the first event, its item
        is neither ranked nor relevant.
        """
        first = rows_of(self.first["item_id"], self.train.item_ids)[:, None]
        without_first = {name: np.where(lists == first, NO_ITEM, lists) for name, lists in begun.items()}
        return {
            "users": len(self),
            "with_attributes": sum(map(bool, self.attributes)),
            "relevant_items": len(self.relevant.items),
            "systems": {name: self._metrics(closed(lists), self.relevant) for name, lists in systems.items()},
            "after_first_event": {
                name: self._metrics(closed(lists), self.rest) for name, lists in without_first.items()
            },
        }

    def _metrics(self, lists: Int32s, relevant: ItemSets) -> dict[str, dict[str, float | int]]:
        values = {
            "ndcg@10": metrics.ndcg_at(lists, relevant, 10),
            "hit@10": metrics.hit_at(lists, relevant, 10),
            "recall@100": metrics.recall_at(lists, relevant, 100),
            "recall@500": metrics.recall_at(lists, relevant, 500),
        }
        has_relevant = relevant.sizes > 0
        return {
            group: {"users": int((members & has_relevant).sum())}
            | {name: float(of_users[members & has_relevant].mean()) for name, of_users in values.items()}
            for group, members in self.groups().items()
            if (members & has_relevant).any()
        }


def new_users_tables(result: Mapping[str, Any]) -> tuple[Table, Table]:
    """The result of `NewUsers.to_json` for people: two tables."""
    title = f"New users: {result['users']:,}, {result['with_attributes']:,} of them with attributes"
    after = "New users after their first event"
    return _table(title, result["systems"]), _table(after, result["after_first_event"])


def _table(title: str, systems: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    table = Table("system", title=title, left=True)
    groups: Sequence[str] = list(next(iter(systems.values()), {}))
    for group in groups:
        for name in COLUMNS.values():
            table.column(name if group == "all" else f"{name}, {group}")
    table.right(*range(1, len(groups) * len(COLUMNS) + 1))
    for name, values in systems.items():
        table.row(name, *(f"{values[group][key]:.4f}" for group in groups for key in COLUMNS))
    return table
