"""Every implementation of the store, under a URL that stays the same across reopening."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from state import StateStore, open_store


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'state.db'}"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, file_url: str) -> Iterator[StateStore]:
    store = open_store(file_url if request.param == "file" else "sqlite::memory:")
    yield store
    store.close()
