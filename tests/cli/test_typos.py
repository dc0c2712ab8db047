"""A typo in a path or a name: one line that says it back whole, exit code 2, and nothing is made."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shortlist_cli import main

Shell = Callable[..., tuple[int, str, str]]
VERSION = "20260101-000000-abcdef"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs `shortlist` in an empty folder; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["shortlist", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.run()
        out, errors = capsys.readouterr()
        return int(ended.value.code or 0), out, errors

    return run


SERVE = ["serve", "--address", "127.0.0.1:0"]
MISSING = [
    [*SERVE, "--bundles", "bundels/shop"],
    [*SERVE, "--bundles", "bundels", "--workers", "2"],
    [*SERVE, "--bundles", "bundels", "--wait-for-bundle"],
    ["bundle", "list", "--bundles", "bundels"],
    ["bundle", "show", "--bundles", "bundels"],
    ["bundle", "activate", VERSION, "--bundles", "bundels"],
    ["bundle", "activate", VERSION, "--label", "canary", "--bundles", "bundels"],
    ["bundle", "rollback", "--bundles", "bundels"],
    ["bundle", "rollback", "--label", "shadow", "--bundles", "bundels"],
    ["bundle", "verify", "--bundles", "bundels"],
    ["bundle", "prune", "--keep", "1", "--bundles", "bundels"],
    ["catalog", "compact", "--data", "dta", "--state", "sqlite:stat/e.sqlite", "--bundles", "bundels"],
    ["catalog", "upsert", "itms.csv"],
    ["train", "--data", "dta", "--bundles", "bundels"],
    ["train", "--data", "dta", "--bundles", "shp/bundles"],
    ["retrain", "--data", "dta", "--bundles", "shp/bundles"],
    ["evaluate", "--data", "dta", "--bundles", "bundels", "--since", "2024-01-01", "--out", "report.json"],
    ["recommend", "--bundles", "bundels", "--users", "usrs.txt", "--out", "lists.csv"],
    ["data", "synthetic", "--out", "shp/data"],
    ["data", "synthetic-vectors", "--bundles", "shp/bundles", "--items", "100"],
    ["data", "import", "table", "--interactions", "ordrs.csv", "--out", "data"],
    ["data", "import", "movielens", "--from", "ml", "--out", "shp/data"],
    ["demo", "--folder", "shp/demo"],
]


@pytest.mark.parametrize("arguments", MISSING, ids=" ".join)
def test_what_is_not_there_is_said_and_nothing_is_made(shell: Shell, tmp_path: Path, arguments: list[str]) -> None:
    code, out, errors = shell(*arguments)
    assert (code, out) == (2, "")
    assert errors.startswith("error: ") and errors.count("\n") == 1, errors
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_bundles_gets_no_state_beside_it(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    code, _, errors = shell(*SERVE, "--bundles", "data")
    assert (code, errors) == (2, "error: there is no bundle in data yet\n")
    assert [path.name for path in tmp_path.rglob("*")] == ["data"]


def test_a_state_in_a_folder_that_is_not_there_is_refused(shell: Shell, tmp_path: Path) -> None:
    from shortlist_core.errors import StateError
    from shortlist_state import open_store

    with pytest.raises(StateError, match=r"cannot be opened: there is no folder '.*/stat'"):
        open_store(f"sqlite:{tmp_path}/stat/state.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_an_export_from_a_server_that_is_not_there_makes_no_file(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text("kept\n")
    for name in ("new.jsonl", "old.jsonl"):
        code, _, errors = shell("user", "export", "--user", "ann", "--out", name, "--address", "127.0.0.1:1")
        assert code == 1 and "no server can be reached" in errors
    assert [path.name for path in tmp_path.iterdir()] == ["old.jsonl"]
    assert (tmp_path / "old.jsonl").read_text() == "kept\n"


def test_the_default_state_is_refused_where_it_could_not_be_written(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundles").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)  # as on a read-only mount
    code, _, errors = shell(*SERVE, "--bundles", "bundles", "--wait-for-bundle")
    assert code == 2
    assert errors.startswith(f"error: --state: left out, it would be state.sqlite in '{tmp_path}', which cannot be")
    assert errors.count("\n") == 1 and "--state sqlite:/var/lib/shortlist/state.sqlite" in errors


def test_a_state_in_memory_cannot_be_shared_by_workers(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "bundles").mkdir()
    where = [*SERVE, "--bundles", "bundles", "--wait-for-bundle", "--state", "sqlite::memory:"]
    code, _, errors = shell(*where, "--workers", "2")
    assert code == 2 and errors.startswith("error: --state: sqlite::memory: lies in the memory of one worker: name a")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--bundels", "b"], "there is no option '--bundels'; did you mean '--bundles'?"),
        (["srve"], "Did you mean 'serve'?"),
        (["bundle", "lst"], "Did you mean 'list'?"),
        (["call", "events", "--user", "u", "--item", "i", "--type", "vew"], "'vew' is not one of 'view', "),
        (["call", "events", "--user", "u", "--item", "i", "--type", "vew"], "; did you mean 'view'?"),
        (["serve", "--bundles", "b", "--device", "gpo"], "did you mean 'gpu'?"),
        (["serve", "--bundles", "b", "--workers", " 2x\n"], r"--workers: ' 2x\n': input should be a valid integer"),
        (["bundle", "show", "--bundles", " a b\n[/red]\x1b[1m"], r"there is no folder ' a b\n[/red]\x1b[1m'"),
        (["bundle", "show", "--bundles", "x" * 300], "x" * 300),
        (["--\x1b[31m"], r"there is no option '--\x1b[31m'"),
        (["data", "import", "table", "--interactions", "i.csv", "--out", "o", "--event-types", "buy=purchse"],
         "did you mean 'purchase'?"),
        (["data", "import", "table", "--interactions", "i.csv", "--out", "o", "--columns", "interactions.usr_id=u"],
         "did you mean 'user_id'?"),
        (["data", "import", "table", "--interactions", "i.csv", "--out", "o", "--format", "cvs"],
         "did you mean 'csv'?"),
        (["train", "--data", "x" * 300, "--bundles", "b"], "x" * 300),
        (["data", "import", "table", "--interactions", "i.csv", "--out", "o", "--event-type", "vew"],
         "did you mean 'view'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_what_was_typed_and_what_is_near(
    shell: Shell, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "i.csv").write_text("user_id,item_id,timestamp\na,b,2024-01-01\n")
    code, out, errors = shell(*arguments)
    assert (code, out) == (2, "")
    assert errors.startswith("error: ") and errors.count("\n") == 1 and said in errors, errors
    assert [path.name for path in tmp_path.iterdir()] == ["i.csv"]


@pytest.mark.parametrize(("variable", "meant"), [("SHORTLIST_TOKNE", "TOKEN"), ("SHORTLIST_PRIVAT_KEY", "PRIVATE_KEY")])
def test_a_variable_that_is_misspelled_is_refused(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, variable: str, meant: str
) -> None:
    monkeypatch.setenv(variable, "x")
    monkeypatch.setenv("SHORTLIST_PORT", "tcp://10.0.0.1:80")  # Kubernetes', for a service of that name
    code, _, errors = shell("call", "health", "--address", "127.0.0.1:1")
    assert (code, errors) == (2, f"Error: there is no variable {variable}; did you mean SHORTLIST_{meant}?\n")


def test_a_wrong_log_level_is_told_with_the_nearest(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    code, _, errors = shell(*SERVE, "--bundles", "b", "--wait-for-bundle", "--log-level", "warn")
    assert (code, errors) == (
        2,
        "error: log_level: 'warn' is none of debug, info, warning, error; did you mean 'warning'?\n",
    )
