"""What the log says of a step that takes long."""

from __future__ import annotations

from structlog.testing import capture_logs
from waiting import eventually

from shortlist_server.base.under_way import under_way


def test_a_long_step_is_told_again_and_again_until_it_is_done() -> None:
    with capture_logs() as logs:
        with under_way("compiling", first=0.01, every=0.01, bundle="b1"):
            eventually(lambda: len(logs) >= 2)
        told = len(logs)
        with under_way("opening", first=3_600):
            pass
    assert len(logs) == told
    assert {(line["event"], line["step"], line["bundle"]) for line in logs} == {("still_under_way", "compiling", "b1")}


def test_a_step_that_fails_is_told_no_more() -> None:
    with capture_logs() as logs:
        try:
            with under_way("compiling", first=3_600):
                raise ValueError
        except ValueError:
            pass
    assert logs == []
