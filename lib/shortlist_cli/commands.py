"""The list of commands, each imported when it is called and not when it is listed.

So every command imports what it needs at the top of its module, and no other command waits for that.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from shortlist_cli.settings_names import CONFIGURED, prefix, variable

COMMANDS = {
    "demo": ("demo:demo", "Make a shop, train and serve a bundle, recommend items to a user"),
    "train": ("train:train", "Train retrieval and ranker, and publish them as a bundle."),
    "retrain": (
        "retrain:retrain",
        "Train on all data, compare with the current bundle, and publish if the new one is no worse.",
    ),
    "evaluate": ("evaluate:evaluate", "Rank the whole catalogue for everybody who came back after SINCE"),
    "recommend": ("recommend:recommend", "Recommend to every user of a file by both stages"),
    "serve": ("serve:serve", "Serve the current bundle until Ctrl-C or SIGTERM"),
    "gateway": ("gateway:gateway", "Answer HTTP/JSON (the Connect protocol) from a gRPC server"),
    "config": ("config:app", "Show the settings of serve, gateway, train and retrain"),
    "doctor": ("doctor:doctor", "Look at this machine, at a running server or at a folder of bundles"),
    "console": ("console:console", "Show what a server answers and why, and steer its bundles and placements"),
    "token": ("tokens:token", "Make a random token."),
    "data": ("data:app", "Import data, show a data folder, or make a synthetic shop."),
    "bundle": (
        "bundle:app",
        "Show published bundles, and choose which of them serve. Servers of the same folder follow automatically.",
    ),
    "call": ("call:app", "Call a running server."),
    "placement": (
        "placement:app",
        "Show, check and set placements: the settings and rules of the places where lists are shown.",
    ),
    "catalog": ("catalog:app", "Read and write the items of a running server"),
    "user": ("user:app", "Write, show, export and delete what a running server knows of a user."),
    "completion": ("completion:completion", "Print the script that completes commands and options in a shell."),
}
"""By name: the module and what in it is the command, and the words that the list shows: its own help's first."""


BARE = {"--ablations": "all"}
"""Options that may stand without a value, and the value that this means."""


class CommandWithBareOptions(TyperCommand):
    """A command whose options in BARE may stand alone, as flags do. Typer has no such options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, with a value for every such option that has none."""
        following = [*args[1:], "-"]
        bare = [each in BARE and after.startswith("-") for each, after in zip(args, following, strict=False)]
        typed = [f"{each}={BARE[each]}" if alone else each for each, alone in zip(args, bare, strict=True)]
        return super().parse_args(ctx, typed)


class ConfiguredCommand(CommandWithBareOptions):
    """A command whose options environment variables and the settings file may set, too."""

    def __init__(self, name: str, **attributes: Any) -> None:
        example = variable(name, "bundles" if name != "gateway" else "address")
        said = f"Variables such as {example}, and the table `{name}` of the settings file, set options, too."
        layers = {"auto_envvar_prefix": prefix(name)}
        super().__init__(name, **attributes | {"context_settings": layers, "epilog": said})
        option: Any
        for option in self.params:
            option.show_envvar = option.envvar is not None  # the names of the others follow from that of the option


class Command(TyperCommand):
    """A command of which only the name and a line of help are known until it is called."""

    def __init__(self, name: str, where: str, line: str) -> None:
        super().__init__(name, help=line)
        self._where = where

    def load(self) -> Any:
        """The command with its options, or the group with its commands, as typer makes them."""
        around = typer.Typer()
        add(around, str(self.name), self._where)
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


def add(app: typer.Typer, name: str, where: str) -> None:
    """Import a command and add it to an app under its name."""
    module, _, attribute = where.partition(":")
    command = getattr(import_module(f"shortlist_cli.{module}"), attribute)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name, cls=ConfiguredCommand if name in CONFIGURED else CommandWithBareOptions)(command)
