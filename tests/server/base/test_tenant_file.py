"""The file of tenants: what it says of each, and what is refused because it would not keep them apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from shortlist_core.errors import DataError, InvalidArgumentError
from shortlist_server.base.settings import Settings
from shortlist_server.base.tenants import Tenant, read_tenants

TWO = '[acme]\nbundles = "acme"\nstate = "sqlite:a"\n[beta]\nbundles = "{bundles}"\nstate = "{state}"\n'


def written(folder: Path, text: str) -> Path:
    (folder / "tenants.toml").write_text(text)
    return folder / "tenants.toml"


def test_paths_begin_at_the_file_and_a_state_left_out_lies_beside_the_bundles(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        '[acme]\nbundles = "acme/bundles"\n[beta]\nbundles = "/srv/beta"\nstate = "redis://h/3"\nmax_pending = 100\n'
        '[gamma]\nbundles = "g"\nstate = "sqlite:gamma/live"\n',
    )
    assert read_tenants(file) == {
        "acme": Tenant(bundles=tmp_path / "acme/bundles", state=f"sqlite:{tmp_path}/acme/state.sqlite"),
        "beta": Tenant(bundles=Path("/srv/beta"), state="redis://h/3", max_pending=100),
        "gamma": Tenant(bundles=tmp_path / "g", state=f"sqlite:{tmp_path}/gamma/live"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no tenant"),
        ("[acme", "cannot read the file of tenants"),
        ('bundles = "b"', "'bundles' stands outside of a tenant"),
        ("[acme]\n", "acme.bundles: Field required"),
        ('[acme]\nbundles = "b"\nbundle = "c"', "acme.bundle: there is no such setting of a tenant, only bundles, "),
        ('[acme]\nbundles = "b"\nmax_pending = 63', "acme.max_pending: .* greater than or equal to 64"),
        ('["a b"]\nbundles = "b"', "the name of a tenant must be 1 to 64 letters.*'a b'"),
        ('["../x"]\nbundles = "b"', "the name of a tenant must be"),
        ('[acme]\nbundles = "x/a"\n[beta]\nbundles = "x/b"', "acme and beta have the same state; name another"),
        (TWO.format(bundles="acme", state="sqlite:b"), "acme and beta have the same bundles"),
        (TWO.format(bundles="acme/../acme/", state="sqlite:b"), "acme and beta have the same bundles"),
        (TWO.format(bundles="beta", state="sqlite:a"), "acme and beta have the same state"),
        (TWO.format(bundles="beta", state="sqlite:./x/../a"), "acme and beta have the same state"),
    ],
)
def test_a_file_that_says_no_tenants_or_the_same_of_two_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as refused:
        read_tenants(written(tmp_path, text))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("other", ["redis://h:6379/0", "redis://H/0", "redis://u:p@h", "rediss://h/0?x=1"])
def test_one_database_of_one_redis_is_one_state(tmp_path: Path, other: str) -> None:
    text = TWO.format(bundles="beta", state=other).replace("sqlite:a", "redis://:secret@h/0")
    with pytest.raises(DataError, match="acme and beta have the same state") as refused:
        read_tenants(written(tmp_path, text))
    assert "secret" not in str(refused.value)


def test_databases_of_one_redis_are_different_states(tmp_path: Path) -> None:
    text = TWO.format(bundles="beta", state="redis://h/1").replace("sqlite:a", "redis://h/0")
    assert len(read_tenants(written(tmp_path, text))) == 2


def test_links_to_one_place_are_one_place(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "beta").symlink_to("acme")
    with pytest.raises(DataError, match="same bundles"):
        read_tenants(written(tmp_path, TWO.format(bundles="beta", state="sqlite:b")))
    (tmp_path / "a").touch()
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    with pytest.raises(DataError, match="same state"):
        read_tenants(written(tmp_path, TWO.format(bundles="gamma", state="sqlite:b")))


def test_memory_is_never_the_same(tmp_path: Path) -> None:
    text = TWO.format(bundles="beta", state="sqlite::memory:").replace("sqlite:a", "sqlite::memory:")
    assert {tenant.state for tenant in read_tenants(written(tmp_path, text)).values()} == {"sqlite::memory:"}


def test_each_tenant_has_the_servers_settings_and_its_own() -> None:
    tenants = {
        "acme": Tenant(bundles=Path("a"), state="sqlite:a", max_pending_reads=3, keep_events_seconds=60),
        "beta": Tenant(bundles=Path("b"), state="sqlite:b"),
    }
    settings = Settings.of(tenants=tenants, token_file="tokens", reuse_seconds=1, max_pending_reads=9)
    acme, beta = settings.of_each().values()
    assert (acme.tenant, acme.bundles, acme.state, acme.reuse_seconds) == ("acme", Path("a"), "sqlite:a", 1)
    assert (acme.max_pending_reads, acme.keep_events_seconds) == (3, 60)
    assert (beta.tenant, beta.max_pending_reads, beta.keep_events_seconds) == ("beta", 9, None)
    assert Settings.model_validate_json(settings.model_dump_json()) == settings  # as workers are told


def test_without_tenants_the_settings_are_the_servers() -> None:
    settings = Settings.of(bundles="b", state="sqlite:a")
    assert settings.of_each() == {"": settings}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "--tenants needs --token-file"),
        ({"token_file": "t", "bundles": "c"}, "leave out the server's"),
        ({"token_file": "t", "state": "sqlite:c"}, "leave out the server's"),
    ],
)
def test_settings_that_do_not_go_with_tenants_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        Settings.of(tenants={"acme": Tenant(bundles=Path("a"), state="sqlite:a")}, **values)


def test_without_tenants_bundles_and_state_must_be_given() -> None:
    with pytest.raises(InvalidArgumentError, match="bundles and state must be given"):
        Settings.of()
