"""What the wheels hold and say of themselves."""

from __future__ import annotations

import email
import tarfile
import tomllib
import zipfile
from email.message import Message
from pathlib import Path

from installed import ROOT, Wheels, build

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOT_INSTALLED = {"shortlist_reference", "shortlist_bench"}  # they write documents and measure, from the tree


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_the_servers_wheel_holds_every_package_that_serves_and_nothing_else(wheels: Wheels) -> None:
    folders = [ROOT / folder for folder in PROJECT["tool"]["hatch"]["build"]["dev-mode-dirs"]]
    tree = {path.parent for folder in folders for path in folder.glob("*/__init__.py")}
    served = {package for package in tree if package.name not in NOT_INSTALLED}
    declared = {ROOT / package for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert declared == served
    held = names(wheels.server)
    assert {name.split("/")[0] for name in held if ".dist-info/" not in name} == {each.name for each in served}
    sources = {str(path.relative_to(each.parent)) for each in served for path in each.rglob("*.py")}
    more = {f"{each.name}/py.typed" for each in served} | {"shortlist_gateway/openapi.json"}
    more |= {f"shortlist_report/templates/report.{kind}" for kind in ("css", "html")}
    pages = [path for folder in ("templates", "static") for path in (ROOT / "lib/shortlist_console" / folder).iterdir()]
    more |= {str(path.relative_to(ROOT / "lib")) for path in pages}
    assert {name for name in held if ".dist-info/" not in name} == sources | more


def test_the_gateways_description_is_a_file_of_its_own(wheels: Wheels) -> None:
    with zipfile.ZipFile(wheels.server) as archive:
        openapi = (ROOT / "lib/shortlist_gateway/openapi.json").read_bytes()
        assert archive.read("shortlist_gateway/openapi.json") == openapi


def test_a_wheel_from_the_source_distribution_is_the_same(wheels: Wheels, tmp_path: Path) -> None:
    with tarfile.open(build("hatchling.build", ROOT, tmp_path, "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert not [path for path in source.rglob("*") if path.is_symlink()]
    assert not {"tests", "bench", "client", "docs", "protos"} & {path.name for path in source.iterdir()}
    again = build("hatchling.build", source, tmp_path)
    assert again.read_bytes() == wheels.server.read_bytes()


def test_both_say_their_licence_and_the_server_needs_this_client(wheels: Wheels) -> None:
    server, client = metadata(wheels.server), metadata(wheels.client)
    assert server["License-Expression"] == "Apache-2.0"
    (licence,) = (name for name in names(wheels.server) if name.endswith(".dist-info/licenses/LICENSE"))
    with zipfile.ZipFile(wheels.server) as archive:
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
    assert f"{client['Name']}=={client['Version']}" in server.get_all("Requires-Dist", [])


def test_the_clients_wheel_holds_the_client_alone(wheels: Wheels) -> None:
    held = names(wheels.client)
    assert {name.split("/")[0] for name in held if ".dist-info/" not in name} == {"shortlist"}
    assert {"shortlist/py.typed", "shortlist/v1/event_pb2.pyi"} <= held
