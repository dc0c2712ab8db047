"""What can be checked before a command's work is: folders, files and room on the disk. The check leaves nothing."""

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from shortlist_cli.folders import to_be_published_in, to_be_written, writable, writable_file
from shortlist_core.errors import DataError

# Root may write anywhere; without the capability it keeps to permissions as others do.
AS_SOMEBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.fixture
def read_only(tmp_path):
    folder = tmp_path / "ro"
    folder.mkdir()
    (folder / "there.json").write_text("{}")
    (folder / "there.json").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def refusal(call, path):
    """What is said to somebody without special rights."""
    if AS_SOMEBODY and not shutil.which("setpriv"):
        pytest.skip("needs setpriv, because root may write anywhere")
    program = (
        "import sys; from pathlib import Path; from shortlist_cli import folders\n"
        f"folders.{call.__name__}(Path(sys.argv[1]))"
    )
    done = subprocess.run([*AS_SOMEBODY, sys.executable, "-c", program, path], capture_output=True, text=True)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


@pytest.mark.system
@pytest.mark.parametrize("call", [writable, to_be_written, to_be_published_in])
@pytest.mark.parametrize("name", ["", "new"])
def test_a_folder_that_cannot_be_written_is_refused(read_only, call, name):
    assert "cannot write: Permission denied" in refusal(call, read_only / name)
    assert [path.name for path in read_only.iterdir()] == ["there.json"]


@pytest.mark.system
@pytest.mark.parametrize("name", ["there.json", "new.json"])
def test_a_file_that_cannot_be_written_is_refused(read_only, name):
    assert f"{name}': cannot write: Permission denied" in refusal(writable_file, read_only / name)


@pytest.mark.system
@pytest.mark.parametrize("call", [writable, to_be_written, to_be_published_in, writable_file])
def test_a_place_that_cannot_even_be_seen_is_refused(read_only, call):
    read_only.chmod(0o000)
    assert "inside/new': cannot write: Permission denied" in refusal(call, read_only / "inside/new")


@pytest.mark.system
def test_a_lock_of_somebody_else_is_noticed(tmp_path):
    (tmp_path / ".lock").touch(0o444)
    (tmp_path / ".lock").chmod(0o444)
    assert ".lock': cannot write: Permission denied" in refusal(to_be_published_in, tmp_path)


def test_the_check_leaves_nothing_behind(tmp_path):
    writable(tmp_path / "a/b")
    to_be_published_in(tmp_path / "bundles")
    writable_file(tmp_path / "report.json")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old.json").write_text("kept")
    writable_file(tmp_path / "old.json")
    assert (tmp_path / "old.json").read_text() == "kept"


def test_what_is_no_folder_or_no_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot write: Not a directory"):
        writable(tmp_path / "file/data")
    with pytest.raises(DataError, match="is no folder"):
        to_be_written(tmp_path / "file")
    with pytest.raises(DataError, match="cannot write: Is a directory"):
        writable_file(tmp_path)
    with pytest.raises(DataError, match="cannot write: there is no folder"):
        writable_file(tmp_path / "none/report.json")


def test_a_device_can_be_written():
    writable_file(Path("/dev/null"))


def test_a_full_disk_is_told_with_both_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: namedtuple("Usage", "free")(2_500_000))
    writable(tmp_path, 2_500_000)
    with pytest.raises(DataError, match=r"at least 3\.0 MB will be written there, and 2\.5 MB are free"):
        writable(tmp_path / "bundles", 3_000_000)
