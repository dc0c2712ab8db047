"""Contexts: where and how requests may come about, such as the device, as far as training learned it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from shortlist_bundle.groups import padded
from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import Attribute
from shortlist_core.types import Int32s


@dataclass(frozen=True)
class Contexts:
    """The contexts of a bundle: keys with one of their values each."""

    names: tuple[Attribute, ...]  # by row of the context

    @classmethod
    def load(cls, bundle: Bundle) -> Contexts | None:
        """The contexts that `write` stored; None where there are none."""
        if not bundle.has("contexts"):
            return None
        return cls(tuple((str(key), str(value)) for key, value in bundle.json("contexts")))

    def write(self, writer: BundleWriter) -> None:
        """Store the contexts."""
        writer.json("contexts", [list(name) for name in self.names])

    @cached_property
    def _rows(self) -> dict[Attribute, int]:
        return {name: row for row, name in enumerate(self.names)}

    def of(self, attributes: Sequence[Sequence[Attribute]]) -> Int32s | None:
        """The contexts of each request, int32 [batch, k] padded with NO_GROUP; None where no request has any.

        What the bundle did not learn is passed over.
        """
        if not any(attributes):
            return None
        known = ((self._rows[pair] for pair in each if pair in self._rows) for each in attributes)
        return padded([list(dict.fromkeys(rows)) for rows in known])
