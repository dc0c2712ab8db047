"""Named rows: keys with one of their values each, such as country and France, as the rows of something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import Attribute


@dataclass(frozen=True)
class NamedRows:
    """The attributes that are rows."""

    names: tuple[Attribute, ...]  # by row

    @cached_property
    def _rows(self) -> dict[Attribute, int]:
        return {name: row for row, name in enumerate(self.names)}

    def rows_of(self, attributes: Iterable[Attribute]) -> list[int]:
        """The rows of the attributes that are some, each once, in their order."""
        return list(dict.fromkeys(self._rows[pair] for pair in attributes if pair in self._rows))


def write_names(writer: BundleWriter, path: str, names: Sequence[Attribute]) -> None:
    """Store the names where `load_names` reads them."""
    writer.json(path, [list(name) for name in names])


def load_names(bundle: Bundle, path: str) -> tuple[Attribute, ...] | None:
    """The names that `write_names` stored; None where there are none."""
    return tuple((str(key), str(value)) for key, value in bundle.json(path)) if bundle.has(path) else None
