"""Small tables of events, and what of an import was kept and what was rejected."""

import polars as pl

from shortlist_data.rejects import Imported

HEADER = "user_id,item_id,timestamp\n"
GOOD = "u1,a,2024-01-01T10:00:00Z\n"


def rejected(imported: Imported, table: str = "interactions") -> list[tuple[int, str]]:
    rejects = next(each for each in imported.rejects if each.table == table)
    return [(line, reason) for line, reason, _ in rejects.frame().iter_rows()]


def events(imported: Imported) -> list[tuple[str, str]]:
    return [(row["user_id"], row["item_id"]) for row in imported.dataset.interactions.iter_rows(named=True)]


def item(imported: Imported, item_id: str) -> dict[str, object]:
    return imported.dataset.items.row(by_predicate=pl.col("item_id") == item_id, named=True)
