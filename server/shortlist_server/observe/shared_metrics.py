"""Metrics of all workers, added up: each worker counts in files of its own, which the supervisor reads."""

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

_ADDED_UP = ("counter", "histogram")  # kinds of metrics that outlive the worker that counted them
_UNREADABLE = (struct.error, RuntimeError, ValueError)  # raised on reading a file that is cut short or garbled

log = structlog.get_logger(__name__)


class SharedMetrics(Collector):
    """The sums over all workers, living or dead, read from the files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = MultiProcessCollector(None, str(folder))
        self._moving = threading.Lock()  # numbers that move from file to file must not be read twice, or not at all

    def collect(self) -> Iterable[Metric]:
        """The metrics as they are now."""
        with self._moving:
            metrics: Iterable[Metric] = self._files.collect()
            return metrics

    def bury(self, pid: int) -> None:
        """Add a dead worker's counts to those of the dead workers before it, and drop its gauges.

        Otherwise files would pile up while a worker that cannot start is tried again for hours. A failure is
        only logged, as it is no reason for the supervisor to end.
        """
        try:
            with self._moving:
                mark_process_dead(pid, str(self.folder))
                for kind in _ADDED_UP:
                    counts = self.folder / f"{kind}_{pid}.db"
                    if counts.exists():
                        _add(counts, self.folder / f"{kind}_dead.db")
        except Exception:
            log.exception("worker_metrics_not_moved", pid=pid)


def take_room(folder: Path, pid: int) -> None:
    """Reserve disk space for the whole length of a worker's files.

    The files are memory-mapped. Without the reservation a full disk would kill the worker with SIGBUS as it counts.
    """
    try:
        for path in folder.glob(f"*_{pid}.db"):
            _reserve(path, path.stat().st_size)
    except OSError as error:
        log.warning("no_room_for_metrics", folder=str(folder), reason=error.strerror or str(error))


@contextmanager
def served(address: str) -> Iterator[tuple[SharedMetrics, MetricsPage]]:
    """The metrics of all workers that count in the new folder, and the page that shows them.

    The folder is removed at the end. Raises UnavailableError where the address cannot be listened on, or where there is
    no space for the folder.
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
    """Move a file's numbers into the file `total`, added to its own. Where the disk is full, neither file changes."""
    try:
        numbers = list(MmapedDict.read_all_values_from_file(str(more)))
    except _UNREADABLE:
        more.rename(more.with_suffix(".damaged"))  # out of the way, or every scrape would fail too
        raise
    if not total.exists():
        more.rename(total)
        return
    before = list(MmapedDict.read_all_values_from_file(str(total)))
    # Enough even if the files have no series in common, so the file never grows while it is written.
    _reserve(total, max(total.stat().st_size, _length(before) + _length(numbers)))
    with closing(MmapedDict(str(total))) as sums:
        for key, value, _, _ in numbers:
            sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
    more.unlink()


def _length(numbers: list[tuple[str, float, float, int]]) -> int:
    """Bytes of a file up to the end of its last entry. An entry says where its two numbers begin, of 8 bytes each."""
    return numbers[-1][3] + 16 if numbers else 8


def _reserve(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, size)
