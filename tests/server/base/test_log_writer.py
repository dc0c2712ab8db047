"""Logs cannot hurt: whoever reads them may stall, and the disk may be full."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from waiting import eventually

from shortlist_server.base import log_writer
from shortlist_server.base.log_writer import LogWriter


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ours, theirs = os.pipe()
    yield ours, theirs
    os.close(ours)


def test_lines_arrive_in_their_order(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1], str)
    for i in range(100):
        writer.write(f"line {i}")
    writer.close()
    assert os.read(pipe[0], 1 << 16).decode().splitlines() == [f"line {i}" for i in range(100)]


def test_a_reader_that_stalls_costs_lines_which_are_counted_and_told(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1], lambda count: f"dropped {count}")
    for _ in range(12_000):  # more than a pipe takes and than may wait; this ends, which is the point
        writer.write("x" * 999)
    read, arrived, told = b"", 0, 0
    while arrived + told < 12_000:
        read += os.read(pipe[0], 1 << 16)
        *lines, read = read.split(b"\n")
        arrived += sum(line.startswith(b"x") for line in lines)
        told += sum(int(line.split()[1]) for line in lines if line.startswith(b"dropped"))
    assert arrived + told == 12_000
    assert told > 7_000
    writer.close()


def test_a_full_disk_raises_nothing_and_is_told_when_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "_RETRY_SECONDS", 0.01)
    full = os.open("/dev/full", os.O_WRONLY)
    writer = LogWriter(full, lambda count: f"dropped {count}")
    for _ in range(3):
        writer.write("lost")
    eventually(lambda: writer._dropped == 3)
    ours, theirs = os.pipe()
    os.dup2(theirs, full)
    writer.write("kept")
    assert os.read(ours, 1_000).decode().splitlines() == ["dropped 3", "kept"]
    writer.close()


def test_the_end_does_not_wait_for_a_reader_that_stalls(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1], str)
    for _ in range(2_000):
        writer.write("x" * 999)
    writer.close()  # returns
