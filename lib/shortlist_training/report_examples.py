"""Report examples: some users with their history and the list that they are served, with reasons, for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from shortlist_core import explanation_text
from shortlist_core.types import NO_GROUP, NO_ITEM, Bools, Ranked
from shortlist_data.dataset import Dataset
from shortlist_report.pictures import thumbnail
from shortlist_report.record import Example, ShownItem
from shortlist_server.pipeline.query import Query
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_training.offline import Recommender

COUNT, HISTORY = 10, 8
"""Items of a list and of a history that are shown."""

PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Which users are shown: at these shares of all, ordered by how many events they have."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """What is shown of items."""

    items: pl.DataFrame  # of the data set
    rows: Mapping[str, int]  # of each id
    folder: Path  # of the data, to which paths of images are relative

    @classmethod
    def of(cls, dataset: Dataset, folder: Path) -> Catalogue:
        """The items of a data set."""
        shown = dataset.items.select("item_id", "title", "price", "image_path")
        return cls(shown, {item: row for row, item in enumerate(shown["item_id"])}, folder)

    def shown(self, item_id: str, **more: Any) -> ShownItem:
        """An item as it is shown."""
        row = self.items.row(self.rows[item_id], named=True) if item_id in self.rows else {}
        path = row.get("image_path")
        picture = thumbnail(self.folder / path) if path and "://" not in path else ""
        return ShownItem(item_id, row.get("title") or "", row.get("price"), picture, **more)


def typical(user_ids: Sequence[str], events: pl.DataFrame, hit: Bools | None = None) -> list[str]:
    """A handful of these users, from the least to the most active.

    With `hit`, bool [users], users at every second place are those whose list held something that they took, the others
    those whose list did not, where there are any.
    """
    counts = dict(events.group_by("user_id").len().iter_rows())
    chosen: list[str] = []
    for i, place in enumerate(PLACES):
        wanted = [n for n in range(len(user_ids)) if hit is None or bool(hit[n]) == (i % 2 == 0)]
        pool = [user_ids[n] for n in wanted or range(len(user_ids))]
        ordered = sorted((user for user in pool if user not in chosen), key=lambda user: (counts.get(user, 0), user))
        if ordered:
            chosen.append(ordered[min(int(place * len(ordered)), len(ordered) - 1)])
    return chosen


def examples(
    recommender: Recommender,
    user_ids: Sequence[str],
    past: pl.DataFrame,
    catalogue: Catalogue,
    later: Mapping[str, Collection[str]] | None = None,
) -> tuple[Example, ...]:
    """The users with the newest items of their `past` and with their lists.

    `later` has the items that a user took afterwards, where that is known.
    """
    answers = recommender.answers([Query(user_id=user, count=COUNT) for user in user_ids])
    return tuple(
        _example(user, past.filter(pl.col("user_id") == user), answer, recommender.bundle, catalogue, later)
        for user, answer in zip(user_ids, answers, strict=True)
    )


def _example(
    user: str,
    events: pl.DataFrame,
    answer: Ranked,
    bundle: LoadedBundle,
    catalogue: Catalogue,
    later: Mapping[str, Collection[str]] | None,
) -> Example:
    newest = events.reverse().unique("item_id", keep="first", maintain_order=True).head(HISTORY)
    history = tuple(
        catalogue.shown(item, note=f"{kind}, {time:%Y-%m-%d}")
        for item, kind, time in newest.select("item_id", "event_type", "timestamp").iter_rows()
    )
    taken = set() if later is None else set(later.get(user, ()))
    ids = bundle.items.ids.take(answer.items)
    weighed = bool(bundle.action_weights)  # a sum of weighted probabilities is none
    listed = tuple(
        catalogue.shown(item, note=reason, probability=None if weighed else float(score), taken=item in taken)
        for item, reason, score in zip(ids, reasons(bundle, answer), answer.scores, strict=True)
    )
    about = f"{len(events):,} events before, on {events['item_id'].n_unique():,} items."
    if later is not None:
        hits = sum(item.taken for item in listed)
        about += f" Later took {len(taken):,} items that were new to the user, {hits} of them on this list."
    return Example(user, about, history, listed)


def reasons(bundle: LoadedBundle, answer: Ranked) -> list[str]:
    """The sentence of each item of an answer that tells why it is shown, as callers of the server get it."""
    why = answer.reasons
    titles = bundle.items.titles.take(np.maximum(why.anchors, 0))
    groups = bundle.groups.names if bundle.groups else ()
    return [
        explanation_text.text(
            why.explanations[speaker],
            None if anchor == NO_ITEM else title,
            int(done),
            None if group == NO_GROUP else groups[group],
        )
        for speaker, anchor, title, done, group in zip(
            why.speakers, why.anchors, titles, why.done, why.groups, strict=True
        )
    ]
