"""`make check` compares the API with the last release: what breaks callers fails, what they do not notice passes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "protos/released/shortlist.v1.binpb"
BUF = Path(sys.executable).with_name("buf")


def changed(folder: Path, file: str, old: str, new: str) -> subprocess.CompletedProcess[str]:
    """How `buf breaking` ends for a copy of the API of now with one change in it."""
    shutil.copytree(ROOT / "protos", folder / "protos")
    shutil.copy(ROOT / "buf.yaml", folder)
    proto = folder / "protos/shortlist/v1" / f"{file}.proto"
    text = proto.read_text()
    assert re.search(old, text), "the change finds nothing to change"
    proto.write_text(re.sub(old, new, text, count=1))
    subprocess.run([BUF, "build"], cwd=folder, check=True)
    command = [BUF, "breaking", "--against", str(RELEASED)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("event", "string item_id = 3", "string item_id = 9", id="renumbered field"),
        pytest.param("event", "string item_id = 3", "string product_id = 3", id="renamed field"),
        pytest.param("recommendation", "float score = 3", "double score = 3", id="other type"),
        pytest.param("recommendation", r"int32 count = 2", "repeated int32 count = 2", id="other cardinality"),
        pytest.param("recommendation", r"  string anchor_item_id = 4;\n", "", id="field removed"),
        pytest.param("recommendation", r"  // [^\n]*\n  REASON_KIND_NEW = 4;\n", "", id="enum value removed"),
        pytest.param("recommendation", "REASON_KIND_NEW = 4", "REASON_KIND_FRESH = 4", id="enum value renamed"),
        pytest.param("recommendation_service", r"rpc Rank\(", "rpc Order(", id="method renamed"),
        pytest.param(
            "recommendation_service", r"returns \(RetrieveResponse", "returns (stream RetrieveResponse", id="stream"
        ),
    ],
)
def test_a_change_that_breaks_callers_fails(tmp_path: Path, file: str, old: str, new: str) -> None:
    ended = changed(tmp_path, file, old, new)
    assert ended.returncode != 0
    assert f"protos/shortlist/v1/{file}.proto" in ended.stdout


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("filter", r"\Z", "message Added {}\n", id="message added"),
        pytest.param("event", r"(message Event {)", r"\1 string added = 99;", id="field added"),
        pytest.param("event", r"(EVENT_TYPE_RATING = 8;)", r"\1 EVENT_TYPE_ADDED = 9;", id="enum value added"),
        pytest.param(
            "event_service",
            r"(rpc WriteEvents)",
            r"rpc Added(WriteEventsRequest) returns (WriteEventsResponse); \1",
            id="method added",
        ),
        pytest.param("event", "// Who did it.", "// By whom it was done.", id="comment reworded"),
    ],
)
def test_a_change_that_callers_do_not_notice_passes(tmp_path: Path, file: str, old: str, new: str) -> None:
    ended = changed(tmp_path, file, old, new)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_make_check_compares() -> None:
    planned = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"buf breaking --against {RELEASED.relative_to(ROOT)}" in planned
