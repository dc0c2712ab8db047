"""The settings file: one TOML file with a table for each command that reads it, and one for the recipe of trainings.

The recipe's settings may stand outside of any table as well, as in a file that holds nothing else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any

from shortlist_cli.settings_names import CONFIGURED, RECIPE
from shortlist_core.errors import DataError, InvalidArgumentError, Violation
from shortlist_core.nearest import did_you_mean
from shortlist_core.terminal import quoted
from shortlist_training.config import Recipe

_TABLES = (*CONFIGURED, RECIPE)


@dataclass(frozen=True)
class SettingsFile:
    """What a settings file says."""

    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by the command's name
    recipe_values: Mapping[str, Any] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=Recipe)  # the default one where its values are wrong
    mistakes: tuple[Violation, ...] = ()  # in the names of tables
    recipe_mistakes: tuple[Violation, ...] = ()

    @classmethod
    def read(cls, path: Path | None) -> SettingsFile:
        """The file at a path; an empty one for None. Raises DataError where it cannot be read or is not TOML."""
        if path is None:
            return cls()
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise DataError(f"{quoted(path)}: cannot read: {error.strerror or error}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{quoted(path)}: not TOML: {error}") from None
        mistakes, tables, outside = [], {}, {}
        for name, value in values.items():
            if name in _TABLES:
                if isinstance(value, dict):
                    tables[name] = value
                else:
                    mistakes.append(Violation(f"{path}: {name}", f"must be a table, which begins with [{name}]"))
            elif name not in Recipe.model_fields:
                known = did_you_mean(name, (*_TABLES, *Recipe.model_fields))
                mistakes.append(Violation(str(path), f"there is no setting {quoted(name)}{known}"))
            elif RECIPE in values:
                mistakes.append(Violation(f"{path}: {name}", f"belongs into the table [{RECIPE}], which is there too"))
            else:
                outside[name] = value
        recipe_values = tables.pop(RECIPE, outside)
        try:
            return cls(tables, recipe_values, Recipe.of(recipe_values, str(path)), tuple(mistakes))
        except InvalidArgumentError as error:
            return cls(tables, recipe_values, Recipe(), tuple(mistakes), error.violations)

    def of(self, command: str) -> Mapping[str, Any]:
        """What the file says of a command's options, by their names with underscores."""
        return self.tables.get(command, {})


def as_typed(value: Any) -> Any:
    """A value of the file in the form in which an option takes it from a command line, or from a flag.

    Raises ValueError for a value that no option can have.
    """
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | date | time):
        return str(value)
    if isinstance(value, list) and not any(isinstance(each, bool | list | dict) for each in value):
        return [str(each) for each in value]
    raise ValueError("must be text, a number, true or false, or a list of texts")
