"""The training table: a data set as arrays, in which items and users are rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from shortlist_bundle.groups import padded
from shortlist_core.catalog import Attribute
from shortlist_core.types import NO_GROUP, SECOND, Bools, EventType, Float32s, Int32s, Int64s, Queries, UInt32s
from shortlist_core.values import LAST_RELEASE
from shortlist_data.dataset import Dataset
from shortlist_layers.item_features import ItemFeatures, item_text
from shortlist_training.demands import demand

FEWEST_MEMBERS, MOST_GROUPS = 10, 1_000
"""Users with events that share an attribute value must be so many to be a group; at most so many groups are kept."""


@dataclass(frozen=True)
class TrainingTable:
    """Everything known before `as_of` (microseconds); row i of all item arrays is the same item."""

    item_ids: list[str]
    titles: list[str]
    categories: list[list[str]]
    prices: Float32s  # [items] NaN where unknown
    available: Bools  # [items] whether it can be had
    released: UInt32s  # [items] when it came out, or its first event, seconds since 1970; 0 where unknown
    attributes: list[list[Attribute]]
    features: ItemFeatures
    user_ids: list[str]
    histories: Queries  # one per user, in the order of user_ids
    as_of: int
    groups: tuple[Attribute, ...] = ()  # attribute values that enough users share
    group_members: Mapping[str, Sequence[int]] = field(default_factory=dict)  # user -> rows of groups
    contexts: tuple[Attribute, ...] = ()  # what enough users' events tell of where and how they happened


def prepare(dataset: Dataset, as_of: int | None, known: ItemFeatures | None = None) -> TrainingTable:
    """The table of what happened before `as_of` (microseconds), or of everything: then `as_of` follows the last event.

    Content is encoded as the items of `known` are, or as is learned from it.
    Raises DataError where the interactions are not enough to learn from, or lie in the future.
    """
    dataset = demand(dataset, as_of)
    events = dataset.interactions
    times = events["timestamp"].dt.timestamp("us").to_numpy()
    now = int(times[-1]) + 1 if as_of is None else as_of
    items = dataset.items
    user_ids = events["user_id"].unique().sort()
    rows = _rows(events["item_id"], items["item_id"])
    contexts, of_events = contexts_of(events)
    histories = _histories(events, rows, _rows(events["user_id"], user_ids), len(user_ids), now, of_events)
    groups, members = _groups(dataset.users, user_ids)
    return TrainingTable(
        items["item_id"].to_list(),
        items["title"].to_list(),
        items["categories"].to_list(),
        items["price"].fill_null(np.nan).to_numpy(),
        items["available"].to_numpy(),
        _released(items, rows, times),
        _attributes(items),
        _features(items, _with_history(events, rows, len(items)), known),
        user_ids.to_list(),
        replace(histories, groups=padded([members.get(user, ()) for user in user_ids])),
        now,
        groups,
        members,
        contexts,
    )


def contexts_of(events: pl.DataFrame) -> tuple[tuple[Attribute, ...], Int32s | None]:
    """The contexts that enough users have had, by key, and those of each event, int32 [events, keys].

    NO_GROUP stands where an event has none of a key. None instead of an array where there are no contexts.
    """
    told = events.select("user_id", "context").with_row_index("event").filter(pl.col("context").list.len() > 0)
    pairs = told.explode("context").unnest("context").unique(["event", "key"], keep="first", maintain_order=True)
    sizes = pairs.group_by("key", "value").agg(users=pl.col("user_id").n_unique().cast(pl.Int64))
    large = sizes.filter(pl.col("users") >= FEWEST_MEMBERS)
    largest = large.sort(-pl.col("users"), "key", "value").head(MOST_GROUPS)
    kept = largest.sort("key", -pl.col("users"), "value").with_row_index("row")
    if not kept.height:
        return (), None
    keys = kept["key"].unique().sort().to_list()
    of_events = np.full((len(events), len(keys)), NO_GROUP, np.int32)
    known = pairs.join(kept, on=["key", "value"])
    columns = known["key"].replace_strict(keys, range(len(keys)), return_dtype=pl.Int64)
    of_events[known["event"].to_numpy(), columns.to_numpy()] = known["row"].to_numpy()
    return tuple(kept.select("key", "value").iter_rows()), of_events


def attributes_of(users: pl.DataFrame) -> dict[str, list[Attribute]]:
    """The attributes of each user who has any, from a canonical table of users."""
    return {
        user: list(dict.fromkeys((pair["key"], pair["value"]) for pair in pairs if pair["key"] and pair["value"]))
        for user, pairs in users.select("user_id", "attributes").iter_rows()
        if pairs
    }


def _groups(users: pl.DataFrame, with_events: pl.Series) -> tuple[tuple[Attribute, ...], dict[str, list[int]]]:
    """The attribute values that enough users `with_events` share, largest group first, and the groups of each user."""
    attributes = attributes_of(users)
    counted = set(with_events)
    sizes = Counter(pair for user, pairs in attributes.items() if user in counted for pair in pairs)
    large = sorted((group for group, size in sizes.items() if size >= FEWEST_MEMBERS), key=lambda g: (-sizes[g], g))
    names = tuple(large[:MOST_GROUPS])
    rows = {name: row for row, name in enumerate(names)}
    members = {user: [rows[pair] for pair in pairs if pair in rows] for user, pairs in attributes.items()}
    return names, {user: groups for user, groups in members.items() if groups}


def _rows(ids: pl.Series, all_ids: pl.Series) -> Int32s:
    positions = pl.Series(np.arange(len(all_ids), dtype=np.int32))
    return ids.replace_strict(all_ids, positions, return_dtype=pl.Int32).to_numpy()


def _histories(
    events: pl.DataFrame, items: Int32s, users: Int32s, n_users: int, now: int, contexts: Int32s | None
) -> Queries:
    order = np.argsort(users, kind="stable")  # events are sorted by time already
    offsets = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=n_users))]).astype(np.int64)
    kinds = {kind.name.lower(): int(kind) for kind in EventType}
    types = events["event_type"].replace_strict(kinds, return_dtype=pl.Int8).to_numpy()
    times: Int64s = events["timestamp"].dt.timestamp("us").to_numpy()
    values = events["value"].fill_null(1.0).to_numpy()
    return Queries(
        offsets,
        items[order],
        times[order],
        types[order],
        values[order].astype(np.float32),
        np.full(n_users, now, np.int64),
        event_contexts=None if contexts is None else contexts[order],
    )


def _with_history(events: pl.DataFrame, rows: Int32s, n_items: int) -> Bools:
    """Which items anybody did anything with: of what was only shown, a model learns nothing."""
    done = (events["event_type"] != EventType.IMPRESSION.name.lower()).to_numpy()
    return np.bincount(rows[done], minlength=n_items) > 0


def _features(items: pl.DataFrame, has_history: Bools, known: ItemFeatures | None) -> ItemFeatures:
    categories = items["categories"]
    names = categories.explode().drop_nulls().unique().sort()
    flat = categories.explode().drop_nulls()
    rows = _rows(flat, names) if len(names) else np.zeros(0, np.int32)
    offsets = np.concatenate([[0], np.cumsum(categories.list.len().to_numpy())]).astype(np.int64)
    texts = list(map(item_text, items["title"], categories.to_list(), items["text"]))
    prices = items["price"].fill_null(np.nan).to_numpy()
    vectors = items["embedding"].to_list() if items["embedding"].is_not_null().any() else None
    pictures = items["image_pixels"].to_list()
    attributes = _attributes(items)
    return ItemFeatures.build(
        texts, offsets, rows, len(names), prices, has_history, attributes, vectors, known, pictures
    )


def _attributes(items: pl.DataFrame) -> list[list[Attribute]]:
    return [[(pair["key"], pair["value"]) for pair in pairs] for pairs in items["attributes"].to_list()]


def _released(items: pl.DataFrame, rows: Int32s, times: Int64s) -> UInt32s:
    """When each item came out, seconds since 1970, uint32 [items]: as it says, else with its first event, 0 without."""
    first = np.full(len(items), np.iinfo(np.int64).max)
    np.minimum.at(first, rows, times // SECOND)
    said = items["release_time"].dt.timestamp("us").fill_null(-1).to_numpy() // SECOND
    released = np.where(said >= 0, np.maximum(said, 1), np.where(first < LAST_RELEASE, first, 0))
    return np.minimum(released, LAST_RELEASE).astype(np.uint32)
