"""What `shortlist serve` serves: bundles and store of one, or of each tenant; checked before anything is made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shortlist_cli.folders import published_in
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.terminal import quoted
from shortlist_server.base.tenants import Tenant, read_tenants
from shortlist_state import file_of

_MEMORY = "sqlite::memory:"
_NAME_IT = "name a file in a folder that is kept, such as --state sqlite:/var/lib/shortlist/state.sqlite, or Redis"


@dataclass(frozen=True)
class Served:
    """The settings of what is served, and the file in which the log key lies."""

    settings: Mapping[str, object]
    log_key_file: Path


def served(bundles: Path | None, state: str, tenants: Path | None, workers: int, wait_for_bundle: bool) -> Served:
    """What these options name. Raises ShortlistError where it cannot be served by so many workers, or not yet."""
    if tenants is not None:
        if bundles is not None or state:
            rule = "takes the place of --bundles and --state: the file says them for each tenant"
            raise InvalidArgumentError([Violation("--tenants", rule)])
        found = read_tenants(tenants)
        for tenant in found.values():
            _check(tenant, workers, wait_for_bundle)
        return Served({"tenants": found}, tenants.resolve().parent / "log.key")
    if bundles is None:
        raise InvalidArgumentError([Violation("--bundles", "name the folder of bundles that is to be served")])
    _check(Tenant(bundles=bundles, state=state), workers, wait_for_bundle)
    return Served({"bundles": bundles, "state": state or _beside(bundles)}, _log_key_file(state, bundles))


def _check(one: Tenant, workers: int, wait_for_bundle: bool) -> None:
    if workers > 1 and one.state == _MEMORY:
        raise InvalidArgumentError([Violation("--state", f"{one.state} lies in the memory of one worker: {_NAME_IT}")])
    published = published_in(one.bundles)
    if not wait_for_bundle and published.current() is None:
        published.load()  # says so


def _log_key_file(state: str, bundles: Path) -> Path:
    """Where the log key lies: beside the state where that is a file, else beside the bundles folder."""
    return (file_of(state) or bundles).resolve().parent / "log.key"


def _beside(bundles: Path) -> str:
    """The store that serves where none is named. Raises InvalidArgumentError where it could not be written."""
    folder = bundles.resolve().parent
    if not os.access(folder, os.W_OK | os.X_OK):  # mounted read-only, or another user's
        where = f"left out, it would be state.sqlite in {quoted(folder)}, which cannot be written"
        raise InvalidArgumentError([Violation("--state", f"{where}: {_NAME_IT}")])
    return f"sqlite:{folder / 'state.sqlite'}"
