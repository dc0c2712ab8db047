"""Progress of long commands: a spinner with the elapsed time on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.text import Text

from shortlist_core.terminal import output, plain


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Yield a function that announces the next step, on stderr so that the output stays clean."""
    console = output(error=True)
    start = time.monotonic()
    with console.status("starting") as status:

        def announce(step: str) -> None:
            elapsed = f"{time.monotonic() - start:6.1f} s"
            console.print(Text.assemble((elapsed, "dim"), f"  {plain(step)}"), soft_wrap=True)
            status.update(Text(f"{plain(step)} ..."))

        yield announce
