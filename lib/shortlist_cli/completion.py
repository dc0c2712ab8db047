"""`shortlist completion`: the script that has a shell complete commands, options and their values."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer
from typer._completion_shared import get_completion_script

_PROGRAM, _VARIABLE = "shortlist", "_SHORTLIST_COMPLETE"


class Shell(str, Enum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="The shell that is to complete.")]) -> None:
    """Print the script that completes commands and options in a shell.

    For bash: `eval "$(shortlist completion bash)"` in ~/.bashrc. For zsh the same in ~/.zshrc, after compinit. For
    fish: `shortlist completion fish > ~/.config/fish/completions/shortlist.fish`.
    """
    typer.echo(get_completion_script(prog_name=_PROGRAM, complete_var=_VARIABLE, shell=shell.value))
