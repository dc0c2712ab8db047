"""Summary of a data set: what was understood of it, what is missing for certain, and what is unusual."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from shortlist_core.types import DAY, SECOND
from shortlist_data.dataset import Dataset
from shortlist_data.splits import text_of

DESCRIPTIONS = {
    "title": pl.col("title") != "",
    "text": pl.col("text") != "",
    "categories": pl.col("categories").list.len() > 0,
    "price": pl.col("price").is_not_null(),
    "embedding": pl.col("embedding").is_not_null(),
    "picture": pl.col("image_pixels").is_not_null(),
}
"""What an item may have, and whether it has it."""

EARLIEST = 315_532_800 * SECOND
"""1980: earlier times are those of numbers in another unit, or of clocks that were never set."""


@dataclass(frozen=True)
class Summary:
    """Counts of a data set. Described items have one of DESCRIPTIONS or attributes."""

    interactions: int
    users: int  # with interactions
    items: int
    first: int | None  # time of the oldest interaction, microseconds; None without any
    last: int | None
    event_types: Mapping[str, int]  # interactions of each type, most frequent first
    filled: Mapping[str, int]  # items that have each of DESCRIPTIONS
    described: int  # items
    described_taken: int  # described items that occur in interactions
    undescribed_interactions: int  # interactions whose item is not described
    item_attributes: Mapping[str, int]  # items that have each attribute, most frequent first
    user_attributes: Mapping[str, int]
    users_described: int  # users with attributes, who need not have interactions
    users_described_seen: int  # those of them who have interactions
    unusual: tuple[str, ...]  # a sentence each

    @classmethod
    def of(cls, dataset: Dataset, now: int | None = None) -> Summary:
        """The counts of `dataset`. `now` (microseconds) is the time by the clock, if another one is meant."""
        events, items = dataset.interactions, dataset.items
        times = events["timestamp"].dt.timestamp("us")
        described = items.filter(_described())["item_id"]
        taken = events["item_id"].unique()
        people = dataset.users.filter(pl.col("attributes").list.len() > 0)["user_id"]
        with_events = events["user_id"].unique()
        return cls(
            interactions=events.height,
            users=len(with_events),
            items=items.height,
            first=times[0] if len(times) else None,
            last=times[-1] if len(times) else None,
            event_types=dict(events["event_type"].value_counts(sort=True).iter_rows()),
            filled={name: items.filter(has).height for name, has in DESCRIPTIONS.items()},
            described=len(described),
            described_taken=int(described.is_in(taken.implode()).sum()),
            undescribed_interactions=int((~events["item_id"].is_in(described.implode())).sum()),
            item_attributes=_attributes(items),
            user_attributes=_attributes(dataset.users),
            users_described=len(people),
            users_described_seen=int(people.is_in(with_events.implode()).sum()),
            unusual=tuple(_unusual(dataset, now or int(time.time() * SECOND))),
        )

    def missing(self, read: Collection[str] = ()) -> list[str]:
        """What there is none of, a sentence each: such data trains, but not as whoever imported it expects.

        `read` names the columns that an item table had for DESCRIPTIONS.
        """
        found = []
        if not self.interactions:
            found.append("there are no interactions")
        if not self.described:
            found.append("no item is described: recommendations are made of interactions alone, and have no titles")
        elif not self.described_taken:
            found.append(
                f"none of the {self.described:,} described items occurs in an interaction:"
                " are the ids of the two tables of the same kind?"
            )
        for name, count in self.filled.items():
            column = "image_path" if name == "picture" else name
            if not count and self.items and column in {"title", *read} and (self.described or column in read):
                thing = name if name == "categories" else f"{'an' if name == 'embedding' else 'a'} {name}"
                found.append(f"no item has {thing}{', although there is a column for it' if column in read else ''}")
        if self.users_described and not self.users_described_seen:
            found.append(
                f"none of the {self.users_described:,} users with attributes occurs in an interaction:"
                " are the ids of the two tables of the same kind?"
            )
        return found


def _described() -> pl.Expr:
    return pl.any_horizontal(*DESCRIPTIONS.values(), pl.col("attributes").list.len() > 0)


def _attributes(frame: pl.DataFrame) -> dict[str, int]:
    """How many rows have each attribute."""
    pairs = frame.lazy().select(row=pl.int_range(pl.len()), pair="attributes").explode("pair").drop_nulls("pair")
    keys = pairs.select("row", key=pl.col("pair").struct.field("key")).unique()
    counted = keys.group_by("key").len().sort(["len", "key"], descending=[True, False])
    return dict(counted.collect().iter_rows())


def _unusual(dataset: Dataset, now: int) -> list[str]:
    events = dataset.interactions
    times = events["timestamp"].dt.timestamp("us")
    found = []
    if ahead := int((times > now + DAY).sum()):
        found.append(
            f"{ahead:,} interactions lie more than a day in the future, the newest at {text_of(times[-1])}:"
            " training refuses them"
        )
    if early := int((times < EARLIEST).sum()):
        found.append(
            f"{early:,} interactions lie before 1980, the oldest at {text_of(times[0])}: are their times understood?"
        )
    if len(times) > 1 and times[0] == times[-1]:
        found.append(f"all interactions have the same time, {text_of(times[0])}: nothing is known of what came when")
    found += _blanks("user", pl.concat([events["user_id"], dataset.users["user_id"]]).unique())
    found += _blanks("item", dataset.items["item_id"])
    return found


def _blanks(whose: str, ids: pl.Series) -> list[str]:
    """Ids with blanks are ids like others, but whoever asks for one has to write the same blanks."""
    found = ids.filter(ids.str.contains(r"\s")).sort()
    return [f"{len(found):,} {whose} ids contain blanks, such as {found[0]!r}"] if len(found) else []
