"""Contexts: where and how requests may come about, such as the device, as far as training learned it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shortlist_bundle.groups import padded
from shortlist_bundle.named_rows import NamedRows, load_names, write_names
from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import Attribute
from shortlist_core.types import Int32s


@dataclass(frozen=True)
class Contexts(NamedRows):
    """The contexts of a bundle."""

    @classmethod
    def load(cls, bundle: Bundle) -> Contexts | None:
        """The contexts that `write` stored; None where there are none."""
        names = load_names(bundle, "contexts")
        return None if names is None else cls(names)

    def write(self, writer: BundleWriter) -> None:
        """Store the contexts."""
        write_names(writer, "contexts", self.names)

    def of(self, attributes: Sequence[Sequence[Attribute]]) -> Int32s | None:
        """The contexts of each request, int32 [batch, k] padded with NO_GROUP; None where no request has any.

        What the bundle did not learn is passed over.
        """
        return padded(list(map(self.rows_of, attributes)))
