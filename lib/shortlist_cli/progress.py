"""Progress of long commands: a spinner with the elapsed time on a terminal, plain lines elsewhere; the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.text import Text

from shortlist_core.terminal import output, plain

Left = Callable[[str, float], float | None]
"""How many seconds are left, from the announcement of a step and the seconds so far; None where that is not known."""


@contextmanager
def steps(left: Left = lambda step, elapsed: None) -> Iterator[Callable[[str], None]]:
    """Yield a function that announces the next step, on stderr so that the output stays clean."""
    console = output(error=True)
    start = time.monotonic()
    with console.status("starting") as status:

        def announce(step: str) -> None:
            elapsed = time.monotonic() - start
            seconds = left(step, elapsed)
            note = "" if seconds is None else f"  ({_about(seconds)} left)"
            line = Text.assemble((f"{elapsed:6.1f} s", "dim"), f"  {plain(step)}", (note, "dim"))
            console.print(line, soft_wrap=True)
            status.update(Text(f"{plain(step)} ..."))

        yield announce


def _about(seconds: float) -> str:
    return f"about {round(seconds / 60)} min" if seconds >= 90 else f"about {max(10, 10 * round(seconds / 10))} s"
