"""The log writer: lines go to standard error on a thread of their own, so that no call waits for whoever reads them.

A reader that stalls and a full disk cost lines and nothing else. What was dropped is counted, and told once lines are
taken again.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Callable

_MOST_LINES = 10_000  # that wait to be written
_MOST_BYTES = 4 * 1024 * 1024
_RETRY_SECONDS = 0.5  # after a write that failed, as on a full disk
_LAST_SECONDS = 1.0  # to write what waits at the end


class LogWriter:
    """Writes lines to a file descriptor, which it owns. Every method may be called on any thread, and none raises."""

    def __init__(self, descriptor: int, tell_dropped: Callable[[int], str]) -> None:
        """`tell_dropped` gives the line that tells how many lines were dropped."""
        self._descriptor = descriptor
        self._tell_dropped = tell_dropped
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        self._closing = False
        self._news = threading.Condition()
        self._idle = True
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    def write(self, line: str) -> None:
        """Have the line written, or drop it where too much waits already."""
        data = line.encode(errors="backslashreplace") + b"\n"
        with self._news:
            if len(self._lines) >= _MOST_LINES or self._bytes + len(data) > _MOST_BYTES:
                self._dropped += 1
                return
            self._lines.append(data)
            self._bytes += len(data)
            self._idle = False
            self._news.notify()

    def close(self) -> None:
        """Write what waits, for a second at most."""
        until = time.monotonic() + _LAST_SECONDS
        with self._news:
            self._closing = True
            self._news.notify()
            self._news.wait_for(lambda: self._idle, max(0.0, until - time.monotonic()))

    def _write_all(self) -> None:
        while True:
            with self._news:
                self._idle = not self._lines
                self._news.notify_all()
                self._news.wait_for(lambda: self._lines or self._closing)
                if not self._lines:
                    return
                data = self._lines.popleft()
                self._bytes -= len(data)
                dropped, self._dropped = self._dropped, 0
            if dropped:
                data = self._tell_dropped(dropped).encode() + b"\n" + data
            if not self._write(data):
                with self._news:
                    self._dropped += dropped + 1

    def _write(self, data: bytes) -> bool:
        """Whether all of `data` was written."""
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EINTR):  # as on a full disk, or without a reader
                    time.sleep(0 if self._closing else _RETRY_SECONDS)
                    return False
                time.sleep(0.01)
                if self._closing:
                    return False
        return True
