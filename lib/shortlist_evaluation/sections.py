"""Sections: what a report's page shows of systems, their differences and segments, from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from shortlist_core.types import NO_ITEM, Float64s, Int32s
from shortlist_evaluation import catalogue, metrics
from shortlist_evaluation.bootstrap import mean_interval
from shortlist_evaluation.catalogue import ItemStats
from shortlist_evaluation.groupings import item_groupings, user_groupings
from shortlist_evaluation.protocol import Heldout
from shortlist_evaluation.report import Report
from shortlist_report.record import Difference, Estimate, Group, Role, Segments, System
from shortlist_report.verdict import Comparison
from shortlist_report.verdict import Role as Other

RECALL_AT = 20
"""Length of the lists in which items of a group are looked for."""


def estimate(values: Float64s) -> Estimate:
    """The mean of the values that are not NaN, and its interval."""
    defined = values[~np.isnan(values)]
    if not len(defined):
        return Estimate(None)
    return Estimate(float(defined.mean()), *mean_interval(defined))


def systems(report: Report, roles: Mapping[str, Role]) -> tuple[System, ...]:
    """All systems of the report; who is in `roles` has that role, the others are baselines."""
    return tuple(
        System(
            name,
            roles.get(name, "baseline"),
            estimate(report.per_user(name)),
            {key: value for key, value in values.items() if isinstance(value, float | None)},
        )
        for name, values in report.systems.items()
    )


def best_baseline(report: Report, roles: Mapping[str, Role]) -> str | None:
    """The baseline with the highest NDCG@10: of the systems that are not in `roles`; None without any."""
    measured = {name: each["ndcg@10"] for name, each in report.systems.items() if name not in roles}
    return max((name for name, ndcg in measured.items() if ndcg is not None), key=measured.__getitem__, default=None)


def differences(report: Report, judged: str, others: Sequence[str]) -> tuple[Difference, ...]:
    """What `judged` gains over each of the others on the same users."""
    return tuple(Difference(other, estimate(report.per_user(judged) - report.per_user(other))) for other in others)


def comparisons(report: Report, judged: str, others: Mapping[str, Other]) -> list[Comparison]:
    """The same as the verdict reads it; a difference that is not defined is left out."""
    found = []
    for other, role in others.items():
        gain = estimate(report.per_user(judged) - report.per_user(other))
        if gain.mean is not None and gain.low is not None and gain.high is not None:
            found.append(Comparison(role, other, report.systems[other]["ndcg@10"], gain.mean, gain.low, gain.high))
    return found


def segments(report: Report, heldout: Heldout, items: pl.DataFrame, names: Sequence[str]) -> tuple[Segments, ...]:
    """How well the named systems do for groups of users (NDCG@10) and of items (recall among the first 20).

    `items` has item_id and categories.
    """
    of_users = [
        Segments(
            grouping.title,
            f"{grouping.about} Measured: the users' mean NDCG@10.",
            "NDCG@10",
            "users",
            tuple(
                Group(name, int(members.sum()), {each: estimate(report.per_user(each)[members]) for each in names})
                for name, members in grouping.groups.items()
            ),
        )
        for grouping in user_groupings(heldout)
    ]
    of_items = [
        Segments(
            grouping.title,
            f"{grouping.about} Measured: which share of the group's items that a user took were among the first 20.",
            f"recall@{RECALL_AT}",
            "items taken",
            tuple(
                _item_group(name, heldout.relevant.only(members), report, names)
                for name, members in grouping.groups.items()
            ),
        )
        for grouping in item_groupings(heldout, items)
    ]
    return (*of_users, *of_items)


def taken_metrics(heldout: Heldout, stats: ItemStats) -> dict[str, float | None]:
    """The catalogue metrics of what the test users took, for comparison with their lists; by names as in a report."""
    relevant = heldout.relevant
    width = int(relevant.sizes.max(initial=0))
    lists: Int32s = np.full((len(relevant), width), NO_ITEM, np.int32)
    users = relevant.users()
    lists[users, np.arange(len(users)) - relevant.offsets[users]] = relevant.items
    measured = {
        "novelty@10": catalogue.novelty(lists, stats),
        "popularity@10": catalogue.average_popularity(lists, stats),
        "head@10": catalogue.head_share(lists, stats),
    }
    return {name: estimate(values).mean for name, values in measured.items()}


def _item_group(name: str, wanted: metrics.ItemSets, report: Report, systems: Sequence[str]) -> Group:
    recalls = {each: metrics.recall_at(report.first(each), wanted, RECALL_AT) for each in systems}
    return Group(name, len(wanted.items), {each: estimate(values) for each, values in recalls.items()})
