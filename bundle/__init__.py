"""One immutable, checksummed directory per trained system, verified before it is read."""

from bundle.labels import Label, Labels
from bundle.manifest import FileEntry, Manifest
from bundle.reader import Bundle
from bundle.store import BundleStore
from bundle.strings import Ids, Strings
from bundle.writer import BundleWriter

__all__ = ["Bundle", "BundleStore", "BundleWriter", "FileEntry", "Ids", "Label", "Labels", "Manifest", "Strings"]
