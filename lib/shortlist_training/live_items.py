"""Live items as training data: items that callers wrote to servers replace those of the data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_data import schema
from shortlist_data.embeddings import same_length
from shortlist_data.rejects import Rejects
from shortlist_state import CatalogStore

PAGE = 1_000
_WRITTEN = ("item_id", "title", "text", "categories", "price", "attributes", "embedding", "available", "release_time")
_PICTURE = "written picture"


def changes(store: CatalogStore, up_to: int | None = None) -> Iterator[CatalogChange]:
    """The newest change of every changed item, in the order of sequence numbers, up to the number `up_to`."""
    after, more = -1, True
    while more:
        page = store.changes(after, PAGE)
        for change in page.changes:
            if up_to is not None and change.sequence > up_to:
                return
            yield change
        after, more = page.end, page.more


def with_written(items: pl.DataFrame, changes: Sequence[CatalogChange]) -> pl.DataFrame:
    """The canonical items with written items in their newest state; new items come last.

    A picture and a release time of the data set stay where an item was written without, as they do in servers.
    Embeddings of another length than most are left out, as servers whose bundle has none take any. Deletions are
    ignored.
    """
    written = _frame(change.item for change in changes if change.item)
    rest = items.select(pl.exclude(_WRITTEN), "item_id", before="release_time")
    renewed = written.join(rest, on="item_id", how="left", maintain_order="left")
    renewed = renewed.with_columns(
        image_pixels=pl.coalesce(_PICTURE, "image_pixels"), release_time=pl.coalesce("release_time", "before")
    ).select(items.columns)
    stays = items.join(written.select("item_id"), on="item_id", how="anti", maintain_order="left")
    merged = same_length(pl.concat([stays, renewed]), Rejects("items"))
    return schema.conform("items", merged, "live items")


def without_deleted(
    items: pl.DataFrame, interactions: pl.DataFrame, changes: Sequence[CatalogChange]
) -> tuple[pl.DataFrame, int]:
    """The items without deleted ones, and how many were left out.

    Deleted items with interactions stay, because they tell something about the users who have them. Servers exclude
    them from answers because of the deletion in the store, whatever their bundle contains.
    """
    deleted = pl.DataFrame(
        {"item_id": [change.item_id for change in changes if not change.item]}, {"item_id": pl.String}
    )
    deleted = deleted.join(interactions.select("item_id"), on="item_id", how="anti")
    left = items.join(deleted, on="item_id", how="anti", maintain_order="left")
    return left, len(items) - len(left)


def _frame(items: Iterable[CatalogItem]) -> pl.DataFrame:
    rows = [
        (
            item.item_id,
            item.title,
            item.text,
            list(item.categories),
            item.price,
            [{"key": key, "value": value} for key, value in item.attributes],
            item.embedding or None,
            item.available,
            item.release_time,
            item.pixels or None,
        )
        for item in items
    ]
    columns = {name: schema.ITEMS[name] for name in _WRITTEN}
    numbers = {"price": pl.Float64(), "release_time": pl.Int64()}  # as callers wrote them
    exact = pl.DataFrame(rows, {**columns, **numbers, _PICTURE: pl.Binary()}, orient="row")
    return exact.with_columns(
        pl.col("price").clip(0, 3.4e38).cast(pl.Float32),
        pl.from_epoch("release_time", "us").dt.replace_time_zone("UTC"),
    )
