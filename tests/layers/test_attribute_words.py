"""Attributes become words where several items share them, and where numbers lie close together."""

from __future__ import annotations

import json

import pytest

from shortlist_core.attribute_values import split
from shortlist_layers.attribute_words import AttributeWords, number_of

COLOURS = [(("colour", colour),) for colour in ("red", "red", "blue", "blue", "blue", "mauve")]
WEIGHTS = [(("weight", f"{weight / 7:.3f}"),) for weight in range(160)]


def test_a_value_that_items_share_is_a_word_and_the_frequent_ones_come_first():
    words = AttributeWords.learn(COLOURS)
    assert words.values == (("colour", "blue"), ("colour", "red"))
    assert words.of([("colour", "red")]) == [1]


@pytest.mark.parametrize("unknown", [[], [("colour", "mauve")], [("size", "red")], [("", "")], [("colour", "Red")]])
def test_what_is_unknown_or_missing_says_nothing(unknown):
    assert AttributeWords.learn(COLOURS).of(unknown) == []


def test_what_all_items_have_says_nothing():
    assert AttributeWords.learn([(("shop", "ours"),)] * 9).size == 0


def test_lists_are_as_good_as_repeated_keys():
    tags = [(("tag", "new"), ("tag", "linen")), (("tag", "linen|new"),), (("tag", "new\nlinen"),), (("tag", "wool"),)]
    words = AttributeWords.learn(tags)
    assert {tuple(sorted(words.of(of_item))) for of_item in tags[:3]} == {(0, 1)}
    assert split([("tag", " a | |b")]) == [("tag", "a"), ("tag", "b")]


def test_close_numbers_share_a_range_and_distant_ones_do_not():
    words = AttributeWords.learn(WEIGHTS)

    def shared(one, other):
        return set(words.of([("weight", str(one))])) & set(words.of([("weight", str(other))]))

    assert len(words.of([("weight", "5")])) == 2
    assert all(shared(weight, weight + 0.5) for weight in range(23))
    assert not any(shared(weight, weight + 6) for weight in range(17))
    assert shared(-1e9, 0.1) and shared(1e9, 22.7), "beyond the ends lie the last ranges"


def test_every_range_is_a_word_of_its_own():
    words = AttributeWords.learn([*WEIGHTS, *COLOURS])
    found = {word for of_item in [*WEIGHTS, *COLOURS] for word in words.of(of_item)}
    assert found == set(range(words.size))


@pytest.mark.parametrize("heap", [[5.0] * 90 + [1, 2, 3, 4, 6], [0, 1, 2, 3, 4] * 9])
def test_numbers_that_heap_up_have_fewer_ranges(heap):
    words = AttributeWords.learn([(("n", str(number)),) for number in heap])
    assert max(word for number in heap for word in words.of([("n", str(number))])) < words.size


def test_times_are_numbers():
    words = AttributeWords.learn([(("since", f"20{year:02d}-03-01"),) for year in range(20)])
    assert words.bounds and set(words.bounds) == {"since"}
    assert words.of([("since", "2005-03-01T08:00:00Z")]) == words.of([("since", "2005-03-01")])


@pytest.mark.parametrize(
    ("value", "number"), [("12.5", 12.5), ("-3e2", -300), ("1970-01-03", 2), ("nan", None), ("inf", None), ("x", None)]
)
def test_what_a_number_is(value, number):
    assert number_of(value) == number


def test_numbers_that_name_something_are_values_too():
    words = AttributeWords.learn([(("brand", str(brand)),) for brand in list(range(10)) * 3])
    assert len(words.values) == 10


def test_free_text_is_no_word_but_read_as_text():
    stories = [(("story", f"a tale of {number} mice"), ("colour", "red")) for number in range(9)]
    words = AttributeWords.learn([*stories, *COLOURS])
    assert words.prose == ("story",)
    assert words.text(stories[3]) == "a tale of 3 mice"
    assert all(key == "colour" for key, _ in words.values)


def test_codes_that_no_two_items_share_are_passed_over():
    words = AttributeWords.learn([(("sku", f"A-{number}"),) for number in range(50)])
    assert words.size == 0 and not words.prose


def test_stored_words_are_the_same():
    words = AttributeWords.learn([*WEIGHTS, *COLOURS, *[(("story", f"{n} grey mice"),) for n in range(4)]])
    assert AttributeWords.from_json(json.loads(json.dumps(words.to_json()))) == words


def test_without_attributes_there_are_no_words():
    words = AttributeWords.learn([(), ()])
    assert (words.size, words.of([("colour", "red")]), words.text([("story", "x y")])) == (0, [], "")
    assert AttributeWords() == AttributeWords.from_json(AttributeWords().to_json())
