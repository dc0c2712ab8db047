"""`shortlist token` makes what `shortlist serve --token-file` reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from shortlist_cli.main import app
from shortlist_core.errors import PermissionDeniedError
from shortlist_server.rpc.auth import read_tokens


def test_the_line_lets_the_token_in_with_its_scopes(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["token", "write"]).stdout
    token, line = (each.split(":", 1)[1].strip() for each in shown.splitlines())
    (tmp_path / "tokens").write_text(line)
    authority = read_tokens(tmp_path / "tokens")
    authority.check("/shortlist.v1.EventService/WriteEvents", f"Bearer {token}")
    with pytest.raises(PermissionDeniedError):
        authority.check("/shortlist.v1.RecommendationService/Recommend", f"Bearer {token}")


def test_a_scope_that_does_not_exist_is_bad_usage() -> None:
    assert CliRunner().invoke(app, ["token", "root"]).exit_code == 2
