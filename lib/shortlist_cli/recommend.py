"""`shortlist recommend`: lists for many users into a file, without a server."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from rich.progress import Progress

from shortlist_bundle.erasures import Erasures
from shortlist_cli.folders import published_in, writable_file
from shortlist_cli.seen import Seen
from shortlist_core import terminal
from shortlist_core.errors import DataError
from shortlist_core.seen_items import SeenItems
from shortlist_core.terminal import quoted
from shortlist_core.types import SECOND
from shortlist_data.spreadsheet import safe_cells
from shortlist_server.base.limits import DEFAULT_CANDIDATES, DEFAULT_COUNT
from shortlist_server.pipeline.query import Query
from shortlist_server.rpc.checks import checked
from shortlist_server.rpc.narrowing import narrowed
from shortlist_server.rpc.placement_file import NAME, read

OTHER_FORMATS = {".parquet", ".pq", ".json", ".jsonl", ".ndjson", ".tsv", ".xls", ".xlsx", ".gz", ".zip", ".zst"}
"""Endings of names that promise another format than CSV."""


def recommend(
    bundles: Annotated[Path, typer.Option(help="Folder of published bundles; the current one answers.")],
    users: Annotated[Path, typer.Option(help="A user id a line.")],
    out: Annotated[Path, typer.Option(help="CSV to write: user_id,rank,item_id,score.")],
    count: Annotated[int, typer.Option(min=0, max=500, help="Items per user; 0: the placement's, or 20.")] = 0,
    seen_items: Seen = None,
    placement: Annotated[
        str, typer.Option(help="Placement of placements.json beside the bundles, whose settings and rules hold now.")
    ] = "",
    bundle: Annotated[str, typer.Option(help="Another version than the current one.")] = "",
) -> None:
    """Recommend to every user of a file by both stages.

    Users without history get popular items. The CSV is safe to open in a spreadsheet: an id that it would take for a
    formula, such as `=1+1` or `@sum`, gets an apostrophe in front.
    """
    if out.suffix.lower() in OTHER_FORMATS:
        raise DataError(f"{quoted(out)}: lists are written as CSV alone: name a file such as {out.stem}.csv")
    writable_file(out)
    user_ids = _read_users(users)
    query = _query(bundles, placement, count, seen_items)
    writable_file(out, 10 * len(user_ids) * query.count)  # bytes of a line, at least
    loaded = published_in(bundles).load(bundle or None)
    # Late: TensorFlow comes with these. Without it `--help` and mistakes take 0.4 s of a core, with it 3.1 s.
    from shortlist_training.offline import serving_offline

    queries = [replace(query, user_id=user_id) for user_id in user_ids]
    with (
        serving_offline(loaded, erasures=Erasures(bundles)) as recommender,
        Progress(console=(console := terminal.output(error=True)), disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("recommending", total=len(user_ids))
        lists = recommender.recommend(queries, lambda n: progress.advance(task, n))
        without_history = int((recommender.bundle.histories.queries(user_ids).lengths == 0).sum())
    shown = lists.items >= 0
    rows, places = np.nonzero(shown)
    frame = pl.DataFrame(
        {
            "user_id": safe_cells(pl.Series(user_ids, dtype=pl.String).gather(rows)),
            "rank": places + 1,
            "item_id": safe_cells(pl.Series(recommender.bundle.items.ids.take(lists.items[shown]), dtype=pl.String)),
            "score": lists.scores[shown],
        }
    )
    try:
        frame.write_csv(out)
    except OSError as error:
        raise DataError(f"{quoted(out)}: cannot write: {error.strerror or error}") from error
    note = f" ({without_history:,} of them without history in the bundle)" if without_history else ""
    wrote = f"Wrote {len(frame):,} rows for {len(user_ids):,} users{note}"
    terminal.say(f"{wrote} to {quoted(out)}, by bundle {loaded.version}")


def _query(bundles: Path, placement: str, count: int, seen_items: SeenItems | None) -> Query:
    """What is asked for every user."""
    items = count or DEFAULT_COUNT
    query = Query(count=items, candidate_count=max(items, DEFAULT_CANDIDATES), seen_items=seen_items)
    if not placement:
        return query
    placements = read(bundles / NAME)
    placements.check([placement])
    now = placements.by_name[placement].at(int(time.time() * SECOND))
    return checked(lambda check: narrowed(check, query, now, placements.version, count, 0))


def _read_users(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{quoted(path)}: cannot read: {getattr(error, 'strerror', None) or error}") from error
    user_ids = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not user_ids:
        raise DataError(f"{quoted(path)}: there are no user ids in it")
    return user_ids
