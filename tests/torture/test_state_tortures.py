"""The tortures of the store in their short form, and that they notice what they are there to notice."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

import run_tortures
import torture_event_writes
from killed_writers import check

from core.types import Event
from state import open_store


@pytest.mark.parametrize("name", ["state_operations", "event_writes"])
def test_torture(name: str, tmp_path: Path) -> None:
    module = run_tortures.module(name)
    assert module.torture(tmp_path, seed=1, **module.SHORT)


def test_a_lost_or_a_half_batch_is_noticed(tmp_path: Path) -> None:
    assert torture_event_writes.TITLE
    url = f"sqlite:{tmp_path / 'state.db'}"
    store = open_store(url)
    store.append([Event(f"whole-{part}", "u", "i", 0) for part in range(3)])
    assert check(url, {"whole"}).stored == 1
    with pytest.raises(AssertionError, match="1 acknowledged batches are gone"):
        check(url, {"whole", "lost"})
    store.append([Event(f"half-{part}", "u", "i", 0) for part in range(2)])
    with pytest.raises(AssertionError, match="1 batches are there in part"):
        check(url, {"whole"})
    store.close()
