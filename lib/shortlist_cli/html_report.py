"""`--html`: the report for people, as one file; checked before the work, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortlist_bundle import reports
from shortlist_cli.folders import writable, writable_file
from shortlist_core import terminal
from shortlist_core.errors import DataError
from shortlist_core.terminal import quoted

if TYPE_CHECKING:
    from shortlist_report.record import Record

Html = Annotated[
    Path | None, typer.Option(help="HTML report to write: one file that any browser opens, without a network.")
]

_NO_EXAMPLES = "Reports beside bundles have no examples of users: open the console's page of a user instead."

MOST_BYTES = 5_000_000
"""What a report takes on the disk at most, about."""


def to_be_reported(html: Path | None, other: Path | None = None) -> None:
    """Make sure that the report can be written. Raises DataError where it cannot, or where `other` is the same file."""
    if html is None:
        return
    if other is not None and html.absolute() == other.absolute():
        raise DataError(f"{quoted(html)} cannot be both the JSON report and the HTML report: name two files")
    writable_file(html, MOST_BYTES)
    if not html.exists() or html.is_file():
        writable(html.resolve().parent, MOST_BYTES)  # a complete file takes the place of the old one


def write_report(html: Path, record: Record, to_errors: bool = False) -> None:
    """Write the record's page and say where it is, on standard error where that is asked for.

    Raises DataError where it cannot be written.
    """
    # Late: Altair and what draws its plots come with this.
    from shortlist_report.page import render

    try:
        _write(html, render(record))
    except OSError as error:
        raise DataError(f"{quoted(html)}: cannot write: {error.strerror or error}") from error
    where = f"To read it: open {html.absolute().as_uri()} in a browser"
    terminal.say(f"Wrote the report to {quoted(html)}. {where}", error=to_errors)


def keep_report(bundles: Path, version: str, record: Record) -> None:
    """Leave the record's page beside its bundle, for the console. Where that is not possible, a line says so.

    Examples stay out of it: they are histories of users, whom a deletion could not take out of the page.
    """
    from shortlist_report.page import render  # late, as above

    missing = {**record.missing, "examples": _NO_EXAMPLES}
    try:
        reports.write_report(bundles, version, render(replace(record, examples=(), missing=missing)))
    except OSError as error:
        terminal.say(f"No report is kept beside the bundles: {error.strerror or error}", error=True)


def _write(html: Path, page: str) -> None:
    if html.exists() and not html.is_file():  # a pipe
        html.write_text(page, encoding="utf-8")
        return
    target = html.resolve()
    handle, part = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
        umask = os.umask(0)
        os.umask(umask)
        Path(part).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~umask)
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
