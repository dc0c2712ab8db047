"""Installed beside a distribution whose packages are called `core`, `data`, `server`, `client` and `cli`."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest
import server_fakes
from installed import ROOT, Environment, Traps, Wheels, serving, toy_wheel
from shortlist import Client

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
TOYS = "import core, data, server, client, cli; print(core.OWNER, data.OWNER, server.OWNER, client.OWNER, cli.OWNER)"
OWNERS = "toy core toy data toy server toy client toy cli"
IMPORT_CLIENT = "import shortlist, shortlist.aio; print(shortlist.Client.__name__)"


@pytest.fixture
def fresh(tmp_path: Path, wheels: Wheels) -> Environment:
    made = Environment(tmp_path / "environment")
    made.install(wheels.server, wheels.client, toy_wheel(tmp_path))
    return made


def files_of(environment: Environment, distribution: str) -> list[Path]:
    """What was installed of it."""
    (record,) = environment.packages.glob(f"{distribution}-*.dist-info/RECORD")
    return [environment.packages / line.split(",")[0] for line in record.read_text().splitlines()]


def test_all_work_and_the_others_are_whole_without_the_server(
    fresh: Environment, fake_bundles: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    assert fresh.python(TOYS) == OWNERS
    command = [str(fresh.bin / "python"), "-P", str(server_fakes.PROGRAM), "serve"]
    command += ["--bundles", str(fake_bundles), "--address", "127.0.0.1:0"]
    interpreted = {**environment, "NUMBA_DISABLE_JIT": "1"}  # nothing compiled is kept of what is gone tomorrow
    with serving(command, tmp_path, interpreted) as address, Client(address) as client:
        assert len(client.recommend("ann", 5, timeout=30).items) == 5
    assert _version(fresh) == f"shortlist {VERSION}"
    client_files, toy_files = files_of(fresh, "shortlist"), files_of(fresh, "toy")
    fresh.uninstall("shortlist-server")
    assert not list(fresh.packages.glob("shortlist_*")) and not (fresh.bin / "shortlist").exists()
    assert all(path.exists() for path in client_files + toy_files)
    assert (fresh.python(TOYS), fresh.python(IMPORT_CLIENT)) == (OWNERS, "Client")


def test_the_server_is_whole_without_the_others(fresh: Environment) -> None:
    server_files = files_of(fresh, "shortlist_server")
    fresh.uninstall("toy")
    assert _version(fresh) == f"shortlist {VERSION}"
    fresh.uninstall("shortlist")
    assert not (fresh.packages / "shortlist").exists()
    assert server_files and all(path.exists() for path in server_files)


@pytest.mark.slow
def test_a_real_bundle_is_made_and_served(fresh: Environment, traps: Traps, environment: dict[str, str]) -> None:
    """In a folder of traps, without fakes: retrieval and ranking are those of the wheel."""
    shortlist, bundles = str(fresh.bin / "shortlist"), str(traps.marks.parent / "bundles")
    interpreted = {**environment, "NUMBA_DISABLE_JIT": "1"}
    publish = [shortlist, "data", "synthetic-vectors", "--bundles", bundles, "--items", "100"]
    subprocess.run(publish, cwd=traps.folder, env=interpreted, stdout=subprocess.DEVNULL, check=True)
    command = [shortlist, "serve", "--bundles", bundles, "--address", "127.0.0.1:0", "--workers", "2"]
    with serving(command, traps.folder, interpreted) as address, Client(address) as client:
        assert len(client.recommend("u1", 5, timeout=60).items) == 5
    assert traps.run() == []


def _version(environment: Environment) -> str:
    command = [str(environment.bin / "shortlist"), "--version"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
