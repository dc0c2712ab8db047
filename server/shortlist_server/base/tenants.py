"""Tenants: each has bundles, a store of live users and items, and limits of its own on a server that they share."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shortlist_core.errors import DataError
from shortlist_server.base.names import NAME_RULE, is_name
from shortlist_state import file_of

_REDIS_PORT = 6379


class Tenant(BaseModel):
    """What is a tenant's own. Limits that are None are those of the server, which each tenant then has for itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bundles: Path
    """Folder of the tenant's bundles."""
    state: str
    """URL of the tenant's store of live users and items."""
    max_pending: int | None = Field(default=None, ge=64)
    """Most pending recommendations of the tenant."""
    max_pending_writes: int | None = Field(default=None, ge=1)
    """Most pending calls of the tenant that write to its store."""
    max_pending_reads: int | None = Field(default=None, ge=1)
    """Most pending calls of the tenant that read from its store."""
    max_fresh_items: int | None = Field(default=None, ge=0)
    """Most new items that the tenant's bundle does not contain."""
    keep_events_seconds: float | None = Field(default=None, gt=0)
    """How long live events of the tenant are kept."""
    max_user_events: int | None = Field(default=None, ge=1)
    """Most live events that are kept of a user of the tenant."""


def read_tenants(path: Path) -> dict[str, Tenant]:
    """The tenants of a TOML file, which has a table for each: its name, and in it the fields of `Tenant`.

    Relative paths begin at the file's folder. A `state` left out is `state.sqlite` beside the folder of the bundles.
    Raises DataError, in one line, for a file that cannot be read or that does not keep the tenants apart.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        is_text = not isinstance(error, UnicodeDecodeError)
        reason = getattr(error, "strerror", None) or (error if is_text else "it is not UTF-8")
        raise DataError(f"cannot read the file of tenants {path}: {reason}") from None
    try:
        if not tables:
            raise ValueError("it holds no tenant; a table such as [acme] begins one")
        tenants = {name: _tenant(name, table, path.resolve().parent) for name, table in tables.items()}
        check_apart(tenants)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
    return tenants


def check_apart(tenants: Mapping[str, Tenant]) -> None:
    """Return if names are allowed, and no two tenants have the same bundles or the same store. Else ValueError."""
    for name in tenants:
        if not is_name(name):
            raise ValueError(f"the name of a tenant {NAME_RULE}, not {name[:100]!r}")
    for (one, first), (other, second) in combinations(tenants.items(), 2):
        if _file(first.bundles) == _file(second.bundles):
            raise ValueError(f"the tenants {one} and {other} have the same bundles, {second.bundles}")
        if _place(first.state) == _place(second.state):
            raise ValueError(f"the tenants {one} and {other} have the same state; name another one for {other}")


def _tenant(name: str, table: Any, folder: Path) -> Tenant:
    if not isinstance(table, dict):
        raise ValueError(f"{name!r} stands outside of a tenant; a table such as [acme] begins one")
    try:
        tenant = Tenant.model_validate({"state": "", **table})
    except ValidationError as error:
        [first, *_] = error.errors()
        what = ".".join(map(str, (name, *first["loc"])))
        known = f"there is no such setting of a tenant, only {', '.join(Tenant.model_fields)}"
        raise ValueError(f"{what}: {known if first['type'] == 'extra_forbidden' else first['msg']}") from None
    bundles = folder / tenant.bundles
    return tenant.model_copy(update={"bundles": bundles, "state": _url(tenant.state, bundles, folder)})


def _url(state: str, bundles: Path, folder: Path) -> str:
    """The store's URL with an absolute path."""
    if not state:
        return f"sqlite:{bundles.resolve().parent / 'state.sqlite'}"
    return f"sqlite:{folder / file}" if (file := file_of(state)) else state


def _place(state: str) -> object:
    """Where a store lies: its file, or the Redis and the number of the database, whoever asks with whatever password.

    One Redis may have several host names. So a server compares the stores themselves too.
    """
    if file := file_of(state):
        return _file(file)
    if state.startswith("sqlite:"):
        return object()  # each has a memory of its own
    url = urlsplit(state)
    return url.hostname, url.port or _REDIS_PORT, url.path.strip("/") or "0"


def _file(path: Path) -> object:
    """A file or folder by whatever path: one that is there by its number, another by where it would be."""
    try:
        found = path.stat()
        return found.st_dev, found.st_ino
    except OSError:
        return path.resolve()
