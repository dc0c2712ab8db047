"""`shortlist token` makes what `shortlist serve --token-file` reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shortlist_cli.main import app
from shortlist_core.errors import DataError, InvalidArgumentError, PermissionDeniedError
from shortlist_server.rpc.token_file import TokenFile, read_tokens


def test_the_line_lets_the_token_in_with_its_scopes(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["token", "write"]).stdout
    token, line = (each.split(":", 1)[1].strip() for each in shown.splitlines())
    (tmp_path / "tokens").write_text(line)
    authority = read_tokens(tmp_path / "tokens")
    authority.check("/shortlist.v1.EventService/WriteEvents", f"Bearer {token}")
    with pytest.raises(PermissionDeniedError):
        authority.check("/shortlist.v1.RecommendationService/Recommend", f"Bearer {token}")


def test_a_token_may_belong_to_a_tenant(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["token", "--tenant", "acme"]).stdout
    (tmp_path / "tokens").write_text(shown.splitlines()[1].split(":", 1)[1])
    TokenFile(tmp_path / "tokens", ["acme", "beta"])
    with pytest.raises(DataError, match="there is no tenant 'acme'"):
        TokenFile(tmp_path / "tokens", ["beta"])


def test_a_tenant_that_no_server_could_have_is_refused() -> None:
    refused = CliRunner().invoke(app, ["token", "--tenant", "a b"])
    assert str(refused.exception).startswith("--tenant: tenant must be 1 to 64 letters")


def test_a_scope_that_does_not_exist_is_bad_usage() -> None:
    assert CliRunner().invoke(app, ["token", "root"]).exit_code == 2


@pytest.mark.parametrize(("expires", "seconds"), [("90d", 90 * 86_400), ("12h", 43_200)])
def test_a_token_may_have_an_end_and_a_name(tmp_path: Path, expires: str, seconds: int) -> None:
    before = datetime.now(UTC)
    shown = CliRunner().invoke(app, ["token", "read", "--expires", expires, "--name", "shop"]).stdout
    line = shown.splitlines()[1].split(":", 1)[1].strip()
    words = dict(word.split("=") for word in line.split()[2:])
    assert words["name"] == "shop"
    end = datetime.fromisoformat(words["expires"])
    assert seconds - 1 <= (end - before).total_seconds() <= seconds + 60
    (tmp_path / "tokens").write_text(line)
    read_tokens(tmp_path / "tokens")


@pytest.mark.parametrize(
    "expires", ["0d", "90", "d", "-1d", "90 d", "9999999d", "tomorrow", "2027-01-31", "2027-01-31T12:00:00", "\u0669d"]
)
def test_an_end_that_is_no_time_is_refused(expires: str) -> None:
    result = CliRunner().invoke(app, ["token", "--expires", expires])
    assert isinstance(result.exception, InvalidArgumentError)
    assert str(result.exception).startswith("--expires: must be such as 90d")


def test_an_end_that_is_over_and_a_name_that_is_none_are_refused() -> None:
    past = CliRunner().invoke(app, ["token", "--expires", "2020-01-31T12:00:00Z"])
    assert str(past.exception) == "--expires: 2020-01-31T12:00:00Z is over"
    named = CliRunner().invoke(app, ["token", "--name", "a shop"])
    assert str(named.exception).startswith("--name: must be 1 to 64 letters")
