"""Progress on stderr, for people: nothing is drawn unless stderr is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import rich.progress
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from shortlist_core.terminal import output, plain


@contextmanager
def byte_bar(what: str, total: int | None, done: int = 0) -> Iterator[Callable[[int], None]]:
    """A bar of `total` bytes (None: unknown), `done` of them already there; yields the function that advances it."""
    console = output(error=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(plain(what), total=total, completed=done)
        yield lambda count: progress.advance(task, count)


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """`path` opened for reading bytes, with a bar of how far it has been read."""
    console = output(error=True)
    what = f"reading {escape(plain(path.name))}"
    with rich.progress.open(
        path, "rb", description=what, console=console, transient=True, disable=not console.is_terminal
    ) as file:
        yield file


@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner that says `what` is being done."""
    console = output(error=True)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(plain(what))):
        yield
