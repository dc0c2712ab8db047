"""Tests by purpose, told apart by what they use, so that nobody keeps a list.

A test is `system` if one of its fixtures starts a process or trains a model, that is, asks for `system_test`, or if it
is marked so because it does that itself. Whatever else is quick enough is `fast`, and fails if it does either.
"""

from __future__ import annotations

import multiprocessing.process
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

STARTING: tuple[tuple[Any, str], ...] = (
    (subprocess.Popen, "__init__"),
    (multiprocessing.process.BaseProcess, "start"),
    (os, "fork"),
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark each test by its purpose."""
    if "system_test" in getattr(item, "fixturenames", ()):
        item.add_marker("system")
    if not any(item.get_closest_marker(other) for other in ("system", "slow", "clients")):
        item.add_marker("fast")


@pytest.fixture(scope="session")
def system_test() -> None:
    """Asked for by fixtures that start a process or train a model; makes every test that uses them a `system` test."""


@pytest.fixture(autouse=True)
def nothing_started_nothing_trained(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Holds a fast test to it, also where what it calls swallows the failure."""
    if request.node.get_closest_marker("fast") is None:
        yield
        return
    done: list[str] = []

    def refusing(what: str) -> Callable[..., None]:
        def refuse(*_: Any, **__: Any) -> None:
            done.append(what)
            pytest.fail(f"a fast test {what}: mark it pytest.mark.system")

        return refuse

    for owner, name in STARTING:
        monkeypatch.setattr(owner, name, refusing("starts a process"))
    if keras := sys.modules.get("keras"):
        monkeypatch.setattr(keras.Model, "fit", refusing("trains a model"))
    yield
    assert not done, f"a fast test {done[0]}: mark it pytest.mark.system"
