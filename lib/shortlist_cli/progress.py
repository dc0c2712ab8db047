"""Progress of long commands: a spinner with the elapsed time on a terminal, plain lines elsewhere; the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status
from rich.text import Text

from shortlist_core.terminal import output, plain

Left = Callable[[str, float], float | None]
"""How many seconds are left, from the announcement of a step and the seconds so far; None where that is not known."""


@dataclass(slots=True)
class Steps:
    """Announces the steps of a command, on stderr so that the output stays clean; counts within a step."""

    console: Console
    status: Status
    left: Left
    start: float = field(default_factory=time.monotonic)
    step: str = ""

    def __call__(self, step: str) -> None:
        """Announce the next step."""
        elapsed = time.monotonic() - self.start
        seconds, self.step = self.left(step, elapsed), step
        note = "" if seconds is None else f"  ({_about(seconds)} left)"
        line = Text.assemble((f"{elapsed:6.1f} s", "dim"), f"  {plain(step)}", (note, "dim"))
        self.console.print(line, soft_wrap=True)
        self.status.update(Text(f"{plain(step)} ..."))

    def counting(self, total: int) -> Callable[[int], None]:
        """What hears how many more of `total` are done within the step, so that a terminal shows the time left."""
        start, done = time.monotonic(), 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            if 0 < done < total and self.console.is_terminal:
                seconds = (time.monotonic() - start) * (total - done) / done
                self.status.update(Text(f"{plain(self.step)}: {done:,} of {total:,} ({_about(seconds)} left)"))

        return advance


@contextmanager
def steps(left: Left = lambda step, elapsed: None) -> Iterator[Steps]:
    """Yield what announces the steps of a command."""
    console = output(error=True)
    with console.status("starting") as status:
        yield Steps(console, status, left)


def _about(seconds: float) -> str:
    return f"about {round(seconds / 60)} min" if seconds >= 90 else f"about {max(10, 10 * round(seconds / 10))} s"
