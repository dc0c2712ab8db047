"""Random operations, restarts in between, against a dictionary that is simple enough to be right."""

import tempfile

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from core.types import Event, EventType
from state import AppendResult, open_store

USERS = ["anna", "Anna", "ben\x00", ""]
EVENTS = st.builds(
    Event,
    event_id=st.integers(0, 60).map(lambda number: f"event-{number}"),
    user_id=st.sampled_from(USERS),
    item_id=st.sampled_from(["i", "j"]),
    time=st.integers(-2, 2),
    type=st.sampled_from(EventType),
    value=st.sampled_from([0.0, 1.0, -2.5]),
)


class StoreBesideModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:{self.folder.name}/state.db"
        self.stores = [open_store(self.url), open_store(self.url)]  # two, as two server processes have them
        self.model: dict[str, Event] = {}  # in the order of arrival

    @rule(batch=st.lists(EVENTS, max_size=8), by=st.integers(0, 1))
    def append(self, batch: list[Event], by: int) -> None:
        before = len(self.model)
        for event in batch:
            self.model.setdefault(event.event_id, event)
        accepted = len(self.model) - before
        assert self.stores[by].append(batch) == AppendResult(accepted, len(batch) - accepted)

    @rule(user=st.sampled_from([*USERS, "nobody"]), limit=st.integers(0, 12), by=st.integers(0, 1))
    def history(self, user: str, limit: int, by: int) -> None:
        events = sorted((event for event in self.model.values() if event.user_id == user), key=lambda event: event.time)
        assert self.stores[by].history(user, limit) == events[max(0, len(events) - limit) :]

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        self.stores[which].close()
        self.stores[which] = open_store(self.url)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()


@pytest.mark.parametrize(
    ("runs", "steps"), [(25, 40), pytest.param(1000, 200, marks=pytest.mark.slow, id="200,000 operations")]
)
def test_the_store_does_what_the_model_does(runs: int, steps: int) -> None:
    run_state_machine_as_test(
        StoreBesideModel,
        settings=settings(max_examples=runs, stateful_step_count=steps, deadline=None, derandomize=True),
    )
