"""Settings as Markdown: those of the server, the gateway and the training recipe, with default, range and meaning."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from shortlist_cli.commands import COMMANDS, Command
from shortlist_cli.gateway import gateway
from shortlist_cli.serve import serve
from shortlist_cli.settings_layers import options_of
from shortlist_cli.settings_names import CONFIGURED, variable
from shortlist_gateway.settings import Settings as GatewaySettings
from shortlist_reference.paragraphs import table, wrapped
from shortlist_server.base.settings import Settings as ServerSettings
from shortlist_training.config import Recipe

GENERATED = "<!-- Generated from the program by `make reference`: change the settings' docstrings there. -->"

_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most"}


def page() -> str:
    """One section per program that has settings."""
    blocks = [GENERATED, "# Settings", wrapped(_LAYERS)]
    blocks += ["## Server", wrapped(_SERVER), _table(ServerSettings, _flags(ServerSettings, serve))]
    blocks += ["## Gateway", wrapped(_GATEWAY), _table(GatewaySettings, _flags(GatewaySettings, gateway))]
    blocks += ["## Training", wrapped(_RECIPE), _EXAMPLE, _table(Recipe, {})]
    blocks += ["## Environment variables", wrapped(_VARIABLES), *map(_variables, CONFIGURED)]
    blocks += [wrapped(_OTHER_VARIABLES), table(("variable", ""), *((f"`{name}`", what) for name, what in _OTHERS))]
    return "\n\n".join(blocks) + "\n"


_LAYERS = """
An option of `shortlist serve`, `gateway`, `train` or `retrain` has the value of its flag, else of its
[environment variable](#environment-variables), else of the settings file (`--config`, `SHORTLIST_CONFIG`), else its
default. [Configure](../how-to/configure.md) has examples. `shortlist config show` says where each value comes from.
"""

_SERVER = """
`shortlist serve` takes the settings with a flag, by whichever of these ways; `--state` is optional. A setting without
a flag always has its default in a server that `shortlist serve` starts. Whoever starts a server from Python sets all of
them: `Settings.of(...)` in `server/shortlist_server/base/settings.py` checks them as a whole and names every one that
is wrong.
"""

_GATEWAY = """
`shortlist gateway` takes the settings with a flag by whichever of these ways, and TLS towards the server from the
environment variables of `shortlist call`.
"""

_RECIPE = """
`shortlist train` and `shortlist retrain` read the recipe's settings from the table `[recipe]` of the settings file, or
from its top where it has no such table. Unknown names and values out of range are refused by name. What depends on the
data is not set but found on it.
"""

_EXAMPLE = "    # shortlist.toml\n    [recipe]\n    tower_steps = 2000\n    ranker_epochs = 30"


_VARIABLES = """
An empty variable counts as not set. Values of options that may be repeated are separated by blanks, and true and false
are `1` or `0`, `true` or `false`, `yes` or `no`. A variable that begins like these and that there is not is refused.
The keys of the settings file are the same names, in the table of the command.
"""

_OTHER_VARIABLES = "Besides these, the commands read:"

_OTHERS = (
    ("SHORTLIST_CONFIG", "The settings file, as `--config` names it."),
    ("SHORTLIST_TOKEN", "Bearer token of `shortlist call` and of all other commands that call a server."),
    ("SHORTLIST_ROOT_CERTIFICATES", "PEM file of the CAs that the server's certificate is checked against; for TLS."),
    ("SHORTLIST_CERTIFICATE_CHAIN", "PEM file of the client's certificate (mTLS)."),
    ("SHORTLIST_PRIVATE_KEY", "PEM file of that certificate's private key."),
    ("SHORTLIST_REDIS_PASSWORD", "Password of Redis, for a `--state` without one."),
)


def _variables(name: str) -> str:
    """The environment variables of a command's options, and the key of each in the settings file."""
    command = Command(name, *COMMANDS[name]).load()
    rows = [
        (f"`{variable(name, key)}`", f"`{max(option.opts, key=len)}`", f"`{key}`")
        for key, option in options_of(command).items()
    ]
    return table((f"`shortlist {name}`", "flag", f"key in `[{name}]`"), *rows)


def _table(settings: type[Any], flags: dict[str, str]) -> str:
    meanings = dict(_docstrings(settings))
    rows = [
        (f"`{name}`", *([flags.get(name, "")] if flags else []), default, allowed, meanings[name])
        for name, default, allowed in _fields(settings)
    ]
    return table(("name", *(["flag"] if flags else []), "default", "range", ""), *rows)


def _fields(settings: type[Any]) -> Iterator[tuple[str, str, str]]:
    """Name, default and range of each setting."""
    if not issubclass(settings, BaseModel):
        for each in dataclasses.fields(settings):
            yield each.name, _shown(each.default), ""
        return
    for name, field in settings.model_fields.items():
        bounds = {kind: bound for rule in field.metadata for kind, bound in _range(rule).items()}
        limits = [f"{_LIMITS[kind]} {bound:,}" for kind, bound in bounds.items()]
        yield name, "required" if field.is_required() else _shown(field.default), ", ".join(limits)


def _range(rule: object) -> dict[str, Any]:
    """The bounds that a rule of a setting sets; none for a pattern."""
    return dataclasses.asdict(rule) if dataclasses.is_dataclass(rule) and not isinstance(rule, type) else {}


def _shown(value: object) -> str:
    if value in (None, "", {}, Path()):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Enum):
        value = value.value
    return f"{value:,}" if isinstance(value, int | float) else f"`{value}`"


def _docstrings(settings: type[Any]) -> Iterator[tuple[str, str]]:
    """The string that stands below each setting in the source, by the setting's name."""
    (declared,) = ast.parse(textwrap.dedent(inspect.getsource(settings))).body
    assert isinstance(declared, ast.ClassDef)
    for statement, after in zip(declared.body, declared.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            assert isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant), ast.unparse(statement)
            yield statement.target.id, inspect.cleandoc(str(after.value.value))


def _flags(settings: type[Any], command: Callable[..., None]) -> dict[str, str]:
    """The flag that sets each setting: named like it, or like it without its unit."""
    names = {name for name, _, _ in _fields(settings)}
    flags = {}
    for flag in inspect.signature(command).parameters:
        for name in names & {flag, f"{flag}_seconds"}:
            flags[name] = f"`--{flag.replace('_', '-')}`"
    return flags
