"""The list of deleted users beside the bundles: durable, shared, without ids, and never silently shorter."""

from __future__ import annotations

from pathlib import Path

import pytest

from shortlist_bundle import BundleStore
from shortlist_bundle.erasures import ERASED, Erasures
from shortlist_core.errors import UnavailableError


def test_who_is_recorded_is_known_to_all_of_the_folder(tmp_path: Path) -> None:
    here, there = Erasures(tmp_path), Erasures(tmp_path)
    assert "ann" not in here and here.tombstones() == frozenset()
    here.add("ann")
    there.add("ben")
    here.add("ann")
    for erasures in (here, there, Erasures(tmp_path)):
        erasures.refresh()
        assert ("ann" in erasures, "ben" in erasures, "eve" in erasures) == (True, True, False)
        assert erasures.tombstones() == {erasures.pseudonym("ann"), erasures.pseudonym("ben")}
    assert not here.refresh()  # nothing new


def test_the_file_holds_no_id_and_one_line_for_each_user(tmp_path: Path) -> None:
    erasures, again = Erasures(tmp_path), Erasures(tmp_path / "another")
    for each in (erasures, again):
        for user in ("user-who-leaves", "ben", "ben"):
            each.add(user)
    content = (tmp_path / ERASED).read_text()
    assert "user-who-leaves" not in content
    assert len(content.splitlines()) == 3
    assert erasures.pseudonym("ben") != again.pseudonym("ben")  # each folder has a salt of its own


def test_a_line_that_a_crash_cut_off_spoils_no_other(tmp_path: Path) -> None:
    Erasures(tmp_path).add("ann")
    with (tmp_path / ERASED).open("a") as file:
        file.write("0123")
    erasures = Erasures(tmp_path)
    erasures.add("ben")
    assert {user for user in ("ann", "ben") if user in Erasures(tmp_path)} == {"ann", "ben"}


def test_a_file_that_is_gone_keeps_nobody_less_deleted(tmp_path: Path) -> None:
    erasures = Erasures(tmp_path)
    erasures.add("ann")
    (tmp_path / ERASED).unlink()
    erasures.refresh()
    assert "ann" in erasures
    erasures.add("ben")
    assert {user for user in ("ann", "ben") if user in Erasures(tmp_path)} == {"ann", "ben"}


@pytest.mark.parametrize("content", ["", "something else\n", "shortlist-erased-9 00\n"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / ERASED).write_text(content)
    with pytest.raises(UnavailableError, match="ERASED cannot be read as the list of deleted users"):
        Erasures(tmp_path)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot write"):
        Erasures(tmp_path / "file").add("ann")


def test_the_list_is_no_bundle_and_no_leftover(tmp_path: Path) -> None:
    Erasures(tmp_path).add("ann")
    store = BundleStore(tmp_path)
    assert store.versions() == []
    assert store.prune(1) == []
    assert "ann" in Erasures(tmp_path)
