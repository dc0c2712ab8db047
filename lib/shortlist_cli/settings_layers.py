"""The layers that an option's value comes from: flag, environment variable, settings file, default, in this order.

Typer itself goes by this order, once it knows the prefix of the variables and what the file says. What stands here
checks variables and file as a whole before an option is read: every mistake is told at once, by where it stands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from shortlist_cli import usage
from shortlist_cli.settings_file import SettingsFile, as_typed
from shortlist_cli.settings_names import CONFIG, CONFIGURED, TRAINERS, prefix, variable
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.nearest import did_you_mean, nearest

_OURS = "SHORTLIST_"
_NO_SETTINGS = {"config", "as_json"}  # what names the settings file, and how the answer is printed
_LIKE = 0.9  # a letter left out, but not another command's variable or a service's
_OF_KUBERNETES = re.compile(r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_\w+)")


def options_of(command: Any) -> dict[str, Any]:
    """The options of a command that are settings, by name, with underscores."""
    return {each.name: each for each in command.params if each.name not in _NO_SETTINGS}


def take_layers(context: typer.Context, parameter: typer.CallbackParam, path: Path | None) -> Path | None:
    """Have a command take from variables and file what no flag says: the callback of its option `--config`.

    Raises ShortlistError that names every mistake in them.
    """
    if not context.resilient_parsing:  # that is how completion reads what is not finished yet
        context.default_map = checked(context, path)
    return path


Config = Annotated[
    Path | None,
    typer.Option(
        envvar=CONFIG,
        is_eager=True,
        callback=take_layers,
        help="Settings as TOML: a table for each command, and the recipe; see docs/how-to/configure.md.",
    ),
]


def checked(context: Any, path: Path | None) -> dict[str, Any]:
    """What the file says of the options of the context's command, in the form that these take.

    Raises DataError where the file cannot be read, and InvalidArgumentError that names every mistake in it and in the
    variables.
    """
    command, options = context.command.name, options_of(context.command)
    file = SettingsFile.read(path)
    values, wrong = {}, [*_variables(context, options), *file.mistakes]
    for name, value in file.of(command).items():
        where = f"{path} [{command}] {name}"
        if name not in options:
            wrong.append(Violation(where, f"there is no such setting{did_you_mean(name, options)}"))
            continue
        try:
            values[name] = as_typed(value)
        except ValueError as error:
            wrong.append(Violation(where, str(error)))
            continue
        if isinstance(value, bool) != bool(options[name].is_flag) and not isinstance(value, str):
            kind = "is true or false" if options[name].is_flag else "takes a value"
            wrong.append(Violation(where, f"{kind}, not {str(value).lower()}"))
        elif isinstance(value, list) and not options[name].multiple:
            wrong.append(Violation(where, "takes one value, not a list"))
        else:
            if options[name].multiple and not isinstance(value, list):
                values[name] = [values[name]]
            wrong += [Violation(where, why) for why in _mistakes(context, options[name], values[name])]
    if command in TRAINERS:
        wrong += file.recipe_mistakes
    if wrong:
        raise InvalidArgumentError(wrong)
    return values


def read_again(context: Any) -> dict[str, Any]:
    """The values of all options by name, with what the settings file says now. Raises as `checked` does."""
    context.default_map = checked(context, context.params["config"])
    values = {}
    for name, option in options_of(context.command).items():
        value, source = context.params[name], context.get_parameter_source(name)
        if source.name != "COMMANDLINE":
            value, source = option.consume_value(context, {})
            try:
                value = option.process_value(context, value)
            except usage.UsageError as error:
                flag = max(option.opts, key=len)
                raise InvalidArgumentError([Violation(flag, why) for why in usage.why(error)]) from None
        values[name] = value
    return values


def no_secret(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
    """Refuse a password in the URL of a store on the command line, which other users of the machine can see."""
    source = context.get_parameter_source(str(parameter.name))
    if source is not None and source.name == "COMMANDLINE" and any(map(has_password, _each(value))):
        raise typer.BadParameter(
            "others on this machine can see a password on a command line: put it into SHORTLIST_REDIS_PASSWORD, or the"
            f" whole URL into {variable(str(context.command.name), str(parameter.name))} or the settings file"
        )
    return value


def has_password(value: str) -> bool:
    """Whether a text is a URL with a password in it."""
    try:
        return bool(urlsplit(value).password)
    except ValueError:  # not a URL; whoever opens it says so
        return False


def _variables(context: Any, options: Mapping[str, Any]) -> Iterator[Violation]:
    """The mistakes in the environment variables of a command: names that there are not, and values."""
    command = context.command.name
    known = {variable(command, name): option for name, option in options.items()}
    short = [name.removeprefix(_OURS) for name in (*known, CONFIG)]
    own, others = f"{prefix(command)}_", tuple(f"{prefix(each)}_" for each in CONFIGURED)
    for name, value in os.environ.items():
        if name in known:
            given = known[name].split_envvar_value(value) if known[name].multiple else value
            for why in _mistakes(context, known[name], given) if value else ():
                yield Violation(name, why)
        elif name.startswith(own):
            if not _is_of_kubernetes(name.removeprefix(own), value):
                yield Violation(name, f"there is no such variable{did_you_mean(name, known)}")
        elif name.startswith(_OURS) and name != CONFIG and not name.startswith(others):
            meant = nearest(name.removeprefix(_OURS), short, _LIKE)
            if meant:
                yield Violation(name, f"there is no such variable; did you mean {_OURS + meant!r}?")


def _is_of_kubernetes(name: str, value: str) -> bool:
    """Whether Kubernetes sets such a variable, as in the pods beside a service that is called `shortlist-serve`."""
    return bool(_OF_KUBERNETES.fullmatch(name)) or (name.endswith("PORT") and "://" in value)


def _mistakes(context: Any, option: Any, value: Any) -> list[str]:
    """Why an option cannot take a value; nothing where it can."""
    try:
        option.process_value(context, value)
    except usage.UsageError as error:
        return usage.why(error)
    return []


def _each(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
