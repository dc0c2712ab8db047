"""The observer of a server under torture: asks for its health ten times a second, and looks at its workers' memory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from served import Served

PAUSE = 0.1
ASKS = str(Path(__file__).with_name("ask_health.py"))


class Observer:
    """Observes from `with` on to its end. What it saw can be read afterwards."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self.ends: Counter[str] = Counter()  # of health checks: the status told, or the code
        self.millis: list[float] = []
        self.memory_mb: list[float] = []  # private memory of the largest worker
        self._over = threading.Event()
        self._looks = threading.Thread(target=self._look)

    def __enter__(self) -> Observer:
        command = [sys.executable, "-P", ASKS, self._server.address]
        self._asks = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._asks.stdout is not None
        assert self._asks.stdout.readline() == "asked\n"
        self._looks.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._looks.join()
        told, _ = self._asks.communicate()
        ends, self.millis = json.loads(told)
        self.ends.update(ends)

    @property
    def serves(self) -> bool:
        """Whether each check was told SERVING."""
        return set(self.ends) == {"SERVING"}

    @property
    def slowest_ms(self) -> float:
        return max(self.millis, default=0.0)

    def _look(self) -> None:
        while True:
            self.memory_mb.append(self._server.private_mb)
            if self._over.wait(PAUSE):
                return
