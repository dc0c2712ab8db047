"""Groupings: ways to divide test users and items into groups for which a report measures each system apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from shortlist_core.types import DAY, Bools, Int64s
from shortlist_evaluation.protocol import COLD_EVENTS, HEAVY_EVENTS, Heldout

AGES = ((7, "up to a week"), (30, "up to a month"), (90, "up to 3 months"), (365, "up to a year"))
"""Most days, and their name."""
OLDER = "more than a year"

ACTIVITIES = (COLD_EVENTS, 15, HEAVY_EVENTS)
"""Most events of a group, so that the first group is the cold users of the terminal's table and the last the heavy."""

MOST_CATEGORIES = 12
"""Categories that are shown by themselves, those of which most was taken; the others are one group."""

PARTS = 10
"""Parts of equal size into which items are divided by popularity."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """A division into groups, none of which is empty; they may overlap."""

    title: str
    about: str
    groups: dict[str, Bools]  # name -> which users or items belong to it


def user_groupings(heldout: Heldout) -> list[Grouping]:
    """The test users by what they did and by how long they are known; groups are bool [test users]."""
    train, n = heldout.train, len(heldout.train.user_ids)
    events = np.bincount(train.users, minlength=n)[heldout.users]
    days = _days_known(train.users, train.times, n, train.now)[heldout.users]
    bounds = [0, *ACTIVITIES]
    activity = {f"{low + 1} to {high}": (events > low) & (events <= high) for low, high in pairwise(bounds)}
    activity[f"more than {bounds[-1]}"] = events > bounds[-1]
    return [
        Grouping("Users by activity", "Events of the user before the cut.", _filled(activity)),
        Grouping("Users by age", "Time from the user's first event to the cut.", _by_age(days)),
    ]


def item_groupings(heldout: Heldout, items: pl.DataFrame) -> list[Grouping]:
    """The items of the training catalogue by age, popularity and category; groups are bool [items].

    `items` has item_id and categories. Without any category there is no such grouping.
    """
    train, n = heldout.train, len(heldout.train.item_ids)
    days = _days_known(train.items, train.times, n, train.now)
    wanted = np.bincount(heldout.relevant.items, minlength=n)
    found = [
        Grouping("Items by age", "Time from the item's first event to the cut.", _by_age(days)),
        Grouping(
            "Items by popularity",
            "Tenths of the catalogue by the number of users before the cut, the most popular first: head to tail.",
            _tenths(heldout),
        ),
    ]
    categories = _categories(train.item_ids, items, wanted)
    if categories:
        found.append(Grouping("Items by category", "Categories of which most was taken, and all others.", categories))
    return found


def _days_known(rows: npt.NDArray[np.integer[Any]], times: Int64s, n: int, now: int) -> npt.NDArray[np.float64]:
    first = np.full(n, now, np.int64)
    np.minimum.at(first, rows, times)
    return np.asarray((now - first) / DAY, np.float64)


def _by_age(days: npt.NDArray[np.float64]) -> dict[str, Bools]:
    groups, least = {}, -np.inf
    for most, name in AGES:
        groups[name] = (days > least) & (days <= most)
        least = most
    groups[OLDER] = days > least
    return _filled(groups)


def _tenths(heldout: Heldout) -> dict[str, Bools]:
    """Of equally popular items, the lower row goes first, as in `ItemStats.head`."""
    train, n = heldout.train, len(heldout.train.item_ids)
    users = np.asarray(train.matrix().sum(axis=0)).ravel()
    place = np.empty(n, np.int64)
    place[np.argsort(-users, kind="stable")] = np.arange(n)
    part = place * PARTS // n
    names = ["most popular", *(f"tenth {i + 1}" for i in range(1, PARTS - 1)), "least popular"]
    return _filled({name: part == i for i, name in enumerate(names)})


def _categories(item_ids: pl.Series, items: pl.DataFrame, wanted: Int64s) -> dict[str, Bools]:
    rows = pl.DataFrame({"item_id": item_ids, "row": np.arange(len(item_ids)), "wanted": wanted})
    pairs = rows.join(items.select("item_id", "categories").explode("categories"), on="item_id").drop_nulls(
        "categories"
    )
    most = pairs.group_by("categories").agg(pl.col("wanted").sum()).sort(-pl.col("wanted"), "categories")
    names = most["categories"].head(MOST_CATEGORIES).to_list()
    if not names:
        return {}
    members = {name: _marked(pairs.filter(pl.col("categories") == name)["row"], len(item_ids)) for name in names}
    others = ~np.any(list(members.values()), axis=0)
    return _filled(members | {"all others": others})


def _marked(rows: pl.Series, n: int) -> Bools:
    marks = np.zeros(n, np.bool_)
    marks[rows.to_numpy()] = True
    return marks


def _filled(groups: dict[str, Bools]) -> dict[str, Bools]:
    return {name: members for name, members in groups.items() if members.any()}
