"""The files of deploy/ fit together, and fit the program."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from deployment import DEPLOY, ROOT, alerts, dashboard

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
CHART = DEPLOY / "helm/shortlist"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)
COMMAND = re.compile(r"^## `shortlist (\w+)`$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text()))


@pytest.mark.parametrize("lock", ["requirements.lock", "build.lock"])
def test_the_image_has_the_versions_that_were_tested(lock: str) -> None:
    held = pins(DEPLOY / "image" / lock)
    assert held and held.items() <= pins(ROOT / "requirements.lock").items(), "run `make lock`"


def test_the_image_holds_what_serves_and_no_tools() -> None:
    held = pins(DEPLOY / "image/requirements.lock")
    assert {"tensorflow-cpu", "faiss-cpu", "grpcio", "redis"} <= held.keys()
    assert not {"pytest", "mypy", "ruff", "grpcio-tools", "hatchling"} & held.keys()


def test_everything_is_of_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == VERSION
    assert f'image.version="{VERSION}"' in DOCKERFILE
    assert {service["image"] for service in SERVICES.values() if "build" in service} == {f"shortlist:{VERSION}"}


def test_what_the_dockerfile_copies_is_there_and_not_ignored() -> None:
    sources = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    copied = [source for line in sources for source in line.split()]
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for source in copied:
        assert (ROOT / source).exists() and any(f"{source}/".startswith(f"{each}/") for each in kept), source


def test_user_and_folders_are_the_same_in_image_and_chart() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert (
        f"USER {values['podSecurityContext']['runAsUser']}:{values['podSecurityContext']['runAsGroup']}" in DOCKERFILE
    )
    for folder in ("bundles", "data"):
        assert f"/var/lib/shortlist/{folder}" in DOCKERFILE
        assert f"mountPath: /var/lib/shortlist/{folder}" in (CHART / "templates/retrain.yaml").read_text()


def test_default_values_fit_their_schema_and_each_has_its_place_there() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    jsonschema.validate(values, schema)
    assert values.keys() == schema["properties"].keys() - {"global"}


def flags(role: str) -> set[str]:
    """The options of a command, from the reference."""
    commands = dict(COMMAND.findall((ROOT / "docs/reference/command-line.md").read_text()))
    return set(re.findall(r"`(?:--?[\w-]+(?: <[^>]*>)?, )*(--[\w-]+)", commands[role]))


@pytest.mark.parametrize("role", ["serve", "gateway", "retrain", "console"])
def test_roles_are_started_with_options_that_they_have(role: str) -> None:
    template = (CHART / f"templates/{'server' if role == 'serve' else role}.yaml").read_text()
    entrypoint = next(line for line in (DEPLOY / "entrypoint").read_text().splitlines() if f"shortlist {role}" in line)
    used = set(re.findall(r"(?<=- )--[a-z-]+", template)) | set(re.findall(r"--[a-z-]+", entrypoint))
    for service in SERVICES.values():
        if service.get("command", [""])[0] == role:
            used |= {word for word in service["command"] if word.startswith("--")}
    assert used and used <= flags(role)


def test_services_of_compose_are_locked_down() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        if "build" in service:
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
    volumes = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    for volume in volumes:
        source = volume.split(":")[0]
        assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume


def test_panels_lie_beside_each_other() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


def test_an_alert_says_how_urgent_it_is_and_what_to_look_at() -> None:
    rules = alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "description"}
