"""What callers write of users besides events, in every store."""

from __future__ import annotations

import pytest

from shortlist_core.errors import InvalidArgumentError
from shortlist_core.types import Event
from shortlist_state import StateStore, open_store

FRENCH, GERMAN = (("country", "France"), ("plan", "free")), (("country", "Deutschland"),)


def test_what_is_written_is_read_beside_the_events(store: StateStore) -> None:
    store.append([Event("e", "anna", "i", 1)])
    store.describe({"anna": FRENCH, "利用者-五": GERMAN})
    anna, other, nobody = store.read(["anna", "利用者-五", "nobody"], 5)
    assert (len(anna.events), anna.attributes) == (1, FRENCH)
    assert (other.events, other.attributes) == ([], GERMAN)
    assert nobody.attributes == ()
    assert (store.summary("anna").attributes, store.summary("nobody").attributes) == (2, 0)
    assert dict(store.described()) == {"anna": FRENCH, "利用者-五": GERMAN}


def test_what_was_written_before_is_replaced_and_nothing_takes_it_back(store: StateStore) -> None:
    store.describe({"anna": FRENCH, "ben": FRENCH})
    store.describe({"anna": GERMAN, "ben": ()})
    store.describe({})
    assert [user.attributes for user in store.read(["anna", "ben"], 0)] == [GERMAN, ()]
    assert dict(store.described()) == {"anna": GERMAN}


def test_a_batch_with_a_broken_text_is_refused_as_a_whole(store: StateStore) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        store.describe({"anna": FRENCH, "ben": (("country", "\ud800"),), "\ud800": GERMAN})
    assert [violation.field for violation in refused.value.violations] == ["users[1]", "users[2]"]
    assert dict(store.described()) == {}
    assert store.read(["\ud800"], 1)[0].attributes == ()


def test_all_users_are_told_however_many_there_are(store: StateStore) -> None:
    everybody = {f"user-{number}": (("number", str(number)),) for number in range(2_500)}
    store.describe(everybody)
    assert dict(store.described()) == everybody


def test_an_erased_user_has_none_until_somebody_writes_them_again(store: StateStore) -> None:
    store.describe({"anna": FRENCH, "ben": FRENCH})
    store.erase("anna")
    assert [user.attributes for user in store.read(["anna", "ben"], 0)] == [(), FRENCH]
    store.describe({"anna": GERMAN})
    [anna] = store.read(["anna"], 0)
    assert (anna.erased, anna.attributes) == (True, GERMAN)


def test_what_is_written_survives_a_restart_and_other_processes_see_it(url: str) -> None:
    first, second = open_store(url), open_store(url)
    first.describe({"anna": FRENCH})
    assert second.read(["anna"], 0)[0].attributes == FRENCH
    first.close()
    second.close()
    again = open_store(url)
    assert again.read(["anna"], 0)[0].attributes == FRENCH
    again.close()
