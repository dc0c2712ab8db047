"""`shortlist console`: mistakes are told before anything starts."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from shortlist_cli.main import app
from shortlist_core.errors import InvalidArgumentError


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (["--listen", "0.0.0.0:8080", "--address", "shop.example:1"], ["--listen", "--address"]),
        (["--bundles", "somewhere", "--metrics-address", "127.0.0.1:1"], ["--bundles"]),
        (["--pictures", "https://pictures.example/"], ["--pictures"]),
    ],
)
def test_every_mistake_is_told_and_nothing_starts(arguments: list[str], fields: list[str]) -> None:
    result = CliRunner().invoke(app, ["console", *arguments])
    assert isinstance(result.exception, InvalidArgumentError)
    assert [each.field for each in result.exception.violations] == fields
