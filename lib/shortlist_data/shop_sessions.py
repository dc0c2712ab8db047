"""Sessions of the synthetic shop: exact draws from the truth's softmax, at any catalogue size.

Items of one category and style form a cell: they share the part of their vector that follows from the text. A draw
takes two steps: first a cell by its total weight, then an item in it by popularity. The item's own part (hidden
factors, launch and novelty) decides by rejection sampling whether the draw is accepted. So the cost of a draw depends
on the number of cells, not of items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shortlist_core.types import DAY, SECOND, Bools, Float32s, Float64s, Int64s
from shortlist_data.truth import NOVELTY, PARTNER_SHARE, Truth

_LOOKS_PER_SESSION = 3.2
_STAYS_IN_CATEGORY = 0.5
_CART, _BUY = 0.35, 0.6
_TAKES_PARTNER = float(PARTNER_SHARE) / (_CART * _BUY)
_EVENTS_PER_LOOK = (1 + _CART + _CART * _BUY) + 3 * float(PARTNER_SHARE)
_CHUNK = 1 << 14


@dataclass(frozen=True, eq=False)
class Looks:
    """Single looks at items, all arrays [looks]."""

    session: Int64s
    user: Int64s  # row in the truth
    item: Int64s  # row in the truth
    time: Int64s  # microseconds
    cart: Bools
    bought: Bools


def draw_looks(rng: np.random.Generator, truth: Truth, told: int, cell: Int64s, events_per_user: float) -> Looks:
    """All looks of the truth's period. `cell` [items] says which items share their first `told` factors.

    The first look of a session is drawn from the truth's softmax. Half of the later looks are drawn from the same
    softmax within the category of the first, which leaves their distribution unchanged. A purchase may be followed by
    one of the item's partner.
    """
    user, start = _sessions(rng, truth, events_per_user)
    count = 1 + rng.poisson(_LOOKS_PER_SESSION - 1, len(user))
    session = np.repeat(np.arange(len(user)), count)
    place = np.arange(len(session)) - np.repeat(np.cumsum(count) - count, count)
    time = start[session] + place * 90 * SECOND + rng.integers(0, 60 * SECOND, len(session))
    first = place == 0
    draw = _Draw(truth, told, cell)
    item = np.empty(len(session), np.int64)
    item[first] = draw(rng, user[session[first]], time[first])
    stays = rng.random(len(session)) < _STAYS_IN_CATEGORY
    only = np.where(stays, truth.category[item[first]][session], -1)[~first]
    item[~first] = draw(rng, user[session[~first]], time[~first], only)
    cart = rng.random(len(session)) < _CART
    bought = cart & (rng.random(len(session)) < _BUY)
    return _with_partners(rng, truth, Looks(session, user[session], item, time, cart, bought))


def _sessions(rng: np.random.Generator, truth: Truth, events_per_user: float) -> tuple[Int64s, Int64s]:
    """The user and the start (microseconds) of each session, in the order of time."""
    users = len(truth.user_ids)
    start, end = (int(moment) for moment in truth.period)
    mean = events_per_user / (_EVENTS_PER_LOOK * _LOOKS_PER_SESSION)
    activity = rng.lognormal(-0.32, 0.8, users)  # mean 1
    count = np.maximum(1, rng.poisson(mean * activity))
    joined = np.where(rng.random(users) < 0.6, 0.0, rng.uniform(0, 0.8, users))
    user = np.repeat(np.arange(users), count)
    at = joined[user] + (1 - joined[user]) * rng.random(len(user))
    time = start + (at * (end - start - DAY)).astype(np.int64)
    order = np.argsort(time, kind="stable")
    return user[order], time[order]


def _with_partners(rng: np.random.Generator, truth: Truth, looks: Looks) -> Looks:
    partner = truth.partner[looks.item].astype(np.int64)
    available = (partner != looks.item) & (truth.launch[partner] <= looks.time)
    taken = np.flatnonzero(looks.bought & available & (rng.random(len(partner)) < _TAKES_PARTNER))
    yes = np.ones(len(taken), np.bool_)
    return Looks(
        np.concatenate([looks.session, looks.session[taken]]),
        np.concatenate([looks.user, looks.user[taken]]),
        np.concatenate([looks.item, partner[taken]]),
        np.concatenate([looks.time, looks.time[taken] + 45 * SECOND]),
        np.concatenate([looks.cart, yes]),
        np.concatenate([looks.bought, yes]),
    )


class _Draw:
    """Draws items from the truth's softmax for many users at many times."""

    def __init__(self, truth: Truth, told: int, cell: Int64s) -> None:
        self.truth, self.told = truth, told
        self.order = np.argsort(cell, kind="stable")
        _, self.starts = np.unique(cell[self.order], return_index=True)
        members = self.order[self.starts]  # one item for each cell
        self.vectors = truth.items[members, :told]
        self.category = truth.category[members]
        weight = np.exp(truth.popularity[self.order].astype(np.float64))
        self.reached = np.concatenate([[0.0], np.cumsum(weight)])
        self.bounds = self.reached[np.append(self.starts, len(cell))]  # [cells + 1]
        self.hidden_norm = np.linalg.norm(truth.items[:, told:], axis=1).max()

    def __call__(
        self, rng: np.random.Generator, user: Int64s, time: Int64s, only: npt.NDArray[np.int64] | None = None
    ) -> Int64s:
        """An item for each user at each time, of the category `only` where that is not -1; int64 [n]."""
        drawn = np.empty(len(user), np.int64)
        for at in range(0, len(user), _CHUNK):
            part = slice(at, at + _CHUNK)
            drawn[part] = self._chunk(rng, user[part], time[part], None if only is None else only[part])
        return drawn

    def _chunk(self, rng: np.random.Generator, user: Int64s, time: Int64s, only: Int64s | None) -> Int64s:
        taste = self.truth.taste(user, time)
        reached = self._cells(taste, time, only)
        drawn = np.full(len(user), -1, np.int64)
        while len(left := np.flatnonzero(drawn < 0)):
            drawn[left] = self._propose(rng, taste[left], time[left], reached[left])
        return drawn

    def _cells(self, taste: Float32s, time: Int64s, only: Int64s | None) -> Float32s:
        """Cumulative chances of the cells, float32 [n, cells]."""
        utility = taste[:, : self.told] @ self.vectors.T + self.truth.seasonal(time)[:, self.category]
        utility += np.log(np.diff(self.bounds)).astype(np.float32)
        if only is not None:
            utility[(only >= 0)[:, None] & (self.category != only[:, None])] = -np.inf
        utility -= utility.max(axis=1, keepdims=True)
        share = np.cumsum(np.exp(utility), axis=1)
        share /= share[:, -1:]
        return share.astype(np.float32, copy=False)

    def _propose(self, rng: np.random.Generator, taste: Float32s, time: Int64s, reached: Float32s) -> Int64s:
        """One proposal each: an item, or -1 where it was rejected."""
        # The last column is 1 and random() is below it, in float32 as well: no cell beyond the last.
        cell = (reached <= rng.random((len(taste), 1), dtype=np.float32)).sum(axis=1)
        item = self._within(rng, cell)
        hidden = np.einsum("nf,nf->n", taste[:, self.told :], self.truth.items[item, self.told :])
        bound = np.linalg.norm(taste[:, self.told :], axis=1) * self.hidden_norm
        chance = np.exp(hidden - bound + self.truth.novelty(item, time) - NOVELTY)
        return np.where(rng.random(len(item)) < chance, item, -1)

    def _within(self, rng: np.random.Generator, cell: npt.NDArray[np.int64]) -> Int64s:
        low, high = self.bounds[cell], self.bounds[cell + 1]
        at = np.searchsorted(self.reached, self._uniform(rng, low, high), side="right") - 1
        last = np.append(self.starts, len(self.order))[cell + 1] - 1
        return self.order[np.clip(at, self.starts[cell], last)]

    @staticmethod
    def _uniform(rng: np.random.Generator, low: Float64s, high: Float64s) -> Float64s:
        return low + rng.random(len(low)) * (high - low)
