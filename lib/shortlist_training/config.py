"""The recipe's settings: a default for everything, all in one place, overridden by a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shortlist_core.errors import DataError


class Recipe(BaseModel):
    """What `shortlist train --config` may set; whatever depends on the data is found out on it instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slices: Annotated[int, Field(ge=1, le=12)] = 4
    """Slices of time, each a tenth of the data's span, that the ranker learns from."""

    queries_per_slice: Annotated[int, Field(ge=50, le=100_000)] = 1_500
    """Users of each slice that are asked about at most."""

    candidates: Annotated[int, Field(ge=50, le=2_000)] = 400
    """What stage one returns to the ranker."""

    tower_steps: Annotated[int, Field(ge=10, le=100_000)] = 500
    """Batches of 256 examples for the two towers on the first slice at most; later slices take three tenths of it."""

    ranker_epochs: Annotated[int, Field(ge=1, le=200)] = 6
    """Passes over the ranker's examples at most; it stops earlier when what is held out no longer gains."""

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """The settings in a TOML file; raises DataError naming every one that is wrong."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise DataError(f"{path}: cannot read: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: not TOML: {error}") from error
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise DataError(f"{path}: {wrong}") from error
