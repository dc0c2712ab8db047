"""Random operations on a store and on a dictionary beside it that is simple enough to be right."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from redis_server import RedisServer

from shortlist_core.catalog import Attribute, CatalogItem
from shortlist_core.types import Event, EventType
from shortlist_state import AppendResult, open_store
from shortlist_state.catalog import Before

USERS = ["anna", "Anna", "ben\x00", ""]
ANYBODY = st.sampled_from([*USERS, "nobody"])
EVENTS = st.builds(
    Event,
    event_id=st.integers(0, 60).map(lambda number: f"event-{number}"),
    user_id=st.sampled_from(USERS),
    item_id=st.sampled_from(["i", "j"]),
    time=st.integers(-2, 2),
    type=st.sampled_from(EventType),
    value=st.sampled_from([0.0, 1.0, -2.5]),
)
ATTRIBUTES = st.sampled_from([(), (("a", "b"),), (("a", "☃"), ("a\x00", '"'), ("", ""))])
BY = st.integers(0, 1)
ITEMS = st.builds(
    CatalogItem,
    item_id=st.sampled_from(["i", "j", "I", "ï", "i\x00", ""]),
    title=st.sampled_from(["", "t", "☃"]),
    categories=st.sampled_from([(), ("a", "b")]),
    price=st.sampled_from([None, 0.0, 2.5]),
)
BATCH = st.lists(ITEMS, max_size=4, unique_by=lambda item: item.item_id)


@dataclass
class Model:
    """What a store must hold, in the order of arrival."""

    events: dict[str, Event] = field(default_factory=dict)
    erased: dict[str, None] = field(default_factory=dict)
    log: list[Event | str] = field(default_factory=list)  # events and erased users
    attributes: dict[str, tuple[Attribute, ...]] = field(default_factory=dict)
    items: dict[str, CatalogItem | None] = field(default_factory=dict)  # None: deleted; in the order of their changes

    def of(self, user: str) -> list[Event]:
        return [event for event in self.events.values() if event.user_id == user]

    def write(self, item_id: str, item: CatalogItem | None) -> Before:
        before = Before.NOTHING if item_id not in self.items else Before.DELETED
        before = Before.ITEM if self.items.pop(item_id, None) else before
        self.items[item_id] = item
        return before

    def erase(self, user: str) -> int:
        gone = self.of(user)
        for event in gone:
            del self.events[event.event_id]
        self.erased[user] = None
        self.attributes.pop(user, None)
        self.log = [entry for entry in self.log if entry != user and getattr(entry, "user_id", None) != user] + [user]
        return len(gone)


class StoreBesideModel(RuleBasedStateMachine):
    """Two handles on one store, as two server processes have them, and the model."""

    def __init__(self, redis: RedisServer | None) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:{self.folder.name}/state.db"
        if redis is not None:
            redis.ask("FLUSHALL")
            self.url = redis.url()
        self.stores = [open_store(self.url), open_store(self.url)]
        self.model = Model()

    @rule(batch=st.lists(EVENTS, max_size=8), by=BY)
    def append(self, batch: list[Event], by: int) -> None:
        new = 0
        for event in batch:
            if self.model.events.setdefault(event.event_id, event) is event:
                self.model.log.append(event)
                new += 1
        assert self.stores[by].append(batch) == AppendResult(new, len(batch) - new)

    @rule(users=st.lists(ANYBODY, max_size=3), limit=st.integers(0, 12), by=BY)
    def read(self, users: list[str], limit: int, by: int) -> None:
        for user, live in zip(users, self.stores[by].read(users, limit), strict=True):
            events = sorted(self.model.of(user), key=lambda event: event.time)
            done = [event for event in events if event.type != EventType.IMPRESSION]
            shown = [(event.item_id, event.time) for event in events if event.type == EventType.IMPRESSION]
            assert live.events == done[max(0, len(done) - limit) :]
            assert Counter(live.impressions) == Counter(shown[max(0, len(shown) - limit) :])
            assert live.erased == (user in self.model.erased)
            assert live.attributes == self.model.attributes.get(user, ())

    @rule(written=st.dictionaries(st.sampled_from(USERS), ATTRIBUTES, max_size=3), by=BY)
    def describe(self, written: dict[str, tuple[Attribute, ...]], by: int) -> None:
        self.stores[by].describe(written)
        self.model.attributes = {user: pairs for user, pairs in {**self.model.attributes, **written}.items() if pairs}
        assert dict(self.stores[1 - by].described()) == self.model.attributes

    @rule(user=ANYBODY, by=BY)
    def summary(self, user: str, by: int) -> None:
        found, events = self.stores[by].summary(user), self.model.of(user)
        times = [event.time for event in events]
        assert found.counts == Counter(event.type for event in events)
        assert (found.first, found.last) == (min(times, default=None), max(times, default=None))
        assert found.erased == (user in self.model.erased)
        assert found.attributes == len(self.model.attributes.get(user, ()))

    @rule(user=ANYBODY, size=st.integers(1, 5), by=BY)
    def export(self, user: str, size: int, by: int) -> None:
        after, more, got = -1, True, []
        while more:
            page = self.stores[by].export(user, after, size)
            got += [entry.event for entry in page.entries]
            after, more = page.end, page.more
        assert got == self.model.of(user)

    @rule(user=ANYBODY, by=BY)
    def erase(self, user: str, by: int) -> None:
        assert self.stores[by].erase(user) == self.model.erase(user)

    @rule(size=st.integers(1, 20), by=BY)
    def log(self, size: int, by: int) -> None:
        store, after, more, got = self.stores[by], -1, True, []
        while more:
            page = store.log(after, size)
            got += page.entries
            after, more = page.end, page.more
        expected = [entry.user_id if isinstance(entry, Event) else entry for entry in self.model.log]
        assert [entry.event or entry.user for entry in got] == [
            entry if isinstance(entry, Event) else store.pseudonym(entry) for entry in self.model.log
        ]
        assert [entry.user for entry in got] == [store.pseudonym(user) for user in expected]
        assert [entry.sequence for entry in got] == sorted({entry.sequence for entry in got})
        assert after <= store.position()
        assert store.tombstones() == {store.pseudonym(user) for user in self.model.erased}

    @rule(batch=BATCH, by=BY, late=st.booleans())
    def upsert(self, batch: list[CatalogItem], by: int, late: bool) -> None:
        position = self.stores[1 - by].catalog.position()
        written = self.stores[by].catalog.upsert(batch, expected=position - 1 if late else position)
        assert (written is None) == late
        if written:
            assert written.before == [self.model.write(item.item_id, item) for item in batch]
            assert written.sequence >= position + len(batch)

    @rule(batch=BATCH, by=BY)
    def delete(self, batch: list[CatalogItem], by: int) -> None:
        written = self.stores[by].catalog.delete([item.item_id for item in batch])
        assert written.before == [self.model.write(item.item_id, None) for item in batch]

    @rule(size=st.integers(1, 4), by=BY)
    def changes(self, size: int, by: int) -> None:
        catalog, after, more, got = self.stores[by].catalog, -1, True, []
        while more:
            page = catalog.changes(after, size)
            got += page.changes
            after, more = page.end, page.more
        assert [(change.item_id, change.item) for change in got] == list(self.model.items.items())
        assert [change.sequence for change in got] == sorted({change.sequence for change in got})
        assert catalog.get([change.item_id for change in got]) == got
        assert after <= catalog.position()

    @rule(after=st.sampled_from(["", "I", "i", "k"]), size=st.integers(1, 4), by=BY)
    def items(self, after: str, size: int, by: int) -> None:
        there = sorted(id for id, item in self.model.items.items() if item and id > after)
        assert [change.item_id for change in self.stores[by].catalog.items(after, size)] == there[:size]
        assert self.stores[by].catalog.count() == sum(item is not None for item in self.model.items.values())

    @rule(skip=st.integers(0, 3), by=BY)
    def drop(self, skip: int, by: int) -> None:
        changes = self.stores[by].catalog.changes(-1, 10).changes[skip:]
        assert self.stores[by].catalog.drop(changes) == len(changes)
        for change in changes:
            del self.model.items[change.item_id]

    @rule(which=BY)
    def reopen(self, which: int) -> None:
        self.stores[which].close()
        self.stores[which] = open_store(self.url)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()


def patient() -> AbstractContextManager[object]:
    """Stores that are opened herein wait for Redis: a busy machine must not look like a store that is gone."""
    return patch("shortlist_state.redis.READ_SECONDS", 60)


def check(runs: int, steps: int, redis: RedisServer | None = None, seed: int | None = None) -> None:
    """`runs` times `steps` random operations on a store in SQLite, or in this Redis; AssertionError at a difference."""
    import hypothesis

    limits = settings(max_examples=runs, stateful_step_count=steps, deadline=None, derandomize=seed is None)
    machine = hypothesis.seed(seed)(lambda: StoreBesideModel(redis)) if seed is not None else None
    with patient(), patch("shortlist_state.redis.log"):  # a warning per opening says nothing here
        run_state_machine_as_test(machine or (lambda: StoreBesideModel(redis)), settings=limits)
