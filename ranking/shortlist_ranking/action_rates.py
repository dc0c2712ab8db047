"""Rates of actions: by which actions each item was taken so far, and by which each user took items."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from scipy.special import expit, logit

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Bools, EventType, Float32s, Float64s, Int32s, Int64s, Queries
from shortlist_kernels.halves import HalfVectors, restored, shrunk
from shortlist_ranking.action_labels import POSSIBLE, Types, action_labels, action_sets

SMOOTHED = 5.0
"""Takers by which a rate is drawn towards that of all items."""

_NAME = "ranking/action_rates"


@dataclass(frozen=True)
class ActionRates:
    """The log odds of each action, given that an item is taken. Those of a dislike are its odds against taking."""

    types: Types  # the actions that are known; none where there are not two between which to tell
    usual: Float32s  # [actions] over all items
    of_items: Float32s | HalfVectors  # [items, actions]

    @classmethod
    def fit(cls, histories: Queries, n_items: int) -> ActionRates:
        """Count by which actions users took each item."""
        _, items, labels = _pairs(histories, n_items, POSSIBLE)
        known: Bools = np.asarray((labels > 0).any(axis=0))
        known &= np.count_nonzero(known) > 1
        types, labels = tuple(compress(POSSIBLE, known)), labels[:, known]
        usual = _rates(labels, np.zeros(len(labels), np.int64), 1, np.full(len(types), 0.5))[0]
        return cls(types, _log_odds(usual), _log_odds(_rates(labels, items, n_items, usual)))

    def of_candidates(self, items: Int32s, types: Types) -> Float32s:
        """The log odds of the actions `types` for items [batch, n], float32 [batch, n, actions]."""
        return self._columns(self.of_items[np.maximum(items, 0)], types)

    def of_users(self, queries: Queries, types: Types) -> Float32s:
        """The same for whatever the users of queries take, by what they took before, float32 [batch, actions]."""
        rows, _, labels = _pairs(queries, int(queries.items.max(initial=0)) + 1, self.types)
        usual = expit(self.usual.astype(np.float64))
        return self._columns(_log_odds(_rates(labels, rows, len(queries), usual)), types)

    def _columns(self, rates: Float32s, types: Types) -> Float32s:
        """Of the rates [..., known actions] those of `types`; 0 where one is not known."""
        at = [self.types.index(action) if action in self.types else len(self.types) for action in types]
        return np.concatenate([rates, np.zeros((*rates.shape[:-1], 1), np.float32)], axis=-1)[..., at]

    def write(self, writer: BundleWriter) -> None:
        """Store the rates."""
        writer.array(_NAME, shrunk(self.of_items))
        writer.json(_NAME, {"actions": [action.name.lower() for action in self.types], "usual": self.usual.tolist()})

    @classmethod
    def load(cls, bundle: Bundle, room: int | None, n_items: int) -> ActionRates:
        """The rates that `write` stored, with the usual ones for `room` new items; none of bundles of before."""
        if not bundle.has(_NAME):
            return cls((), np.zeros(0, np.float32), np.zeros((n_items, 0), np.float32))
        stored: Any = bundle.json(_NAME)
        types, usual = tuple(EventType[name.upper()] for name in stored["actions"]), np.array(stored["usual"], "f4")
        of_items = bundle.array(_NAME, room)
        if room:
            of_items[len(of_items) - room :] = usual
        return cls(types, usual, restored(of_items))


def _pairs(queries: Queries, n_items: int, types: Types) -> tuple[Int64s, Int32s, Float32s]:
    """Each pair of a user and an item that was taken or disliked: the row of the user, the item, and its labels."""
    of_events = queries.rows() * n_items + queries.items
    keys, done = action_sets(of_events, queries.types)
    labels = action_labels(np.isin(keys, of_events[queries.weights > 0]).astype(np.float32), done, types)
    return keys // n_items, (keys % n_items).astype(np.int32), labels


def _rates(labels: Float32s, rows: Int64s | Int32s, count: int, usual: Float64s | Float32s) -> Float64s:
    """Of the labels [pairs, actions] that are no -1 the share of those that are 1, by `rows` [pairs]: [count, actions].

    It is drawn towards `usual` [actions].
    """

    def counted(which: Bools) -> Float64s:
        columns = [np.bincount(rows[which[:, a]], minlength=count) for a in range(labels.shape[1])]
        return np.stack(columns, axis=1).astype(np.float64) if columns else np.zeros((count, 0))

    return (counted(labels > 0) + SMOOTHED * usual) / (counted(labels >= 0) + SMOOTHED)


def _log_odds(rates: Float64s) -> Float32s:
    return np.asarray(logit(np.clip(rates, 1e-6, 1 - 1e-6)), np.float32)
