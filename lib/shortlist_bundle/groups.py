"""Groups of users: a group is all users with the same value of an attribute.

Only values that enough users share are groups, so that a group's choices are significant and identify nobody. A bundle
of data without user attributes has no such files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_bundle.named_rows import NamedRows, load_names, write_names
from shortlist_bundle.reader import Bundle
from shortlist_bundle.strings import Ids
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import Attribute, with_given
from shortlist_core.types import NO_GROUP, NO_ITEM, Int32s


@dataclass(frozen=True)
class UserGroups(NamedRows):
    """The groups of a bundle, and the users whom it knows to belong to them, with or without events."""

    ids: Ids  # of the users who belong to at least one group
    rows: Int32s  # [users, k] the groups of each, NO_GROUP pads the end

    @classmethod
    def load(cls, bundle: Bundle) -> UserGroups | None:
        """The groups that `write_groups` stored; None where there are none."""
        names = load_names(bundle, "users/groups/names")
        if names is None:
            return None
        return cls(names, bundle.ids("users/groups/ids"), bundle.array("users/groups/rows"))

    def of(self, user_ids: Sequence[str], attributes: Sequence[Sequence[Attribute]] = ()) -> Int32s | None:
        """The groups of each user, int32 [users, k] padded with NO_GROUP; None where no user belongs to any.

        `attributes`, if given for every user, replace what the bundle has of the user under the same keys. Values that
        are no groups are ignored, and so is an empty user id.
        """
        stored = self.ids.rows(user_ids)
        if any(attributes):
            return padded([self._merged(row, given) for row, given in zip(stored.tolist(), attributes, strict=True)])
        has_groups = stored != NO_ITEM
        if not has_groups.any():
            return None
        groups = np.full((len(stored), self.rows.shape[1]), NO_GROUP, np.int32)
        groups[has_groups] = self.rows[stored[has_groups]]
        return groups

    def _merged(self, row: int, attributes: Sequence[Attribute]) -> list[int]:
        stored = [] if row == NO_ITEM else [self.names[group] for group in self.rows[row] if group != NO_GROUP]
        return self.rows_of(with_given(attributes, stored))


def padded(groups: Sequence[Sequence[int]]) -> Int32s | None:
    """The groups of each user as int32 [users, k], padded with NO_GROUP; None where there are no groups at all."""
    width = max(map(len, groups), default=0)
    if not width:
        return None
    rows = np.full((len(groups), width), NO_GROUP, np.int32)
    for row, of_user in zip(rows, groups, strict=True):
        row[: len(of_user)] = of_user
    return rows


def write_groups(writer: BundleWriter, names: Sequence[Attribute], users: Mapping[str, Sequence[int]]) -> None:
    """Store the groups, and the groups of each user who belongs to any, where `UserGroups.load` reads them."""
    rows = padded(list(users.values()))
    if rows is None:
        return
    write_names(writer, "users/groups/names", names)
    writer.ids("users/groups/ids", list(users))
    writer.array("users/groups/rows", rows)
