"""Files as workers write them, without the workers; `tests/server/process/test_serve_metrics.py` has those."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from scrape import Scrape, scrape

from shortlist_core.errors import UnavailableError
from shortlist_server.observe import shared_metrics
from shortlist_server.observe.metrics_page import MetricsPage
from shortlist_server.observe.shared_metrics import SharedMetrics, served


def write(folder: Path, kind: str, pid: int, name: str, value: float, series: str = "", **labels: str) -> None:
    file = MmapedDict(str(folder / f"{kind}_{pid}.db"))
    file.write_value(mmap_key(name, series or name, list(labels), list(labels.values()), "Help."), value, 0.0)
    file.close()


def work(folder: Path, pid: int, calls: int) -> None:
    """What a worker leaves that has answered so many calls, in a second each, and is at one more."""
    write(folder, "counter", pid, "calls", calls, "calls_total", method="a")
    write(folder, "histogram", pid, "seconds", calls, "seconds_sum")
    write(folder, "histogram", pid, "seconds", calls, "seconds_bucket", le="1.0")
    write(folder, "histogram", pid, "seconds", 0, "seconds_bucket", le="+Inf")
    write(folder, "gauge_livesum", pid, "pending", 1)
    write(folder, "gauge_livemin", pid, "followed", pid)


@pytest.fixture
def shared() -> Iterator[tuple[SharedMetrics, MetricsPage]]:
    with served("127.0.0.1:0") as shared:
        yield shared


def sums(now: Scrape) -> tuple[float, ...]:
    names = "seconds_sum", "seconds_count", "pending"
    return now.value("calls_total", method="a"), *(now.value(name) for name in names)


def test_workers_are_added_up_and_the_dead_still_count_but_are_at_nothing(
    shared: tuple[SharedMetrics, MetricsPage],
) -> None:
    metrics, page = shared
    work(metrics.folder, 11, 5)
    work(metrics.folder, 12, 7)
    assert sums(scrape(page.address)) == (12, 12, 12, 2)
    assert scrape(page.address).value("followed") == 11  # the one furthest behind
    metrics.bury(11)
    assert sums(scrape(page.address)) == (12, 12, 12, 1)
    assert scrape(page.address).value("followed") == 12
    work(metrics.folder, 11, 2)  # another one, to which the system gave the same number
    assert sums(scrape(page.address)) == (14, 14, 14, 2)
    metrics.bury(11)
    metrics.bury(13)  # died before it had counted anything
    assert sums(scrape(page.address)) == (14, 14, 14, 1)
    assert scrape(page.address).value("seconds_bucket", le="1.0") == 14


def test_files_do_not_become_more_with_the_dead(shared: tuple[SharedMetrics, MetricsPage]) -> None:
    metrics, page = shared
    for pid in range(100, 140):
        work(metrics.folder, pid, 1)
        metrics.bury(pid)
    assert {path.name for path in metrics.folder.iterdir()} == {"counter_dead.db", "histogram_dead.db"}
    assert scrape(page.address).value("calls_total", method="a") == 40


def test_no_scrape_sees_the_dead_twice_or_not_at_all(
    shared: tuple[SharedMetrics, MetricsPage], monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, page = shared
    work(metrics.folder, 10, 3)
    metrics.bury(10)
    work(metrics.folder, 11, 5)
    added, go_on, add, seen = threading.Event(), threading.Event(), shared_metrics._add, list[float]()

    def slow(more: Path, total: Path) -> None:
        add(more, total)
        added.set()
        go_on.wait(20)

    monkeypatch.setattr(shared_metrics, "_add", slow)
    burying = threading.Thread(target=metrics.bury, args=(11,))
    burying.start()
    added.wait(20)
    scraping = threading.Thread(target=lambda: seen.append(scrape(page.address).value("calls_total", method="a")))
    scraping.start()
    scraping.join(0.3)  # were it not to wait, it would be done by then
    assert seen == []
    go_on.set()
    burying.join(20)
    scraping.join(20)
    assert seen == [8]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Fills the disk, as far as reserving room on it goes."""

    def refuse(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda: monkeypatch.setattr(os, "posix_fallocate", refuse)


def test_the_dead_still_count_where_the_disk_is_full(
    shared: tuple[SharedMetrics, MetricsPage], full: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    metrics, page = shared
    work(metrics.folder, 11, 5)
    metrics.bury(11)
    work(metrics.folder, 12, 7)
    work(metrics.folder, 13, 1)  # lives on
    full()
    metrics.bury(12)
    assert sums(scrape(page.address)) == (13, 13, 13, 1)
    assert (metrics.folder / "counter_12.db").exists()
    logged = "".join(capsys.readouterr())
    assert "worker_metrics_not_moved" in logged and "No space left on device" in logged


@pytest.mark.parametrize("left", [0, 2, 60])
def test_a_file_cut_short_is_logged_and_left_out(
    shared: tuple[SharedMetrics, MetricsPage], left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics, page = shared
    for pid in (11, 12, 13):
        work(metrics.folder, pid, 5)
    os.truncate(metrics.folder / "counter_12.db", left)
    for pid in (11, 12):
        metrics.bury(pid)
    assert sums(scrape(page.address)) == (10, 15, 15, 1)
    assert "worker_metrics_not_moved" in "".join(capsys.readouterr())


def test_files_of_the_dead_have_their_room_before_they_are_written(
    shared: tuple[SharedMetrics, MetricsPage], monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, _ = shared
    growing = MmapedDict.__dict__["_init_value"]
    many = [f"{'long' * 40}_{number}" for number in range(600)]  # more than a new file has room for
    for pid, names in ((11, many[:300]), (12, many[300:])):
        for name in names:
            write(metrics.folder, "counter", pid, name, 1)
    metrics.bury(11)

    def checked(file: MmapedDict, key: str) -> None:
        before = file._capacity
        growing(file, key)
        assert file._capacity == before

    monkeypatch.setattr(MmapedDict, "_init_value", checked)
    metrics.bury(12)
    total = metrics.folder / "counter_dead.db"
    assert len(list(MmapedDict.read_all_values_from_file(str(total)))) == 600
    assert total.stat().st_blocks * 512 >= total.stat().st_size


def test_files_of_the_dead_grow_with_their_series_alone(shared: tuple[SharedMetrics, MetricsPage]) -> None:
    metrics, _ = shared
    for pid in range(100, 140):
        write(metrics.folder, "counter", pid, "long" * 10_000, 1)
        metrics.bury(pid)
    assert (metrics.folder / "counter_dead.db").stat().st_size < 200_000


def test_room_is_taken_for_the_files_of_a_worker(tmp_path: Path) -> None:
    work(tmp_path, 11, 5)
    work(tmp_path, 111, 5)
    shared_metrics.take_room(tmp_path, 11)
    taken = {path.name: path.stat().st_blocks * 512 >= path.stat().st_size for path in tmp_path.iterdir()}
    assert len(taken) == 8 and all(taken[name] == name.endswith("_11.db") for name in taken)


def test_a_worker_without_room_for_its_files_is_told_so_and_goes_on(
    tmp_path: Path, full: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    work(tmp_path, 11, 5)
    full()
    shared_metrics.take_room(tmp_path, 11)
    assert "".join(capsys.readouterr()).count("no_room_for_metrics") == 1


def test_the_folder_goes_at_the_end_whatever_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_metrics.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(KeyboardInterrupt), served("127.0.0.1:0") as (metrics, _):
        work(metrics.folder, 1, 1)
        assert metrics.folder.parent == tmp_path
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_metrics.tempfile, "tempdir", str(tmp_path / "none"))
    with (
        pytest.raises(UnavailableError, match=r"^there is no room for the workers' metrics: .+$"),
        served("127.0.0.1:0"),
    ):
        pass
