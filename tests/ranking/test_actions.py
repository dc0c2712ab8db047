"""Probabilities of actions: whose labels they learn from, what they are made of, and what a bundle keeps."""

import numpy as np
import pytest
from scipy.special import expit, logit

from shortlist_core.types import EventType, Queries
from shortlist_ranking.action_labels import FEWEST, action_labels, action_sets, log_loss, to_learn, types_among
from shortlist_ranking.action_rates import ActionRates
from shortlist_ranking.actions import Actions

VIEW, CART, PURCHASE, DISLIKE, IMPRESSION = (
    EventType[name] for name in ("VIEW", "CART", "PURCHASE", "DISLIKE", "IMPRESSION")
)
NO_OUTPUTS = np.zeros((1, 1, 0), np.float32)


def sets(rows):
    return np.array([[sum(1 << action for action in actions) for actions in row] for row in rows], np.uint16)


def test_labels_ask_of_what_was_taken_and_of_dislikes():
    gains = np.array([[1, 0.5, 0, 0, -1]], np.float32)
    done = sets([[[CART], [CART, PURCHASE], [DISLIKE], [], []]])
    labels = action_labels(gains, done, (CART, PURCHASE, DISLIKE))
    assert labels[0, :, 0].tolist() == [1, 1, -1, -1, -1]
    assert labels[0, :, 1].tolist() == [0, 1, -1, -1, -1]
    assert labels[0, :, 2].tolist() == [0, 0, 1, -1, -1]


def test_sets_hold_every_type_of_a_key():
    keys, done = action_sets(np.array([7, 3, 7, 7]), np.array([VIEW, CART, PURCHASE, VIEW], np.int8))
    assert keys.tolist() == [3, 7]
    assert done.tolist() == sets([[[CART], [VIEW, PURCHASE]]])[0].tolist()


def test_actions_are_those_that_candidates_were_taken_by():
    gains = np.array([[1, 0, 0, -1]], np.float32)
    done = sets([[[CART, IMPRESSION], [PURCHASE], [DISLIKE], [VIEW]]])
    assert types_among([(gains, done), (gains, done)]) == (CART, DISLIKE)
    assert types_among([(gains, np.zeros_like(done))]) == ()


def test_actions_with_few_examples_of_a_kind_are_as_likely_as_so_far():
    labels = np.full((FEWEST, 2, 3), -1, np.float32)
    labels[:, 0], labels[:, 1] = 1, 0
    labels[0, 0, 1], labels[1:, 1, 2] = 0, -1
    assert to_learn(labels).tolist() == [True, False, False]
    rates = np.full((FEWEST, 2, 3), 0.5, np.float32)
    actions = Actions.fit((CART, PURCHASE, VIEW), np.zeros_like(rates), rates, rates[:, 0], labels)
    assert actions.ratios(np.ones((1, 1, 3), np.float32), rates[:1, :1], rates[:1, 0])[0, 0, 1:] == pytest.approx(
        expit(0.5)
    )


@pytest.fixture(scope="module")
def learned():
    """Purchases are as likely as the outputs say at half their slope, and as the item's rate; users say nothing."""
    draw = np.random.default_rng(0)
    outputs, items, users = (
        draw.normal(0, 1.5, shape).astype(np.float32) for shape in ((3_000, 5, 1), (3_000, 5, 1), (3_000, 1))
    )
    odds = outputs / 2 + items
    labels = (draw.random(odds.shape) < expit(odds)).astype(np.float32)
    labels[:, 3:] = -1
    return outputs, items, users, labels, Actions.fit((PURCHASE,), outputs, items, users, labels)


def test_outputs_and_rates_become_probabilities(learned):
    outputs, items, users, labels, actions = learned
    assert actions.ratios(outputs, items, users) == pytest.approx(expit(outputs / 2 + items), abs=0.05)
    assert actions.usual == pytest.approx([labels[labels >= 0].mean()])
    assert actions.ratios_for_strangers(items) == pytest.approx(expit(items))


def test_data_without_actions_has_none():
    nothing = np.zeros((3, 5, 0), np.float32)
    actions = Actions.fit((), nothing, nothing, np.zeros((3, 0), np.float32), nothing)
    assert actions.types == () and actions.in_words == "no action is known by which items are taken"
    assert actions.ratios(nothing, nothing, np.zeros((3, 0), np.float32)).shape == (3, 5, 0)


def test_another_scorer_gets_the_level_of_the_same_truth(learned):
    outputs, items, users, labels, actions = learned
    moved = actions.at_level_of(outputs + 3, items, users, labels)
    found = moved.ratios(outputs + 3, items, users)
    assert found == pytest.approx(actions.ratios(outputs, items, users), abs=0.01)


def test_a_dislike_is_as_likely_as_its_odds_against_being_taken():
    rates = np.full((1, 4, 1), logit(0.75), np.float32)
    labels = np.repeat([1.0, 0.0], [3, 1]).astype(np.float32).reshape(1, -1, 1)
    actions = Actions.fit((DISLIKE,), NO_OUTPUTS, rates, rates[:, 0], labels)
    assert actions.usual == pytest.approx([3.0])
    assert actions.ratios(NO_OUTPUTS, rates, rates[:, 0]) == pytest.approx(3.0)


def test_the_only_action_is_as_likely_as_taking():
    labels, rates = np.ones((1, 50, 1), np.float32), np.zeros((1, 50, 1), np.float32)
    actions = Actions.fit((PURCHASE,), NO_OUTPUTS, rates, rates[:, 0], labels)
    assert actions.ratios(NO_OUTPUTS, rates, rates[:, 0]) == pytest.approx(1)
    assert actions.ratios_for_strangers(rates) == pytest.approx(1)


def test_log_loss_is_that_of_what_was_asked():
    assert log_loss(np.array([[[0.0], [5.0]]], np.float32), np.array([[[1], [-1]]])) == pytest.approx(np.log(2))
    assert log_loss(np.zeros((2, 3, 0), np.float32), np.zeros((2, 3, 0), np.float32)) == 0


def histories(*users):
    """Histories of events as pairs of item and type."""
    events = [event for user in users for event in user]
    items, types = np.array(events, np.int32).T
    offsets = np.cumsum([0, *map(len, users)]).astype(np.int64)
    now, times = np.full(len(users), 10, np.int64), np.arange(len(items), dtype=np.int64)
    return Queries(offsets, items, times, types.astype(np.int8), np.ones(len(items), np.float32), now)


def test_rates_are_those_of_pairs_of_user_and_item():
    viewed = [(0, VIEW)] * 9  # one pair, however often
    rates = ActionRates.fit(histories([*viewed, (1, PURCHASE)], [(0, VIEW), (1, PURCHASE)], [(1, DISLIKE)]), 3)
    assert rates.types == (VIEW, PURCHASE, DISLIKE)
    share = expit(rates.of_items[:])
    assert share[0, 0] > share[2, 0] > share[1, 0] > 0, "drawn towards the usual rate, which an item without takers has"
    assert share[1, 1] > share[0, 1]
    assert share[1, 2] > share[0, 2], "one of three who touched it dislikes it"
    some = np.array([[1, -1, 0]], np.int32)
    assert rates.of_candidates(some, (PURCHASE, CART))[0, 0].tolist() == [rates.of_items[1, 1], 0]


def test_rates_of_users_are_drawn_towards_those_of_all():
    known = histories([(0, VIEW), (1, PURCHASE)], [(2, PURCHASE), (1, PURCHASE)], [(0, VIEW)])
    rates = ActionRates.fit(known, 3)
    of_users = rates.of_users(known, (PURCHASE,))[:, 0]
    assert of_users[1] > of_users[0] > of_users[2]


def test_one_action_alone_has_no_rates():
    rates = ActionRates.fit(histories([(0, VIEW), (1, VIEW)]), 2)
    assert rates.types == ()
    assert rates.of_candidates(np.array([[0, 1]], np.int32), (VIEW,)).tolist() == [[[0], [0]]]
