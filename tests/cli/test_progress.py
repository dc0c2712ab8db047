"""Steps on standard error: a line each, and on a terminal how much of a step is done and how long the rest takes."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from shortlist_cli import progress
from shortlist_cli.progress import Steps, steps


class Status:
    """What a terminal would show."""

    shown = ""

    def update(self, text: object) -> None:
        self.shown = str(text)


def test_a_step_is_a_line_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with steps(lambda step, elapsed: 120.0 if step == "training" else None) as announce:
        announce("loading")
        announce("training")
        announce.counting(10)(3)
    out, errors = capsys.readouterr()
    lines = [line.split("s  ", 1)[1] for line in errors.splitlines()]
    assert (out, lines) == ("", ["loading", "training  (about 2 min left)"])


def test_a_terminal_sees_how_much_of_a_step_is_done_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 60.0, 90.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    status = Status()
    announce = Steps(Console(file=io.StringIO(), force_terminal=True), status, lambda step, elapsed: None, 0.0)  # type: ignore[arg-type]
    announce("both stages")
    advance = announce.counting(1_000)
    advance(500)
    assert status.shown == "both stages: 500 of 1,000 (about 50 s left)"
    advance(250)
    assert status.shown == "both stages: 750 of 1,000 (about 30 s left)"
