"""The words of an item are those of its attributes, followed by the pieces of its text."""

from __future__ import annotations

import json

import numpy as np
import pytest

from shortlist_layers.item_words import MAX_ATTRIBUTE_TOKENS, MAX_TOKENS, ItemWords

TEXTS = ["red mug", "blue mug", "tea towel", "green mug"] * 2
ATTRIBUTES = [(("colour", colour), ("size", "5")) for colour in ("red", "blue", "red", "green")] * 2


@pytest.fixture(scope="module")
def words():
    return ItemWords.learn(TEXTS, ATTRIBUTES)


def test_attributes_come_first_and_padding_last(words):
    tokens = words.encode(TEXTS, ATTRIBUTES)
    assert tokens.shape == (8, MAX_ATTRIBUTE_TOKENS + MAX_TOKENS)
    assert (tokens[:, 0] >= words.text.size).all() and (tokens[:, 1:] < words.text.size).all()
    assert tokens[0, 0] == tokens[2, 0] != tokens[1, 0]
    assert ((tokens > 0).cumprod(axis=1) == (tokens > 0)).all()
    assert tokens.max() < words.size


def test_items_without_attributes_have_the_text_alone(words):
    with_none = words.encode(TEXTS, [()] * 8)
    assert np.array_equal(with_none[:, :MAX_TOKENS], words.text.encode(TEXTS, MAX_TOKENS))


def test_an_item_with_many_attributes_and_a_long_text_is_cut():
    many = [tuple(("tag", f"t{number}") for number in range(40))] * 3 + [()]
    words = ItemWords.learn(["mug"] * 4, many)
    tokens = words.encode(["red mug " * 90] * 4, many)
    assert (tokens[0] > 0).all()
    assert (tokens[0, :MAX_ATTRIBUTE_TOKENS] >= words.text.size).all()
    assert (tokens[0, MAX_ATTRIBUTE_TOKENS:] < words.text.size).all()


def test_free_text_among_the_attributes_is_read():
    prose = [(("story", f"{animal} in the garden"),) for animal in ("mice", "cats", "dogs", "hens")] * 1
    words = ItemWords.learn([""] * 4, prose)
    assert words.encode([""] * 4, prose).any(axis=1).all()


def test_stored_words_are_the_same_and_older_bundles_have_none_of_attributes(words):
    stored = json.loads(json.dumps(words.to_json()))
    again = ItemWords.from_json(stored)
    assert np.array_equal(again.encode(TEXTS, ATTRIBUTES), words.encode(TEXTS, ATTRIBUTES))
    before = ItemWords.from_json({"definition": stored["definition"]})
    assert before.size == words.text.size and before.encode(TEXTS, ATTRIBUTES).any()
