"""Flag, environment variable, settings file, default: which of them counts, and what is said of mistakes in them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shortlist_cli import main

Shell = Callable[..., tuple[int, str, str]]

FILE = """
[serve]
bundles = "of-file"
workers = 3
reuse = 7
wait_for_bundle = true

[gateway]
allow_origin = ["https://a.example", "https://b.example"]

[recipe]
tower_steps = 700
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs `shortlist` in a folder with `s.toml`, without any variable of ours; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    Path("s.toml").write_text(FILE)
    for name in [each for each in os.environ if each.startswith("SHORTLIST_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["shortlist", *arguments])
            for name, value in environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main.run()
        out, errors = capsys.readouterr()
        return int(ended.value.code or 0), out, errors

    return run


def shown(shell: Shell, command: str, *arguments: str, **environment: str) -> dict[str, Any]:
    code, out, errors = shell("config", "show", command, *arguments, "--json", **environment)
    assert code == 0, errors
    found: dict[str, Any] = json.loads(out)[command]
    return found


def test_a_flag_counts_before_a_variable_before_the_file_before_the_default(shell: Shell) -> None:
    set_ = {"SHORTLIST_CONFIG": "s.toml", "SHORTLIST_SERVE_REUSE": "2", "SHORTLIST_SERVE_BUNDLES": "of-variable"}
    found = shown(shell, "serve", "--bundles", "of-flag", **set_)
    assert found["bundles"] == {"value": "of-flag", "source": "flag"}
    assert found["reuse"] == {"value": 2.0, "source": "variable", "name": "SHORTLIST_SERVE_REUSE"}
    assert found["workers"] == {"value": 3, "source": "file", "name": "s.toml"}
    assert found["wait_for_bundle"]["value"] is True
    assert found["grace"] == {"value": 30.0, "source": "default"}


def test_options_that_may_be_repeated_are_lists(shell: Shell) -> None:
    origins = ["https://a.example", "https://b.example"]
    assert shown(shell, "gateway", "--config", "s.toml")["allow_origin"]["value"] == origins
    assert shown(shell, "gateway", SHORTLIST_GATEWAY_ALLOW_ORIGIN=" ".join(origins))["allow_origin"]["value"] == origins


def test_the_recipe_is_part_of_trainings_and_needs_no_table_of_its_own(shell: Shell) -> None:
    found = shown(shell, "train", "--config", "s.toml")
    assert found["recipe.tower_steps"] == {"value": 700, "source": "file", "name": "s.toml"}
    assert found["data"] == {"value": None, "source": "required"}
    Path("recipe.toml").write_text("tower_steps = 800\n")
    assert shown(shell, "retrain", "--config", "recipe.toml")["recipe.tower_steps"]["value"] == 800


def test_an_empty_variable_is_none(shell: Shell) -> None:
    assert shown(shell, "serve", SHORTLIST_SERVE_WORKERS="")["workers"]["source"] == "default"


def test_the_commands_themselves_go_by_the_layers(shell: Shell) -> None:
    code, _, errors = shell("serve", SHORTLIST_CONFIG="s.toml", SHORTLIST_SERVE_WAIT_FOR_BUNDLE="no")
    assert code == 2 and "'of-file'" in errors


def test_every_mistake_of_file_and_variables_is_told_at_once(shell: Shell) -> None:
    Path("s.toml").write_text(
        '[serve]\nwrokers = 2\nworkers = 1000\ninsecure = 1\nreuse = true\ngrace = { a = 1 }\naddress = ["a"]\n'
        "[trian]\n"
    )
    wrong = {"SHORTLIST_SERVE_DEVCE": "cpu", "SHORTLIST_SERVE_DEVICE": "cup", "SHORTLIST_SERV_GRACE": "1"}
    for arguments in (("serve", "--bundles", "b"), ("config", "show", "serve")):
        code, _, errors = shell(*arguments, "--config", "s.toml", **wrong)
        assert code == 2 and errors.count("\n") == 1
        for part in (
            "s.toml [serve] wrokers: there is no such setting; did you mean 'workers'?",
            "s.toml [serve] workers: '1000': ",
            "s.toml [serve] insecure: is true or false, not 1",
            "s.toml [serve] reuse: takes a value, not true",
            "s.toml [serve] grace: must be text, a number",
            "s.toml [serve] address: takes one value, not a list",
            "there is no setting 'trian'; did you mean 'train'?",
            "SHORTLIST_SERVE_DEVCE: there is no such variable; did you mean 'SHORTLIST_SERVE_DEVICE'?",
            "SHORTLIST_SERVE_DEVICE: 'cup'",
            "SHORTLIST_SERV_GRACE: there is no such variable; did you mean 'SHORTLIST_SERVE_GRACE'?",
        ):
            assert part in errors


def test_each_mistake_is_told_once_for_all_commands(shell: Shell) -> None:
    Path("s.toml").write_text("[recipe]\nslcies = 2\n[gatway]\n[train]\nseed = -1\n")
    code, _, errors = shell("config", "show", "--config", "s.toml")
    assert code == 2
    assert errors.count("'gatway'") == errors.count("'slcies'") == errors.count("[train] seed: '-1'") == 1


def test_a_mistake_in_another_commands_table_stops_no_server(shell: Shell) -> None:
    Path("s.toml").write_text("slices = 0\n[train]\nseed = -1\n[serve]\nbundles = 'away'\n")
    code, _, errors = shell("serve", "--config", "s.toml")
    assert code == 2 and "'away'" in errors and "seed" not in errors and "slices" not in errors


def test_variables_that_kubernetes_sets_for_services_are_no_mistakes(shell: Shell) -> None:
    address = "tcp://10.0.0.1:8080"
    theirs = {
        "SERVICE_HOST": "10.0.0.1",
        "SERVICE_PORT_HTTP": "8080",
        "PORT": address,
        "PORT_8080_TCP_ADDR": "10.0.0.1",
    }
    shown(shell, "gateway", **{f"SHORTLIST_GATEWAY_{name}": value for name, value in theirs.items()})
    code, _, errors = shell("config", "show", "gateway", SHORTLIST_GATEWAY_PORT="8080")
    assert code == 2 and "SHORTLIST_GATEWAY_PORT: there is no such variable" in errors


def test_a_password_is_refused_on_the_command_line_and_never_shown(shell: Shell) -> None:
    url = "redis://u:s3cret@h/0"
    for command in (
        ("serve", "--bundles", "b", "--state", url),
        ("train", "--data", "d", "--bundles", "b", "--events", url),
    ):
        code, _, errors = shell(*command)
        assert code == 2 and "SHORTLIST_REDIS_PASSWORD" in errors and "s3cret" not in errors
    assert shown(shell, "serve", SHORTLIST_SERVE_STATE=url)["state"]["value"] == "redis://u:***@h/0"
    found = shown(shell, "serve", SHORTLIST_REDIS_PASSWORD="s3cret")
    assert found["SHORTLIST_REDIS_PASSWORD"]["value"] == "set" and "s3cret" not in str(found)


@pytest.mark.parametrize("arguments", [("show", "srve"), ("show", "serve", "--wrokers", "2")])
def test_typos_of_config_show_itself(shell: Shell, arguments: tuple[str, ...]) -> None:
    code, _, errors = shell("config", *arguments)
    assert code == 2 and "did you mean" in errors


def test_the_table_says_where_each_value_comes_from(shell: Shell) -> None:
    code, out, _ = shell("config", "show", "serve", "--config", "s.toml", SHORTLIST_SERVE_GRACE="9", COLUMNS="80")
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines()]
    assert code == 0
    assert ["workers", "3", "file s.toml"] in rows
    assert ["grace", "9.0", "SHORTLIST_SERVE_GRACE"] in rows
    assert ["address", "127.0.0.1:50051", "default"] in rows
