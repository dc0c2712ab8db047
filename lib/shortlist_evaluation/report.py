"""Report: several systems under one held-out protocol, as JSON for machines and as tables for people.

A system is a name and ranked lists, or a function from user ids to such lists; this module knows no model class.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.tables import Column, Table
from shortlist_core.types import NO_ITEM, SECOND, Bools, Float64s, Int32s
from shortlist_evaluation import catalogue, metrics
from shortlist_evaluation.bootstrap import mean_interval
from shortlist_evaluation.catalogue import ItemStats
from shortlist_evaluation.metrics import ItemSets
from shortlist_evaluation.protocol import Heldout

System = Callable[[Sequence[str]], Int32s]
"""From user ids to lists of catalogue rows, int32 [users, 500] or shorter, padded with `NO_ITEM`."""

LIST = 10
"""Length of the list that a person sees; catalogue metrics look at as many items."""

FIRST = 20
"""Ranks of each list that a report keeps, for the recall of groups of items."""

COLUMNS = {
    "ndcg@10": "NDCG@10",
    "hit@10": "Hit@10",
    "recall@20": "R@20",
    "recall@100": "R@100",
    "recall@500": "R@500",
    "mrr@10": "MRR@10",
    "coverage@10": "Cover@10",
}
"""The metrics that fit a terminal; the JSON has all of them."""

SEGMENT_COLUMNS = (
    ("users", "cold", "ndcg@10"),
    ("users", "warm", "ndcg@10"),
    ("users", "heavy", "ndcg@10"),
    ("items", "head", "recall@100"),
    ("items", "tail", "recall@100"),
)


def item_stats(heldout: Heldout, vectors: Any = None) -> ItemStats:
    """Popularity of the items in training; with `vectors` [items, dims] of length 1, diversity is measured too."""
    train = heldout.train
    touched = ItemSets.of_pairs(train.users, train.items, len(train.user_ids)).items
    return ItemStats(np.bincount(touched, minlength=len(train.item_ids)), len(train.user_ids), vectors)


def accuracy(ranked: Int32s, relevant: ItemSets) -> dict[str, Float64s]:
    """Every accuracy metric of the report per user, float64 [users]; NaN for a user without relevant items."""
    return {
        "ndcg@10": metrics.ndcg_at(ranked, relevant, 10),
        "hit@10": metrics.hit_at(ranked, relevant, 10),
        "recall@20": metrics.recall_at(ranked, relevant, 20),
        "recall@100": metrics.recall_at(ranked, relevant, 100),
        "recall@500": metrics.recall_at(ranked, relevant, 500),
        "mrr@10": metrics.mrr_at(ranked, relevant, 10),
        "map@10": metrics.map_at(ranked, relevant, 10),
        "precision@10": metrics.precision_at(ranked, relevant, 10),
        "f1@10": metrics.f1_at(ranked, relevant, 10),
    }


def evaluate_lists(ranked: Int32s, heldout: Heldout, stats: ItemStats) -> dict[str, Any]:
    """All metrics of one system as JSON types; undefined values are None.

    `ranked` int32 [test users, length] holds rows of the training catalogue, best first. Items that may not be ranked
    (seen, repeated, outside the catalogue) are removed first. Metrics are means over users; `ndcg@10_ci95` is a
    bootstrap interval; `segments` has user groups by history length, and the recall of head and tail items.
    Raises DataError unless there is one list per test user.
    """
    lists = _admitted(ranked, heldout)
    return _summary(accuracy(lists, heldout.relevant), lists, heldout, stats)


class Report:
    """Collects the metrics of systems and shows them in the order in which they were added."""

    def __init__(self, heldout: Heldout, stats: ItemStats | None = None) -> None:
        self._heldout = heldout
        self._stats = stats or item_stats(heldout)
        self._per_user: dict[str, dict[str, Float64s]] = {}
        self._first: dict[str, Int32s] = {}
        self.systems: dict[str, dict[str, Any]] = {}
        """The result of `evaluate_lists` for each system, by name."""

    def add(self, name: str, ranked: Int32s) -> dict[str, Any]:
        """Evaluate the lists [test users, length] of a system as `evaluate_lists` does, and keep the result."""
        lists = _admitted(ranked, self._heldout)
        self._per_user[name] = accuracy(lists, self._heldout.relevant)
        self._first[name] = lists[:, :FIRST].copy()
        self.systems[name] = _summary(self._per_user[name], lists, self._heldout, self._stats)
        return self.systems[name]

    def measure(self, name: str, system: System) -> dict[str, Any]:
        """Ask a system for the lists of the test users and add them."""
        return self.add(name, system(self._heldout.user_ids))

    def per_user(self, name: str, metric: str = "ndcg@10") -> Float64s:
        """A metric of a system for each test user, float64 [test users]."""
        return self._per_user[name][metric]

    def first(self, name: str) -> Int32s:
        """The first ranks of a system's lists, without what may not be ranked, int32 [test users, 20]."""
        return self._first[name]

    def difference(self, name: str, other: str, metric: str = "ndcg@10") -> dict[str, Any]:
        """The mean gain of `name` over `other` on the same users and its interval: {"mean", "ci95"}."""
        gain = self._per_user[name][metric] - self._per_user[other][metric]
        return {"mean": _mean(gain), "ci95": _interval(gain)}

    def to_json(self) -> dict[str, Any]:
        """The whole report, of JSON types only: {"protocol": {...}, "systems": {name: {...}}}."""
        train = self._heldout.train
        protocol = {
            "since": datetime.fromtimestamp(train.now / SECOND, UTC).isoformat(),
            "test_users": len(self._heldout),
            "items": len(train.item_ids),
            "training_users": len(train.user_ids),
            "training_events": len(train.items),
            "relevant_items": len(self._heldout.relevant.items),
        }
        report: dict[str, Any] = json.loads(
            json.dumps({"protocol": protocol, "systems": self.systems}, allow_nan=False)
        )
        return report

    def told(self) -> tuple[str, Table, Table]:
        """For people: what was tested on, the systems as a table, then NDCG@10 and recall by segment."""
        facts = self.to_json()["protocol"]
        tested = (
            f"{facts['test_users']:,} test users, {facts['items']:,} items, "
            f"{facts['training_events']:,} training events before {facts['since']}"
        )
        return tested, _table(self.systems), _segment_table(self.systems)


def _admitted(ranked: Int32s, heldout: Heldout) -> Int32s:
    if ranked.ndim != 2 or len(ranked) != len(heldout):
        raise DataError(f"the lists have shape {ranked.shape}; expected one for each of {len(heldout)} test users")
    return heldout.admit(ranked)


def _summary(values: Mapping[str, Float64s], lists: Int32s, heldout: Heldout, stats: ItemStats) -> dict[str, Any]:
    summary: dict[str, Any] = {name: _mean(per_user) for name, per_user in values.items()}
    summary["ndcg@10_ci95"] = _interval(values["ndcg@10"])
    shown = lists[:, :LIST]
    summary["coverage@10"] = catalogue.coverage(shown, len(stats.users))
    summary["novelty@10"] = _mean(catalogue.novelty(shown, stats))
    if stats.vectors is not None:
        summary["diversity@10"] = _mean(catalogue.intra_list_diversity(shown, stats.vectors))
    summary["popularity@10"] = _mean(catalogue.average_popularity(shown, stats))
    summary["head@10"] = _mean(catalogue.head_share(shown, stats))
    summary["list_length"] = float((lists != NO_ITEM).sum(axis=1).mean())
    groups = heldout.user_segments()
    summary["segments"] = {
        "users": {name: _user_segment(values, members) for name, members in groups.items()},
        "items": {
            "head": _item_segment(lists, heldout.relevant.only(stats.head)),
            "tail": _item_segment(lists, heldout.relevant.only(~stats.head)),
        },
    }
    return summary


def _user_segment(values: Mapping[str, Float64s], members: Bools) -> dict[str, Any]:
    """The number of test users in the group and their metrics."""
    segment: dict[str, Any] = {"users": int(members.sum())}
    for name in ("ndcg@10", "hit@10", "recall@20", "recall@500"):
        segment[name] = _mean(values[name][members])
    return segment


def _item_segment(lists: Int32s, relevant: ItemSets) -> dict[str, Any]:
    """The number of relevant items in the segment and their recall, over users who want any."""
    segment: dict[str, Any] = {"relevant": len(relevant.items)}
    for k in (20, 100, 500):
        segment[f"recall@{k}"] = _mean(metrics.recall_at(lists, relevant, k))
    return segment


def _mean(values: Float64s) -> float | None:
    """The mean of the values that are not NaN; None without any."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None


def _interval(values: Float64s) -> list[float] | None:
    interval = mean_interval(values)
    return None if np.isnan(interval.low) else [interval.low, interval.high]


def _table(systems: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table("system", title="Held-out users", left=True)
    shown = {
        key: title for key, title in COLUMNS.items() if any(system.get(key) is not None for system in systems.values())
    }
    for key, title in shown.items():
        table.column(Column(title, key))
    table.right(*range(1, len(shown) + 1))
    for name, system in systems.items():
        table.row(name, *(_cell(key, system) for key in shown))
    return table


def _cell(key: str, system: Mapping[str, Any]) -> str:
    return _number(system.get(key))


def _segment_table(systems: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table("system", title="By segment", left=True)
    for _, group, metric in SEGMENT_COLUMNS:
        table.column(f"{metric}, {group}")
    table.right(*range(1, len(SEGMENT_COLUMNS) + 1))
    for name, system in systems.items():
        cells = [_number(system["segments"][kind][group][metric]) for kind, group, metric in SEGMENT_COLUMNS]
        table.row(name, *cells)
    return table


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if value < 1 else f"{value:.1f}"
