"""The list of commands, which is shown without importing them, and the commands themselves."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from shortlist_cli.commands import COMMANDS, Command
from shortlist_cli.main import app


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_that_is_listed_begins_the_commands_own_help(name: str) -> None:
    where, line = COMMANDS[name]
    own = Command(name, where, line).load()
    assert own.name == name
    assert " ".join(own.help.split()).startswith(line)


def test_options_of_a_command_are_its_own() -> None:
    shown = CliRunner().invoke(app, ["serve", "--help"])
    assert shown.exit_code == 0 and "--bundles" in shown.output and "shortlist serve" in shown.output
    within = CliRunner().invoke(app, ["data", "import", "movielens", "--help"])
    assert within.exit_code == 0 and "--edition" in within.output and "data import movielens" in within.output


def test_a_misspelled_command_is_told_what_was_meant() -> None:
    shown = CliRunner().invoke(app, ["srve"])
    assert shown.exit_code == 2 and "serve" in shown.output


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["--ablations"], "all"),
        (["--ablations", "--seed", "3"], "all"),
        (["--ablations", "text,order", "--seed", "3"], "text,order"),
        (["--seed", "3", "--ablations=text"], "text"),
        (["--seed", "3"], ""),
    ],
)
def test_an_option_that_was_a_flag_may_stand_without_a_value(typed: list[str], read: str) -> None:
    train = Command("train", *COMMANDS["train"]).load()
    context = train.make_context("train", ["--data", "d", "--bundles", "b", *typed])
    assert context.params["ablations"] == read
    assert context.params["seed"] == (3 if "3" in typed else 1)
