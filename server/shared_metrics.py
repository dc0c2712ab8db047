"""What the workers of a supervisor count, added up: each writes into files of its own, which the supervisor reads."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from core.errors import UnavailableError
from server.metrics_page import MetricsPage

_ADDED_UP = ("counter", "histogram")  # what outlives the worker that counted it


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

        Files of each dead worker would add up too, where one that cannot start is tried again for hours.
        """
        with self._moving:
            mark_process_dead(pid, str(self.folder))
            for kind in _ADDED_UP:
                own = self.folder / f"{kind}_{pid}.db"
                if own.exists():
                    _add(own, self.folder / f"{kind}_dead.db")
                    own.unlink()


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
    """Add a file's numbers to those of another one, which is made where there is none."""
    sums = MmapedDict(str(total))
    for key, value, _, _ in MmapedDict.read_all_values_from_file(str(more)):
        sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
    sums.close()
