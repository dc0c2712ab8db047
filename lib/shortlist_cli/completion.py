"""`shortlist completion`: the script that has a shell complete commands, options and their values."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer
from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script

ASKED = "_SHORTLIST_COMPLETE"
"""Environment variable that a script sets where it asks the command line what may follow."""


class Shell(StrEnum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def answer_shells() -> None:
    """Have the command line answer the scripts: typer does so by itself only for programs that install them, too."""
    if os.environ.get(ASKED):
        completion_init()


def completion(shell: Annotated[Shell, typer.Argument(help="The shell that is to complete.")]) -> None:
    """Print the script that completes commands and options in a shell.

    For bash: `eval "$(shortlist completion bash)"` in ~/.bashrc. For zsh the same in ~/.zshrc, after compinit. For
    fish: `shortlist completion fish > ~/.config/fish/completions/shortlist.fish`.
    """
    typer.echo(get_completion_script(prog_name="shortlist", complete_var=ASKED, shell=shell.value))
