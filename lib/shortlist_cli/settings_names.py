"""Names of what is set: the commands with settings, their environment variables, the tables of the settings file."""

from __future__ import annotations

CONFIGURED = ("serve", "gateway", "train", "retrain")
"""The commands whose options environment variables and the settings file may set, too."""

TRAINERS = ("train", "retrain")
"""Those of them that go by a recipe."""

RECIPE = "recipe"
"""The table of the recipe."""

CONFIG = "SHORTLIST_CONFIG"
"""Environment variable with the path of the settings file."""


def prefix(command: str) -> str:
    """What the names of all environment variables of a command begin with, but for the underscore after it."""
    return f"SHORTLIST_{command.upper()}"


def variable(command: str, option: str) -> str:
    """The environment variable that sets an option, which is named with underscores."""
    return f"{prefix(command)}_{option.upper()}"
