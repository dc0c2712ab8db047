"""Progress of long commands: a spinner with the elapsed time on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Yield a function that announces the next step, on stderr so that the output stays clean."""
    console = Console(stderr=True, highlight=False)
    start = time.monotonic()
    with console.status("starting") as status:

        def announce(step: str) -> None:
            elapsed = time.monotonic() - start
            if console.is_terminal:
                console.print(f"[dim]{elapsed:6.1f} s[/dim]  {step}")
                status.update(f"{step} ...")
            else:
                console.print(f"{elapsed:6.1f} s  {step}", markup=False)

        yield announce
