"""Actions: the kinds of events by which users take items, and how likely each of them is.

The scorer's first output says how likely an item is to be taken at all, each further one how likely that is to happen
by one action, given that the item is taken. The product of both is the probability of the action among all candidates,
taken or not (Ma et al. 2018, Entire Space Multi-Task Model, section 2.2). A dislike is no way of taking an item: its
output gives the odds of a dislike against taking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import EventType, Float32s
from shortlist_ranking.action_labels import Types, to_learn
from shortlist_ranking.calibration import offset_for
from shortlist_ranking.logistic import logistic

MOST_LOG_ODDS = 30.0
"""Of what always happens, as far as a number can say."""

OUTPUT, ITEM, USER, CONSTANT = range(4)
"""What the log odds of an action are made of: the scorer's output, the rates of the item and of the user."""

_FILE = "actions"


@dataclass(frozen=True)
class Actions:
    """The actions of a data set, and what makes their probabilities of a scorer's outputs and the rates so far."""

    types: Types
    weights: Float32s  # [actions, 4] of OUTPUT, ITEM, USER and CONSTANT
    usual: Float32s  # [actions] how likely each is as a multiple of how likely an item is to be taken, over all items

    @classmethod
    def none(cls) -> Actions:
        """Of bundles from before there were actions."""
        return cls((), np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    @classmethod
    def fit(cls, types: Types, outputs: Float32s, items: Float32s, users: Float32s, labels: Float32s) -> Actions:
        """Learn the weights from candidates that the scorer did not learn from.

        `outputs` [queries, n, actions or 0] are the scorer's, `items` [queries, n, actions] and `users`
        [queries, actions] the rates so far, and `labels` [queries, n, actions] as of `action_labels`. An action with
        few examples of a kind is as likely as its rate for the item; one that always happens does so for all items.
        """
        weights = np.zeros((len(types), 4), np.float32)
        weights[:, ITEM] = 1
        inputs, learned = _inputs(outputs, items, users), to_learn(labels)
        for a in range(len(types)):
            asked = labels[..., a] >= 0
            if learned[a]:
                weights[a] = logistic(inputs[asked][:, a].astype(np.float64), labels[..., a][asked] > 0)
            elif not (labels[..., a] == 0).any():
                weights[a] = 0, 0, 0, MOST_LOG_ODDS
        counts = [[np.count_nonzero(labels[..., a] == value) for a in range(len(types))] for value in (1, 0)]
        done, not_done = np.array(counts, np.float64).reshape(2, -1)
        disliked = np.array([action == EventType.DISLIKE for action in types], np.bool_)
        usual = done / np.maximum(np.where(disliked, not_done, done + not_done), 1)
        return cls(types, weights, usual.astype(np.float32))

    def at_level_of(self, outputs: Float32s, items: Float32s, users: Float32s, labels: Float32s) -> Actions:
        """The same for a scorer of the same kind, whose outputs may lie higher or lower."""
        weights, log_odds = self.weights.copy(), self._log_odds(outputs, items, users)
        for a in np.flatnonzero(weights[:, OUTPUT]):
            weights[a, CONSTANT] += offset_for(log_odds[..., a], labels[..., a], 1.0)
        return Actions(self.types, weights, self.usual)

    def ratios(self, outputs: Float32s, items: Float32s, users: Float32s) -> Float32s:
        """How likely each action is for candidates, as a multiple of how likely they are to be taken.

        They are float32 [batch, n, actions]; the inputs are those of `fit`.
        """
        return self._of_log_odds(self._log_odds(outputs, items, users))

    def ratios_for_strangers(self, items: Float32s) -> Float32s:
        """The same for users without history, by the rates of the items, float32 [batch, n, actions], alone."""
        weights = self.weights.copy()
        weights[weights[:, CONSTANT] < MOST_LOG_ODDS] = 0, 1, 0, 0
        return self._of_log_odds(items * weights[:, ITEM] + weights[:, CONSTANT])

    @property
    def in_words(self) -> str:
        """Which actions there are, how many of what is taken each is, and which of them the ranker tells apart."""
        if not self.types:
            return "no action is known by which items are taken"
        parts = zip(self.types, self.usual.tolist(), self.weights[:, OUTPUT].tolist(), strict=True)
        said = [f"{t.name.lower()} {usual:.1%}{'' if learned else ' (not learned)'}" for t, usual, learned in parts]
        return f"actions for each item that is taken: {', '.join(said)}"

    def _log_odds(self, outputs: Float32s, items: Float32s, users: Float32s) -> Float32s:
        inputs = _inputs(outputs, items, users)
        return np.asarray((inputs * self.weights[:, :CONSTANT]).sum(axis=-1) + self.weights[:, CONSTANT], np.float32)

    def _of_log_odds(self, log_odds: Float32s) -> Float32s:
        disliked = np.array([action == EventType.DISLIKE for action in self.types], np.bool_)
        ratios = np.where(disliked, np.exp(np.minimum(log_odds, MOST_LOG_ODDS)), expit(log_odds))
        return np.asarray(ratios, np.float32)

    def write(self, writer: BundleWriter, at: str) -> None:
        """Store the actions."""
        columns = zip(self.types, self.weights.tolist(), self.usual.tolist(), strict=True)
        stored = [{"action": action.name.lower(), "weights": w, "usual": usual} for action, w, usual in columns]
        writer.json(f"{at}/{_FILE}", stored)

    @classmethod
    def load(cls, bundle: Bundle, at: str) -> Actions:
        """The actions that `write` stored; none in bundles of before."""
        if not bundle.has(f"{at}/{_FILE}"):
            return cls.none()
        stored: Any = bundle.json(f"{at}/{_FILE}")
        types = tuple(EventType[each["action"].upper()] for each in stored)
        weights = np.array([each["weights"] for each in stored], np.float32).reshape(-1, 4)
        return cls(types, weights, np.array([each["usual"] for each in stored], np.float32))


def _inputs(outputs: Float32s, items: Float32s, users: Float32s) -> Float32s:
    """The inputs of the log odds, float32 [queries, n, actions, 3]; outputs of a scorer without are 0."""
    if not outputs.shape[-1]:
        outputs = np.zeros_like(items)
    return np.stack(np.broadcast_arrays(outputs, items, users[:, None]), axis=-1)
