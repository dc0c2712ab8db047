"""`shortlist config show`: every setting of the commands that have some, its value, and where that comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from shortlist_cli.commands import COMMANDS, Command
from shortlist_cli.settings_file import SettingsFile
from shortlist_cli.settings_layers import checked, has_password, options_of
from shortlist_cli.settings_names import CONFIG, CONFIGURED, RECIPE, TRAINERS, variable
from shortlist_cli.showing import AsJson, show
from shortlist_core.errors import DataError, InvalidArgumentError, Violation
from shortlist_core.nearest import did_you_mean
from shortlist_core.tables import Table
from shortlist_core.terminal import quoted

SECRETS = {
    "serve": ("SHORTLIST_REDIS_PASSWORD",),
    "gateway": ("SHORTLIST_ROOT_CERTIFICATES", "SHORTLIST_CERTIFICATE_CHAIN", "SHORTLIST_PRIVATE_KEY"),
    "train": ("SHORTLIST_REDIS_PASSWORD",),
    "retrain": ("SHORTLIST_REDIS_PASSWORD",),
}
"""Environment variables that a command reads besides those of its options; only whether they are set is told."""

_SOURCES = {"COMMANDLINE": "flag", "ENVIRONMENT": "variable", "DEFAULT_MAP": "file", "DEFAULT": "default"}

app = typer.Typer(no_args_is_help=True, help="Show the settings of serve, gateway, train and retrain.")


@dataclass(frozen=True)
class Setting:
    """A setting with its value in words and where that comes from."""

    name: str
    value: Any  # as JSON has it
    source: str  # flag, variable, file, default, or required where it is needed and not given
    where: str = ""  # the variable or the file

    @property
    def said(self) -> str:
        """The source in words."""
        words = {"variable": self.where, "file": f"file {self.where}", "required": "not given, but needed"}
        return words.get(self.source, self.source)


@app.callback()
def config() -> None:
    """Show the settings of serve, gateway, train and retrain."""


@app.command("show", context_settings={"ignore_unknown_options": True})
def show_settings(
    command: Annotated[str, typer.Argument(help=f"One of {', '.join(CONFIGURED)}. Left out: all.")] = "",
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[FLAGS]...", help="Flags of the command, as if it were called.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(envvar=CONFIG, help="Settings file, as for the commands themselves.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a command would run with, and where each value comes from: flag, variable, file or default.

    Mistakes in file and variables are told all at once, as the command would tell them.
    """
    if command and command not in CONFIGURED:
        known = did_you_mean(command, CONFIGURED)
        raise DataError(f"there is no command {quoted(command)} with settings, only {', '.join(CONFIGURED)}{known}")
    names = [command] if command else list(CONFIGURED)
    found: dict[str, list[Setting]] = {}
    wrong: dict[Violation, None] = {}  # in order, each once: all commands read the same file
    for name in names:
        try:
            found[name] = list(settings_of(name, arguments or [], config))
        except InvalidArgumentError as error:
            wrong |= dict.fromkeys(error.violations)
    if wrong:
        raise InvalidArgumentError(list(wrong))
    document = {name: {each.name: _as_json(each) for each in settings} for name, settings in found.items()}
    show(as_json, document, *(_table(name, settings) for name, settings in found.items()))


def settings_of(name: str, arguments: Sequence[str], file: Path | None) -> Iterator[Setting]:
    """The settings that a command with these arguments and this file would run with.

    Raises what the command would raise for mistakes in them; what is needed and not given is no mistake here.
    """
    command = Command(name, *COMMANDS[name]).load()
    context = command.context_class(command, info_name=name, **command.context_settings)
    given, _, _ = command.make_parser(context).parse_args(args=list(arguments))
    context.default_map = checked(context, file)
    for option in options_of(command).values():
        value, source = option.consume_value(context, given)
        context.set_parameter_source(option.name, source)
        kind = _SOURCES[source.name]
        if value is None and option.required:
            yield Setting(option.name, None, "required")
            continue
        value = _hidden(_plain(option.process_value(context, value)))
        yield Setting(
            option.name, value, kind, {"variable": variable(name, option.name), "file": str(file)}.get(kind, "")
        )
    for secret in SECRETS[name]:
        is_set = bool(os.environ.get(secret))
        yield Setting(secret, "set" if is_set else "unset", "variable" if is_set else "default", secret)
    if name in TRAINERS:
        said = SettingsFile.read(file)
        for key, value in said.recipe.model_dump(mode="json").items():
            is_said = key in said.recipe_values
            yield Setting(f"{RECIPE}.{key}", value, "file" if is_said else "default", str(file) if is_said else "")


def _table(name: str, settings: Sequence[Setting]) -> Table:
    table = Table("setting", "value", "comes from", title=f"shortlist {name}", left=True)
    for each in settings:
        table.row(each.name, _in_words(each.value), each.said)
    return table


def _as_json(setting: Setting) -> dict[str, Any]:
    said = {"value": setting.value, "source": setting.source}
    return said | {"name": setting.where} if setting.where and setting.source != "default" else said


def _plain(value: Any) -> Any:
    """The value of an option as JSON has it."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def _hidden(value: Any) -> Any:
    """The value with `***` in the place of passwords in URLs."""
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    if isinstance(value, str) and has_password(value):
        url = urlsplit(value)
        user, _, host = url.netloc.rpartition("@")
        return url._replace(netloc=f"{user.partition(':')[0]}:***@{host}").geturl()
    return value


def _in_words(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)
