"""Users' attributes from the table of users to an answer: two countries that want different things."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_data.dataset import Dataset
from shortlist_evaluation.new_users import NewUsers
from shortlist_evaluation.protocol import Heldout
from shortlist_training.assess import with_new_users
from shortlist_training.config import Recipe
from shortlist_training.offline import Recommender
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare
from shortlist_training.warm import warm_start

ITEMS, USERS, EVENTS = 60, 160, 12
COUNTRIES = ("France", "Spain")
CUT = datetime(2024, 8, 1, tzinfo=UTC)


def made_dataset() -> Dataset:
    """Users come one after another for 300 days; nine tenths of what they take is of their country's half."""
    generator = np.random.default_rng(0)
    rows = []
    for user in range(USERS):
        start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=user * 270 / USERS)
        for _ in range(EVENTS):
            home = generator.random() < 0.9
            item = int(generator.integers(ITEMS // 2)) + (user % 2 == home) * ITEMS // 2
            rows.append((f"u{user:03}", f"i{item:02}", start + timedelta(days=float(generator.random()) * 30)))
    events = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    attributes = [[{"key": "country", "value": COUNTRIES[user % 2]}] for user in range(USERS)]
    users = pl.DataFrame({"user_id": [f"u{user:03}" for user in range(USERS)], "attributes": attributes})
    items = pl.DataFrame({"item_id": [f"i{i:02}" for i in range(ITEMS)], "title": [f"Thing {i}" for i in range(ITEMS)]})
    return Dataset.of(events, items, users)


@pytest.fixture(scope="module")
def dataset():
    return made_dataset()


@pytest.fixture(scope="module")
def bundle(dataset, tmp_path_factory, system_test):
    recipe = Recipe(slices=2, queries_per_slice=200, candidates=50, tower_steps=10, ranker_epochs=2)
    folder = tmp_path_factory.mktemp("bundles")
    publish(train(prepare(dataset, int(CUT.timestamp()) * 1_000_000), recipe, 1, lambda _: None), folder, 1)
    return BundleStore(folder).load()


@pytest.fixture(scope="module")
def system(bundle):
    return Recommender.load(bundle)


def share_of_half(system, items, half):
    """How many of the first ten are of one half of the catalogue, per user."""
    names = [system.items.ids.take(own[:10]) for own in items]
    return np.array([np.mean([(int(name[1:]) >= ITEMS // 2) == half for name in own]) for own in names])


def test_strangers_get_what_their_country_takes(system):
    assert system.retriever.sources[-1] == "demographic"
    strangers = system.histories.queries(["", ""])
    known = system.grouped(strangers, ["", ""], [[("country", each)] for each in COUNTRIES])
    of_france, of_spain = share_of_half(system, system.recommend(known, 20).items, True)
    assert of_france < 0.5 < of_spain


def test_what_the_bundle_knows_of_a_user_without_events_counts(system):
    assert "u159" not in system.histories.ids, "came after the cut"
    stored = system.grouped(system.histories.queries(["u159"]), ["u159"])
    sent = system.grouped(system.histories.queries([""]), [""], [[("country", "Spain")]])
    assert np.array_equal(system.recommend(stored, 20).items, system.recommend(sent, 20).items)


def test_reasons_name_the_group(system):
    known = system.grouped(system.histories.queries([""]), [""], [[("country", "Spain")]])
    told = system.retriever.reasons(known, system.retriever.retrieve(known, 20))
    groups = set(told.groups[told.speakers == told.sources.index("demographic")].tolist())
    assert [system.groups.names[group] for group in groups] == [("country", "Spain")]


def test_new_users_are_measured_with_and_without_attributes(bundle, dataset):
    heldout = Heldout.of(dataset, int(CUT.timestamp()) * 1_000_000)
    new = NewUsers.of(dataset, heldout.train)
    unknown, begun = with_new_users(bundle, new, dataset.until(heldout.train.now).interactions)
    found = new.to_json(unknown, begun)
    quality = {name: of["all"]["ndcg@10"] for name, of in found["systems"].items()}
    assert quality["Shortlist: attributes"] > 1.2 * quality["Shortlist: nothing known"]
    assert found["after_first_event"]["Shortlist: attributes and first event"]["all"]["users"] > 0


def test_a_ranker_that_did_not_know_attributes_is_not_gone_on_from(bundle, dataset):
    table = prepare(dataset, None)
    assert warm_start(bundle, replace(table, histories=replace(table.histories, groups=None))) is None
