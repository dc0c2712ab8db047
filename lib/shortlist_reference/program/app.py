"""The command line with all of its commands imported, for typer to describe."""

from __future__ import annotations

import typer

from shortlist_cli.commands import COMMANDS, add
from shortlist_cli.main import shortlist

app = typer.Typer(name="shortlist", add_completion=False)
app.callback()(shortlist)
for _name, (_where, _) in COMMANDS.items():
    add(app, _name, _where)
