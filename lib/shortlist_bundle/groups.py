"""Users by what is known of them besides events: a group is everybody with one value of one attribute.

Only values that enough users have are groups, so that what a group takes says something, and says it of nobody alone.
A bundle of data without user attributes has no such files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.strings import Ids
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import NO_GROUP, NO_ITEM, Int32s

Attribute = tuple[str, str]
"""Key and value, such as country and France."""


@dataclass(frozen=True)
class UserGroups:
    """The groups of a bundle, and which users it knows to belong to them, with events or without."""

    names: tuple[Attribute, ...]  # row g of everything is the same group
    ids: Ids  # of the users who belong to one at least
    rows: Int32s  # [users, k] the groups of each, NO_GROUP pads the end

    @classmethod
    def load(cls, bundle: Bundle) -> UserGroups | None:
        """The groups that `write_groups` stored, None where there were none."""
        if not bundle.has("users/groups/names"):
            return None
        names = tuple((str(key), str(value)) for key, value in bundle.json("users/groups/names"))
        return cls(names, bundle.ids("users/groups/ids"), bundle.array("users/groups/rows"))

    @cached_property
    def _rows(self) -> dict[Attribute, int]:
        return {name: row for row, name in enumerate(self.names)}

    def of(self, user_ids: Sequence[str], attributes: Sequence[Sequence[Attribute]] = ()) -> Int32s | None:
        """The groups of each user, int32 [users, k] padded with NO_GROUP; None where nobody belongs to any.

        `attributes`, if given those of every user, stand in for all that the bundle has of the user under the same
        keys. Values that are no groups are passed over, as is an empty user id.
        """
        stored = self.ids.rows(user_ids)
        if any(attributes):
            return padded([self._merged(row, own) for row, own in zip(stored.tolist(), attributes, strict=True)])
        known = stored != NO_ITEM
        if not known.any():
            return None
        groups = np.full((len(stored), self.rows.shape[1]), NO_GROUP, np.int32)
        groups[known] = self.rows[stored[known]]
        return groups

    def _merged(self, row: int, attributes: Sequence[Attribute]) -> list[int]:
        brought = dict.fromkeys(self._rows[each] for each in attributes if each in self._rows)
        if row == NO_ITEM:
            return list(brought)
        keys = {key for key, _ in attributes}
        kept = (group for group in self.rows[row].tolist() if group != NO_GROUP and self.names[group][0] not in keys)
        return [*brought, *kept]


def padded(groups: Sequence[Sequence[int]]) -> Int32s | None:
    """The groups of each user as int32 [users, k], NO_GROUP at the ends; None where there are none at all."""
    width = max(map(len, groups), default=0)
    if not width:
        return None
    rows = np.full((len(groups), width), NO_GROUP, np.int32)
    for row, own in zip(rows, groups, strict=True):
        row[: len(own)] = own
    return rows


def write_groups(writer: BundleWriter, names: Sequence[Attribute], users: Mapping[str, Sequence[int]]) -> None:
    """Store the groups, and those of each user who belongs to one at least, where `UserGroups.load` finds them."""
    rows = padded(list(users.values()))
    if rows is None:
        return
    writer.json("users/groups/names", [list(name) for name in names])
    writer.ids("users/groups/ids", list(users))
    writer.array("users/groups/rows", rows)
