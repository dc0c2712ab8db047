"""What an import made of tables: shown to a person or a program, and written as a data folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from shortlist_cli import data_summary
from shortlist_cli.showing import show
from shortlist_core.tables import Table
from shortlist_core.terminal import quoted
from shortlist_data.hints import hints
from shortlist_data.progress import working
from shortlist_data.rejects import Imported
from shortlist_data.summary import Summary


def publish_imported(imported: Imported, out: Path, max_rejects: float, as_json: bool) -> None:
    """Show how many rows were kept and rejected, then write the data set unless too many were rejected."""
    items = imported.headers.get("items")
    read = items.found if items else ()
    told = Summary.of(imported.dataset), read, hints(imported.headers, imported.event_words)
    if not as_json:
        show(False, {}, _rows_table(imported), *data_summary.told(*told))
    with working(f"writing {out}"):
        imported.publish(out, max_rejects)
    show(as_json, _document(imported) | {"data": data_summary.document(*told)}, f"Wrote {quoted(out)}")


def _rows_table(imported: Imported) -> Table:
    table = Table("table", "rows", title="Import").right(1)
    for rejects in imported.rejects:
        table.row(f"{rejects.table}: kept", rejects.read - rejects.counts.total())
        for reason, count in rejects.counts.most_common():
            table.row(f"{rejects.table}: rejected, {reason}", count)
    for note in imported.notes:
        table.row(f"{note.text}, such as {note.example}" if note.example else note.text, note.count)
    return table


def _document(imported: Imported) -> dict[str, Any]:
    tables = {
        each.table: {"read": each.read, "kept": each.read - each.counts.total(), "rejected": dict(each.counts)}
        for each in imported.rejects
    }
    return {"tables": tables, "notes": [asdict(note) for note in imported.notes]}
