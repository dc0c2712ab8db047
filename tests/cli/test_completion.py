"""`shortlist completion` prints scripts that a shell can read, and the command line answers what they ask."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from shortlist_cli import main


@pytest.mark.parametrize(
    ("shell", "part"),
    [
        ("bash", "complete -o default -F _shortlist_completion shortlist"),
        ("zsh", "compdef"),
        ("fish", "--command shortlist"),
    ],
)
def test_the_script_of_each_shell(shell: str, part: str) -> None:
    shown = CliRunner().invoke(main.app, ["completion", shell])
    assert shown.exit_code == 0 and part in shown.output and "_SHORTLIST_COMPLETE" in shown.output


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("shortlist ser", ["serve"]),
        ("shortlist serve --work", ["--workers"]),
        ("shortlist serve --device ", ["auto", "cpu", "gpu"]),
        ("shortlist config s", ["show"]),
    ],
)
def test_what_the_script_is_told(
    typed: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["shortlist"])
    # A mistake in the settings must not keep a shell from completing.
    asked = {"_SHORTLIST_COMPLETE": "complete_bash", "COMP_WORDS": typed, "SHORTLIST_SERVE_WROKERS": "2"}
    asked["COMP_CWORD"] = str(len(typed.split(" ")) - 1)
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 0 and capsys.readouterr().out.split() == offered
