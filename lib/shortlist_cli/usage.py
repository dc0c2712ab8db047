"""Mistakes in a command line, each as one line: what was typed, whole, and the nearest name that there is."""

from __future__ import annotations

import re
from typing import Any

import typer
from pydantic import ValidationError

from shortlist_core.nearest import did_you_mean
from shortlist_core.terminal import quoted

UsageError: Any = typer.BadParameter.__mro__[1]
"""What typer raises for every mistake in a command line. It has no public name there."""


def line(error: Any) -> str:
    """The line for a mistake; empty where the command was called without arguments and its help was shown instead."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    context = error.ctx
    message = _message(error, context).rstrip(".")
    return f"{message} (see `{context.command_path} --help`)" if context else message


def why(error: Any) -> list[str]:
    """Why the value of an option is refused, without the option's name."""
    if isinstance(error.__cause__, ValidationError):
        return [_value(wrong["input"], wrong["msg"]) for wrong in error.__cause__.errors()]
    return [str(error.message).rstrip(".")]


def _message(error: Any, context: Any) -> str:
    if isinstance(error.__cause__, ValidationError):
        name = max(error.param.opts, key=len)
        return "; ".join(f"{name}: {each}" for each in why(error))
    option = getattr(error, "option_name", None)
    known = [name for parameter in context.command.params for name in parameter.opts] if context else []
    if option and option not in known:
        return f"there is no option {quoted(option)}{did_you_mean(option, known)}"
    message: str = error.format_message()
    return message


def _value(typed: object, message: str) -> str:
    """Why a value is refused, beginning with the value."""
    message = message.removeprefix("Value error, ").rstrip(".")
    if choice := re.search(r"' is not one of '(.*)'$", message):
        return message + did_you_mean(str(typed), choice[1].split("', '"))
    return f"{quoted(typed)}: {message[:1].lower()}{message[1:]}"
