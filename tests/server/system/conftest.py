"""A really trained system with room for new items, and who asks it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shortlist_server.system.loaded_bundle import LoadedBundle

sys.path.append(str(Path(__file__).parent))

from trained_system import ROOM, Asker


@pytest.fixture(scope="module")
def ask():
    asker = Asker()
    yield asker
    asker.close()


@pytest.fixture
def load(trained_bundle) -> Callable[[], LoadedBundle]:
    return lambda: LoadedBundle.load(trained_bundle.load(), 1, ROOM)
