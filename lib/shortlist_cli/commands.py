"""The list of commands, each imported when it is called and not when it is listed.

So every command imports what it needs at the top of its module, and no other command waits for that.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "demo": ("demo:demo", "Make a shop, train on it, serve it, recommend to somebody"),
    "train": ("train:train", "Train retrieval and ranker, and publish them as a bundle."),
    "retrain": (
        "retrain:retrain",
        "Train on what happened since, compare with the current bundle",
    ),
    "evaluate": (
        "evaluate:evaluate",
        "Rank the whole catalogue for everybody who came back after SINCE",
    ),
    "recommend": ("recommend:recommend", "Recommend to every user of a file by both stages"),
    "serve": ("serve:serve", "Serve the current bundle until Ctrl-C or SIGTERM"),
    "gateway": ("gateway:gateway", "Answer HTTP/JSON (the Connect protocol) from a gRPC server"),
    "token": ("tokens:token", "Make a random token."),
    "data": ("data:app", "Import data into the canonical layout, or make a synthetic shop."),
    "bundle": ("bundle:app", "Look at published bundles, and decide which of them serve."),
    "call": ("call:app", "Ask a running server."),
    "catalog": ("catalog:app", "The items that a running server knows"),
    "user": ("user:app", "What a running server knows of a user."),
}
"""By name: the module and what in it is the command, and the words that the list shows: its own help's first."""


class Command(TyperCommand):
    """A command of which only the name and a line of help are known until it is called."""

    def __init__(self, name: str, where: str, line: str) -> None:
        super().__init__(name, help=line)
        self._where = where

    def load(self) -> Any:
        """The command with its options, or the group with its commands, as typer makes them."""
        module, _, attribute = self._where.partition(":")
        found = getattr(import_module(f"shortlist_cli.{module}"), attribute)
        around = typer.Typer()
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=self.name)
        else:
            around.command(self.name)(found)
        return typer.main.get_group(around).commands[str(self.name)]

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The context of the command itself, which reads the arguments."""
        return self.load().make_context(*args, **kwargs)


class Commands(TyperGroup):
    """A group of all COMMANDS."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (where, line) in COMMANDS.items():
            self.add_command(Command(name, where, line))
