"""Groups as a bundle keeps them: who is in which, and what a request brings in place of that."""

import numpy as np
import pytest

from shortlist_bundle.groups import UserGroups, padded, write_groups
from shortlist_core.types import NO_GROUP

NAMES = [("country", "UK"), ("country", "France"), ("interest", "tea"), ("interest", "mugs")]
USERS = {"ann": [0, 2, 3], "bob": [1]}


@pytest.fixture
def groups(stored):
    return UserGroups.load(stored(lambda writer: write_groups(writer, NAMES, USERS)))


def sets(rows):
    return [set(own.tolist()) - {NO_GROUP} for own in rows]


def test_users_are_found_in_the_groups_that_were_stored(groups):
    assert groups.names == tuple(NAMES)
    assert sets(groups.of(["bob", "stranger", "ann", ""])) == [{1}, set(), {0, 2, 3}, set()]
    assert sets(groups.of(["ann", "bob"])) == [{0, 2, 3}, {1}]


def test_padding_stands_at_the_end(groups):
    assert groups.of(["bob", "ann"]).tolist() == [[1, NO_GROUP, NO_GROUP], [0, 2, 3]]
    assert padded([[], [5, 6]]).tolist() == [[NO_GROUP, NO_GROUP], [5, 6]]
    assert padded([[5]]).dtype == np.int32


def test_what_a_request_brings_stands_in_for_the_same_key_alone(groups):
    brought = [[("country", "France")], [("interest", "tea"), ("interest", "mugs"), ("interest", "tea")]]
    assert sets(groups.of(["ann", "bob"], brought)) == [{1, 2, 3}, {1, 2, 3}]
    assert groups.of(["bob"], [brought[1]]).tolist() == [[2, 3, 1]], "each group once"


def test_unknown_values_are_passed_over_and_still_stand_in_for_the_stored_one(groups):
    assert sets(groups.of(["ann", "stranger"], [[("country", "Atlantis")], [("shoe size", "42")]])) == [{2, 3}, set()]


def test_nobody_in_any_group_is_none(groups):
    assert groups.of(["stranger", ""]) is None
    assert groups.of(["stranger"], [[("country", "Atlantis")]]) is None
    assert groups.of([]) is None
    assert padded([[], []]) is None


def test_a_bundle_without_attributes_has_no_files_for_them(stored):
    def write(writer):
        write_groups(writer, [], {})
        writer.json("something", {})

    bundle = stored(write)
    assert UserGroups.load(bundle) is None
    assert not [name for name in bundle.manifest.files if name.startswith("users/groups")]
