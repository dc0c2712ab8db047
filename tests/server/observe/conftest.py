"""A server of fakes that computes every answer and shows its metrics."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import Start
from server_wire import Running

sys.path.append(str(Path(__file__).parent))

from counted_calls import LOOPBACK


@pytest.fixture
async def counted(start: Start) -> Running:
    return await start(**LOOPBACK, reuse_seconds=0)


@pytest.fixture
def stuck(counted: Running) -> Any:
    """Retrieval that does not return until the event is set."""
    free = threading.Event()
    counted.system.retriever.before = lambda: free.wait(30)
    yield free
    free.set()
