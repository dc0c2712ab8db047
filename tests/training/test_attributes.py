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
from shortlist_server.pipeline.query import Query
from shortlist_training.assess import with_new_users
from shortlist_training.config import Recipe
from shortlist_training.offline import serving_offline
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
    recipe = Recipe(slices=2, queries_per_slice=200, candidates=50, tower_steps=10, sequence_batches=0, ranker_epochs=2)
    folder = tmp_path_factory.mktemp("bundles")
    publish(train(prepare(dataset, int(CUT.timestamp()) * 1_000_000), recipe, 1, lambda _: None), folder, 1)
    return BundleStore(folder).load()


@pytest.fixture(scope="module")
def system(bundle):
    with serving_offline(bundle) as recommender:
        yield recommender


def share_of_half(system, items, half):
    """How many of the first ten are of one half of the catalogue, per user."""
    names = [system.bundle.items.ids.take(rows[:10]) for rows in items]
    return np.array([np.mean([(int(name[1:]) >= ITEMS // 2) == half for name in own]) for own in names])


def of_country(country):
    return Query(attributes=(("country", country),))


def test_users_without_history_get_what_their_country_takes(system):
    assert system.bundle.retriever.sources[-1] == "demographic"
    of_france, of_spain = share_of_half(system, system.recommend([of_country(each) for each in COUNTRIES]).items, True)
    assert of_france < 0.5 < of_spain


def test_attributes_in_the_bundle_of_a_user_without_events_count(system):
    assert "u159" not in system.bundle.histories.ids, "came after the cut"
    stored, sent = system.recommend([Query(user_id="u159"), of_country("Spain")]).items
    assert np.array_equal(stored, sent)


def test_reasons_name_the_group(system):
    bundle = system.bundle
    spain = replace(bundle.histories.queries([""]), groups=bundle.groups.of([""], [[("country", "Spain")]]))
    told = bundle.retriever.reasons(spain, bundle.retriever.retrieve(spain, 20))
    groups = set(told.groups[told.speakers == told.sources.index("demographic")].tolist())
    assert [bundle.groups.names[group] for group in groups] == [("country", "Spain")]


def test_new_users_are_measured_with_and_without_attributes(bundle, dataset):
    heldout = Heldout.of(dataset, int(CUT.timestamp()) * 1_000_000)
    new = NewUsers.of(dataset, heldout.train)
    with serving_offline(bundle, dataset.until(heldout.train.now).interactions) as recommender:
        unknown, begun = with_new_users(recommender, new)
    found = new.to_json(unknown, begun)
    quality = {name: of["all"]["ndcg@10"] for name, of in found["systems"].items()}
    assert quality["Shortlist: attributes"] > 1.2 * quality["Shortlist: nothing known"]
    assert found["after_first_event"]["Shortlist: attributes and first event"]["all"]["users"] > 0


def test_a_ranker_that_did_not_know_attributes_is_not_gone_on_from(bundle, dataset):
    table = prepare(dataset, None)
    assert warm_start(bundle, replace(table, histories=replace(table.histories, groups=None))) is None
