"""Ablations: which inputs there are by name, and what a ranker without one is trained on."""

from __future__ import annotations

import numpy as np
import pytest

from shortlist_core.errors import DataError
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.features.matrix import feature_names
from shortlist_ranking.scorer import ScorerConfig
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.text import Text
from shortlist_retrieval.sources.transitions import Transitions
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_training.ablation_names import Input, in_words, inputs_named
from shortlist_training.ablations import Ablation, ablations

NAMES = {"two_tower": TwoTower, "transitions": Transitions, "text": Text, "popular": Popularity}


def source(name: str, kind: type[Source]) -> Source:
    made: Source = object.__new__(kind)
    object.__setattr__(made, "name", name)
    return made


SOURCES = [source(name, kind) for name, kind in NAMES.items()]


def features(attributes: bool, vectors: bool, prices: bool) -> ItemFeatures:
    return ItemFeatures.build(
        ["red mug"] * 4,
        np.arange(5, dtype=np.int64),
        np.zeros(4, np.int32),
        1,
        np.array([1, 2, 3, 4] if prices else [np.nan] * 4, np.float32),
        np.ones(4, np.bool_),
        [[("brand", "Acme" if row < 2 else "Bolt")] for row in range(4)] if attributes else None,
        [[1.0, row, 0.0] for row in range(4)] if vectors else None,
    )


def made(inputs: tuple[Input, ...], items: ItemFeatures) -> tuple[dict[Input, Ablation], list[str]]:
    said: list[str] = []
    columns = len(feature_names(tuple(NAMES)))
    config = ScorerConfig(len(items), items.words.size, 1, columns, vector_dim=items.vectors.dim)
    return {each.without: each for each in ablations(inputs, config, items, SOURCES, said.append)}, said


def test_names_are_read_in_any_order_and_all_means_all() -> None:
    assert inputs_named("order, Text,order") == (Input.TEXT, Input.ORDER)
    assert inputs_named("all") == tuple(Input)


def test_every_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(DataError) as caught:
        inputs_named("ordr,price,sound")
    message = str(caught.value)
    assert "'ordr'; did you mean 'order'?" in message and "'sound'" in message and "'price'" not in message
    assert all(each in message for each in Input)


def test_reports_tell_inputs_in_words_also_those_of_older_bundles() -> None:
    assert [in_words(name) for name in ("text", "history", "LSTM")] == ["text", "history (LSTM)", "LSTM"]


@pytest.mark.parametrize(
    ("without", "dropped"),
    [
        (Input.ORDER, {"transitions:level", "transitions:place"}),
        (Input.TEXT, {"text:level", "text:place"}),
        (Input.POPULARITY, {"popular:level", "popular:place"}),
        (Input.PRICE, {"price", "price_known", "price_distance"}),
        (Input.AGE, {"age", "since_last_taken"}),
        (Input.HISTORY, set()),
    ],
)
def test_features_of_an_input_are_dropped_and_no_others(without: Input, dropped: set[str]) -> None:
    found, said = made((without,), features(True, True, True))
    columns = feature_names(tuple(NAMES))
    assert {columns[i] for i in np.flatnonzero(found[without].dropped)} == dropped
    assert not said


def test_models_read_nothing_of_an_input_that_is_left_out() -> None:
    items = features(True, True, True)
    found, _ = made(tuple(Input), items)
    assert not found[Input.VECTORS].items.vectors.values.any() and items.vectors.values.any()
    assert not found[Input.PRICE].items.prices.any()
    assert not found[Input.CATEGORIES].items.categories.any()
    assert not found[Input.TEXT].config.use_text and not found[Input.HISTORY].config.use_lstm
    left = found[Input.ATTRIBUTES].items.tokens
    plain = features(False, False, False).tokens
    assert np.array_equal(left[:, : plain.shape[1]], plain) and not left[:, plain.shape[1] :].any()


def test_an_input_that_there_is_nothing_of_is_skipped_with_a_line() -> None:
    found, said = made(tuple(Input), features(False, False, False))
    absent = {Input.ATTRIBUTES, Input.VECTORS, Input.PICTURES, Input.PRICE}
    absent |= {Input.TIME, Input.CONTEXT, Input.GROUPS}
    assert set(found) == set(Input) - absent
    assert len(said) == len(absent) and any("the time of day" in line for line in said)
