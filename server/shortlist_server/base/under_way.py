"""Long steps of a start: the log says that a step is still under way, so that nobody takes the server for dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)

FIRST_SECONDS, EVERY_SECONDS = 5.0, 10.0


@contextmanager
def under_way(step: str, first: float = FIRST_SECONDS, every: float = EVERY_SECONDS, **facts: object) -> Iterator[None]:
    """Log that `step` is still under way when it has taken `first` seconds, and `every` so many seconds from then on.

    A thread of its own does so, because most of these steps keep the thread that runs them busy.
    """
    done, begun = threading.Event(), time.monotonic()

    def tell() -> None:
        pause = first
        while not done.wait(pause):
            log.info("still_under_way", step=step, seconds=round(time.monotonic() - begun), **facts)
            pause = every

    thread = threading.Thread(target=tell, name="under way", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
