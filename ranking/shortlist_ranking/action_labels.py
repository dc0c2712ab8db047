"""Labels of actions: by which kinds of events items were taken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.types import Bools, EventType, Float32s, Int8s, Int64s, UInt16s

FEWEST = 20
"""Candidates that were taken by an action, and others that were not, from which on it is learned whose they are."""

POSSIBLE = tuple(action for action in EventType if action != EventType.IMPRESSION)  # what was shown is no action

Types = tuple[EventType, ...]

_DISLIKE = np.uint16(1 << EventType.DISLIKE)


def action_sets(keys: Int64s, types: Int8s) -> tuple[Int64s, UInt16s]:
    """Each different key of some events, ascending, and the set of their types: the bit 1 << type of each."""
    different, inverse = np.unique(keys, return_inverse=True)
    sets = np.zeros(len(different), np.uint16)
    np.bitwise_or.at(sets, inverse, np.left_shift(1, types.astype(np.uint16)).astype(np.uint16))
    return different, sets


def action_labels(gains: Float32s, done: UInt16s, types: Types) -> Float32s:
    """Whether items were taken by each action, float32 [..., actions]: 1 or 0; -1 where that is no question.

    `gains` [...] are above 0 where an item was taken, `done` [...] its sets of actions.
    """
    taken = gains > 0
    touched = taken | (done & _DISLIKE > 0)
    columns = [
        np.where(touched if action == EventType.DISLIKE else taken, done & np.uint16(1 << action) > 0, -1.0)
        for action in types
    ]
    return np.stack(columns, axis=-1).astype(np.float32) if columns else np.zeros((*gains.shape, 0), np.float32)


def types_among(labelled: Sequence[tuple[Float32s, UInt16s]]) -> Types:
    """The actions by which items were taken, in pairs of gains and sets of actions."""
    counts = [(action_labels(gains, done, POSSIBLE) > 0).sum(axis=(0, 1)) for gains, done in labelled]
    return tuple(action for action, count in zip(POSSIBLE, np.sum(counts, axis=0), strict=True) if count)


def to_learn(labels: Float32s) -> Bools:
    """Which actions have enough `labels` [..., actions] of both kinds to learn them, bool [actions]."""
    done, not_done = ((labels == value).sum(axis=tuple(range(labels.ndim - 1))) for value in (1, 0))
    return np.asarray((done >= FEWEST) & (not_done >= FEWEST), np.bool_)


def log_loss(logits: Float32s, labels: Float32s) -> float:
    """The mean cross-entropy of logits with the labels that are no -1, both of one shape; 0 where there are none."""
    asked = labels >= 0
    x, y = logits[asked].astype(np.float64), labels[asked]
    return float(np.mean(np.logaddexp(0, x) - y * x)) if len(x) else 0.0
