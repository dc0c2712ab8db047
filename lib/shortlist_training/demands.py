"""What training demands of data, checked before any work: each refusal names its cause and the numbers behind it."""

from __future__ import annotations

import time

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, SECOND
from shortlist_data.dataset import Dataset
from shortlist_data.splits import text_of
from shortlist_evaluation.protocol import counted_kinds, wanted_events

FEWEST_EVENTS = 50


def demand(dataset: Dataset, as_of: int | None = None, now: int | None = None) -> Dataset:
    """What the data set has before `as_of` (microseconds; None: all of it), which is enough to learn from.

    `now` (microseconds) is the time by the clock, if another one is meant. Raises DataError for interactions or an
    `as_of` more than a day in the future, for too few interactions, and where nobody wants anything, there is a single
    item, no user has two items, or a value is no finite number.
    """
    now = now or int(time.time() * SECOND)
    if as_of is not None and as_of > now + DAY:
        raise DataError(
            f"{text_of(as_of)} lies in the future, now it is {text_of(now)}: data can be cut at a time that has been"
        )
    known = dataset if as_of is None else dataset.until(as_of)
    events = known.interactions
    _refuse_future(events, now)
    if len(events) < FEWEST_EVENTS:
        raise DataError(f"{_too_few(dataset.interactions, events, as_of)}; training needs at least {FEWEST_EVENTS}")
    _refuse_without_choices(events)
    if broken := int((~events["value"].is_finite()).sum()):
        raise DataError(f"{broken:,} of {len(events):,} interactions have a value that is no finite number")
    return known


def least_bytes(dataset: Dataset) -> int:
    """About how many bytes a bundle of a data set takes on disk at least: models, items with neighbours, histories."""
    items = dataset.items.height
    return 500_000 + 600 * items + 1_500 * min(items, 20_000) + 17 * dataset.interactions.height


def _refuse_future(events: pl.DataFrame, now: int) -> None:
    times = events["timestamp"].dt.timestamp("us")
    ahead = times.filter(times > now + DAY)
    if len(ahead):
        until = text_of(now).removesuffix(" UTC").replace(" ", "T")
        raise DataError(
            f"{len(ahead):,} of {len(times):,} interactions lie more than a day in the future, the newest at"
            f" {text_of(_newest(ahead))}, and training would take that for the present (now it is {text_of(now)}):"
            f" import the data again without them, or train with --until {until}"
        )


def _too_few(events: pl.DataFrame, known: pl.DataFrame, as_of: int | None) -> str:
    """How many interactions there are, and where the others lie."""
    if not len(events):
        return "there are 0 interactions in the data"
    if as_of is None or len(known) == len(events):
        return f"there are {len(known)} interactions"
    times = events["timestamp"].dt.timestamp("us")
    span = f"from {text_of(int(times[0]))} to {text_of(_newest(times))}"
    return f"there are {len(known)} interactions before {text_of(as_of)}, of {len(events):,} {span}"


def _refuse_without_choices(events: pl.DataFrame) -> None:
    if not len(wanted_events(events)):
        raise DataError(
            f"no interaction says that somebody wants an item ({counted_kinds(events)}): there is nothing to learn from"
        )
    users, items = events["user_id"].n_unique(), events["item_id"].n_unique()
    if items < 2:
        only = events["item_id"][0]
        raise DataError(f"all {len(events):,} interactions are about the item {only!r}: training needs at least two")
    several = int((events.group_by("user_id").agg(pl.col("item_id").n_unique())["item_id"] > 1).sum())
    if not several:
        each = "the only user has" if users == 1 else f"each of the {users:,} users has"
        raise DataError(
            f"{each} a single item ({items:,} items, {len(events):,} interactions): what goes together is learned from"
            " users with two items or more. Are the user ids those of people, or of orders?"
        )


def _newest(times: pl.Series) -> int:
    return int(times.to_numpy().max())
