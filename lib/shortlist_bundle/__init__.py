"""Bundles: one immutable directory with checksums per trained system, verified before it is read."""

from shortlist_bundle.labels import Label, Labels
from shortlist_bundle.manifest import FileEntry, Manifest
from shortlist_bundle.reader import Bundle
from shortlist_bundle.store import BundleStore
from shortlist_bundle.strings import Ids, Strings
from shortlist_bundle.writer import BundleWriter

__all__ = ["Bundle", "BundleStore", "BundleWriter", "FileEntry", "Ids", "Label", "Labels", "Manifest", "Strings"]
