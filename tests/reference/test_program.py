"""The pages about the program name everything that it has; what they say comes from it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer.main

from shortlist_cli.main import app
from shortlist_reference.__main__ import FOLDER, ROOT
from shortlist_reference.program import metrics
from shortlist_server.base.settings import Settings
from shortlist_server.rpc.status import CODES
from shortlist_training.config import Recipe

STARTING = {"ADDRESS", "METRICS", "TENANT", "WORKER"}
"""Reasons that end a server before it answers anybody."""


def test_every_command_has_a_section_with_all_of_its_flags() -> None:
    sections = dict(re.findall(r"^#+ `([^`]*)`\n(.*?)(?=^#|\Z)", (FOLDER / "command-line.md").read_text(), re.M | re.S))

    def check(name: str, command: object) -> None:
        for parameter in getattr(command, "params", []):
            for flag in (flag for flag in parameter.opts if flag.startswith("--")):
                assert f"`{flag}" in sections[name], (name, flag)
        for part, below in getattr(command, "commands", {}).items():
            check(f"{name} {part}", below)

    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        check(f"shortlist {name}", command)


def test_settings_have_default_range_flag_and_meaning() -> None:
    page = (FOLDER / "settings.md").read_text()
    assert all(f"\n| `{name}` |" in page for name in (*Settings.model_fields, *Recipe.model_fields))
    assert "| `max_pending` | | 256 | at least 64 | Most pending recommendations" in page
    assert "| `grace_seconds` | `--grace` | 30.0 |" in page
    assert "| `slices` | 4 | at least 1, at most 12 |" in page


def test_metrics_have_their_labels() -> None:
    """Also says so where prometheus_client no longer has the private lists that the page is made from."""
    page = (FOLDER / "metrics.md").read_text()
    assert len(metrics.declared()) == page.count("\n| `")
    assert "`grpc_type`, `grpc_service`, `grpc_method`, `grpc_code`" in page
    assert "| `made`: `computed`, `reused` |" in page


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
def test_the_page_of_errors_has_each_code(kind: type[Exception]) -> None:
    assert f"\n| {CODES[kind].name} |" in (FOLDER / "errors.md").read_text()


def test_the_page_of_errors_has_each_reason_that_a_call_can_end_with() -> None:
    page = (FOLDER / "errors.md").read_text()
    assert reasons() > {"NO_BUNDLE", "DRAINING", "ITEM_NOT_FOUND"}
    assert [reason for reason in sorted(reasons()) if f"| `{reason}` |" not in page] == []


def reasons() -> set[str]:
    """Those of the classes, and those that are named where an error is raised."""
    named = {kind.reason for kind in CODES} - {"INTERNAL"}
    for path in [*ROOT.glob("server/shortlist_server/**/*.py"), *ROOT.glob("lib/shortlist_bundle/*.py")]:
        named |= raised(path)
    return named - STARTING


def raised(path: Path) -> set[str]:
    """First arguments of UnavailableError, PreconditionError and NotFoundError in a file, as reasons."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                if node.func.id in {"UnavailableError", "PreconditionError"}:
                    found.add(first.value)
                if node.func.id == "NotFoundError":
                    found.add(f"{first.value.upper()}_NOT_FOUND")
    return found
