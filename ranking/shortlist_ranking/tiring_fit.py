"""How fast items tire, learned from impressions: which of the items shown in a visit a user takes.

A conditional logit (McFadden 1974): an item that was taken is compared with those that were not, in the same visit of
the same user, so that it does not matter who clicks often. It is preferred by how often the item is taken where it is
new to a user, times what tiring leaves of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from shortlist_core.tiring import NEVER, USUAL, Tiring
from shortlist_core.types import Bools, EventType, Float64s, Queries
from shortlist_ranking.showings import Showings
from shortlist_ranking.tiring import FLOOR

RECOVERIES = tuple(3_600.0 * 2.0 ** (power / 2) for power in range(20))
"""Half-lives that are tried, seconds: an hour to a month."""

LEAST = 0.05
"""The smallest `per_impression` that is tried."""

FEWEST = 200
"""Choices between items that are not equally tired that it takes to learn anything."""

MOST = 0.95
"""The largest probability that an item is taken when it is shown."""

SMOOTHED = 20.0
"""Showings by which the rate of an item is drawn towards that of all items."""

MOST_EVENTS = 300_000
"""Events of users that are looked at, a random choice where there are more: they say it to a percent."""

CERTAIN = 2.0
"""Standard errors by which tiring must explain held-out choices better than none does."""


@dataclass(frozen=True)
class FittedTiring:
    """What impressions say about tiring."""

    tiring: Tiring | None  # None: there are too few impressions to learn from
    choices: int  # how many there were
    gain: float = 0.0  # log-likelihood of a held-out choice above that without tiring
    error: float = 0.0  # its standard error

    @property
    def in_words(self) -> str:
        """Why this was learned."""
        if self.tiring is None:
            return f"set, as {self.choices:,} choices among what was shown before are too few to learn from"
        found = f"{self.gain:+.4f} (± {self.error:.4f}) log-likelihood of a held-out choice, of {self.choices:,}"
        return f"learned: {found}"


def fit_tiring(histories: Queries, seed: int) -> FittedTiring:
    """How fast items tire, by the impressions in histories.

    It is learned on each half of the users and asked on the other: where that explains choices no better than chance
    does, items do not tire.
    """
    draw = np.random.default_rng(seed)
    histories = _of_some_users(histories, draw)
    showings = Showings.of(histories)
    if (choices := showings.n_choices) < FEWEST:
        return FittedTiring(None, choices)
    half, model = draw.random(len(histories)) < 0.5, _Choices(showings)
    first = half[showings.users]
    gains = [model.gains(model.fitted(~asked), asked) for asked in (first, ~first)]
    of_users = np.concatenate(gains)
    gain, error = float(of_users.mean()), float(of_users.std() / math.sqrt(max(len(of_users), 1)))
    sure = gain > CERTAIN * error
    return FittedTiring(model.fitted(np.ones_like(first)) if sure else NEVER, choices, gain, error)


def _of_some_users(histories: Queries, draw: np.random.Generator) -> Queries:
    """The histories of users with impressions, up to MOST_EVENTS events of them."""
    users = draw.permutation(np.unique(histories.rows()[histories.types == EventType.IMPRESSION]))
    within = np.cumsum(histories.lengths[users]) <= MOST_EVENTS
    return histories.select(np.sort(users[within]))


class _Choices:
    """The log-likelihood of what was taken among what was shown, by the settings of tiring."""

    def __init__(self, showings: Showings) -> None:
        self._all, self._in_visit = showings, showings.visits >= 0
        self._visits, self._taken = showings.visits[self._in_visit], showings.taken[self._in_visit]
        self._effective = {recovery: showings.effective(recovery)[self._in_visit] for recovery in RECOVERIES}

    def fitted(self, which: Bools) -> Tiring:
        """The likeliest settings by the showings `which`, bool [showings], of whole users."""
        strengths, part = self._strengths(which), which[self._in_visit]
        best, found = np.inf, NEVER
        for recovery, effective in self._effective.items():

            def loss(slope: float, effective: Float64s = effective) -> float:
                return -float(self._log_likelihood(strengths + _lowered(slope, effective))[part].sum())

            fit: Any = minimize_scalar(loss, bounds=(math.log(LEAST), 0.0), method="bounded")
            if fit.fun < best:
                best, found = fit.fun, Tiring(float(math.exp(fit.x)), recovery)
        return found

    def gains(self, tiring: Tiring, which: Bools) -> Float64s:
        """Of each user among the showings `which`: by how much tiring explains their average choice better."""
        strengths = self._strengths(~which)
        slope = math.log(tiring.per_impression)
        effective = self._effective.get(tiring.recovery, self._effective[RECOVERIES[0]])
        better = self._log_likelihood(strengths + _lowered(slope, effective)) - self._log_likelihood(strengths)
        asked = which[self._in_visit] & self._taken
        _, users = np.unique(self._all.users[self._in_visit][asked], return_inverse=True)
        return np.asarray(np.bincount(users, better[asked]) / np.maximum(np.bincount(users), 1), np.float64)

    def _strengths(self, which: Bools) -> Float64s:
        """The log of how often each item is taken where it is new to a user, by the showings `which`, for all."""
        new = which & (self._all.before < 0)
        n_items = int(self._all.items.max(initial=0)) + 1
        shown = np.bincount(self._all.items[new], minlength=n_items)
        taken = np.bincount(self._all.items[new & self._all.taken], minlength=n_items)
        usual = taken.sum() / max(shown.sum(), 1)
        rates = (taken + SMOOTHED * max(usual, 1e-6)) / (shown + SMOOTHED)
        return np.asarray(np.log(rates)[self._all.items[self._in_visit]], np.float64)

    def _log_likelihood(self, strengths: Float64s) -> Float64s:
        """Of each showing in a visit that was taken: how likely it is among this and those that were not; else 0.

        `strengths` are logs of probabilities. Of two items of which one was taken, the odds say which.
        """
        odds = 1 / (np.exp(np.maximum(-strengths, -math.log(MOST))) - 1)
        others = np.bincount(self._visits, np.where(self._taken, 0.0, odds), self._all.n_visits)[self._visits]
        return np.where(self._taken, np.log(odds / (odds + others)), 0.0)


def chosen_tiring(histories: Queries, wanted: Tiring | None, seed: int) -> tuple[Tiring, str]:
    """The settings of tiring for a bundle and why: what is `wanted`, else what the data says, else the usual ones."""
    if wanted is not None:
        return wanted, "set in the recipe"
    fitted = fit_tiring(histories, seed)
    return (fitted.tiring or USUAL), fitted.in_words


def _lowered(slope: float, effective: Float64s) -> Float64s:
    """The logs of the factors of items with so many effective impressions, no lower than serving lets them be."""
    return np.asarray(np.maximum(slope * effective, math.log(FLOOR)), np.float64)
