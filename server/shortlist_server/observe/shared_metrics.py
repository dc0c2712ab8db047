"""What the workers of a supervisor count, added up: each writes into files of its own, which the supervisor reads."""

from __future__ import annotations

import os
import struct
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import structlog
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from shortlist_core.errors import UnavailableError
from shortlist_server.observe.metrics_page import MetricsPage

_ADDED_UP = ("counter", "histogram")  # what outlives the worker that counted it
_UNREADABLE = (struct.error, RuntimeError, ValueError)  # what reading raises where a file is cut short or garbled

log = structlog.get_logger(__name__)


class SharedMetrics(Collector):
    """The sums over all workers that live or lived, read from the files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = MultiProcessCollector(None, str(folder))
        self._moving = threading.Lock()  # nothing may be read twice, or not at all, while it goes from file to file

    def collect(self) -> Iterable[Metric]:
        """As they are now."""
        with self._moving:
            metrics: Iterable[Metric] = self._files.collect()
            return metrics

    def bury(self, pid: int) -> None:
        """A worker has ended: what it counted goes to that of those before it, what it was at is over.

        Files of each dead worker would add up too, where one that cannot start is tried again for hours. So they do
        where this fails, which is logged: it is no reason for the supervisor to end.
        """
        try:
            with self._moving:
                mark_process_dead(pid, str(self.folder))
                for kind in _ADDED_UP:
                    own = self.folder / f"{kind}_{pid}.db"
                    if own.exists():
                        _add(own, self.folder / f"{kind}_dead.db")
        except Exception:
            log.exception("worker_metrics_not_moved", pid=pid)


def take_room(folder: Path, pid: int) -> None:
    """Have the disk set aside what the files of a worker are long. They are written through memory, where a disk that
    is full by then kills the writer (SIGBUS) instead of telling it.
    """
    try:
        for path in folder.glob(f"*_{pid}.db"):
            _reserve(path, path.stat().st_size)
    except OSError as error:
        log.warning("no_room_for_metrics", folder=str(folder), reason=error.strerror or str(error))


@contextmanager
def served(address: str) -> Iterator[tuple[SharedMetrics, MetricsPage]]:
    """The metrics of workers that are told the folder, and the page that shows them. At the end the folder goes.

    Raises UnavailableError where the address cannot be listened on, or there is no room for the folder.
    """
    try:
        temporary = tempfile.TemporaryDirectory(prefix="shortlist-metrics-", ignore_cleanup_errors=True)
    except OSError as error:
        raise UnavailableError(
            "METRICS", f"there is no room for the workers' metrics: {error.strerror or error}"
        ) from None
    with temporary as folder:
        metrics = SharedMetrics(Path(folder))
        page = MetricsPage(address, metrics)
        page.start()
        try:
            yield metrics, page
        finally:
            page.close()


def _add(more: Path, total: Path) -> None:
    """Move a file's numbers to another one, added to those there. Where there is no room, neither has changed."""
    try:
        numbers = list(MmapedDict.read_all_values_from_file(str(more)))
    except _UNREADABLE:
        more.rename(more.with_suffix(".damaged"))  # every scrape would fail as this did
        raise
    if not total.exists():
        more.rename(total)
        return
    before = list(MmapedDict.read_all_values_from_file(str(total)))
    # Enough if they have no series in common: so it never grows while it is written.
    _reserve(total, max(total.stat().st_size, _length(before) + _length(numbers)))
    with closing(MmapedDict(str(total))) as sums:
        for key, value, _, _ in numbers:
            sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
    more.unlink()


def _length(numbers: list[tuple[str, float, float, int]]) -> int:
    """Bytes of a file up to the end of the last of its numbers: each says where it is, and two of them are there."""
    return numbers[-1][3] + 16 if numbers else 8


def _reserve(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, size)
