"""Truth of the synthetic shop: its users' real preferences, which recommendations are compared with."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, Float32s, Int32s, Int64s
from shortlist_data.dataset import sync

FILE = "truth.npz"
NOVELTY = np.float32(0.7)
NOVELTY_DAYS = 30
PARTNER_SHARE = np.float32(0.09)
"""Share of looks at an item that are followed by its partner: P(bought) times P(partner is bought too)."""


@dataclass(frozen=True, eq=False)
class Truth:
    """The parameters that the shop's events were drawn with; items and users are in the order of the data set's tables.

    A user's taste moves on a straight line from `taste_start` to `taste_end` within the period of the data. The utility
    of an item is taste x item vector + popularity + season of its category + novelty. The next item that a user looks
    at is drawn from a softmax of the utilities over the items launched by then. The item's partner may follow.
    """

    item_ids: npt.NDArray[np.str_]
    user_ids: npt.NDArray[np.str_]
    items: Float32s  # [items, factors]
    popularity: Float32s  # [items] log scale
    category: Int32s  # [items]
    launch: Int64s  # [items] microseconds
    partner: Int32s  # [items] the item bought together with it, itself where there is none
    season: Float32s  # [categories, 2] amplitudes of the cosine and the sine of the year
    taste_start: Float32s  # [users, factors]
    taste_end: Float32s  # [users, factors]
    period: Int64s  # [2] first and last moment, microseconds

    def taste(self, users: npt.NDArray[np.integer[Any]], times: Int64s) -> Float32s:
        """The tastes of `users` (rows, [n]) at `times` ([n]), float32 [n, factors]."""
        start, end = self.period
        passed = np.clip((times - start) / (end - start), 0, 1).astype(np.float32)[:, None]
        taste: Float32s = self.taste_start[users] * (1 - passed) + self.taste_end[users] * passed
        return taste

    def seasonal(self, times: Int64s) -> Float32s:
        """What the season adds to the utility of each category, float32 [times, categories]."""
        angle = (2 * np.pi / (365.25 * DAY)) * times
        return (np.stack([np.cos(angle), np.sin(angle)], axis=1) @ self.season.T).astype(np.float32)

    def novelty(self, items: npt.NDArray[np.integer[Any]], times: Int64s) -> Float32s:
        """What being new adds to the utility, 0 to NOVELTY, -inf before the launch; shape of `items` and `times`."""
        age = (times - self.launch[items]) / DAY
        added = NOVELTY * np.exp(-np.maximum(age, 0) / NOVELTY_DAYS)
        return np.where(age < 0, -np.inf, added).astype(np.float32)

    def true_scores(self, user_ids: Sequence[str], time_us: int) -> Float32s:
        """The probability that each item is the user's next one at `time_us`, float32 [users, items].

        Rows sum to 1; items that are not launched yet have 0. Raises DataError for an unknown user.
        """
        users = self._rows(user_ids)
        times = np.full(len(users), time_us, np.int64)
        utility = self.taste(users, times) @ self.items.T
        utility += self.popularity + self.seasonal(times)[:, self.category]
        utility += self.novelty(np.arange(len(self.items)), np.full(len(self.items), time_us, np.int64))
        utility -= utility.max(axis=1, keepdims=True)
        share: Float32s = np.exp(utility, out=utility)
        share /= share.sum(axis=1, keepdims=True)
        follows = PARTNER_SHARE * ((self.launch <= time_us) & (self.partner != np.arange(len(self.partner))))
        share += share[:, self.partner] * follows.astype(np.float32)
        share /= share.sum(axis=1, keepdims=True)
        return share

    def _rows(self, user_ids: Sequence[str]) -> npt.NDArray[np.intp]:
        order = np.argsort(self.user_ids)
        wanted = np.asarray(user_ids, dtype=self.user_ids.dtype if len(user_ids) == 0 else None)
        at = order[np.minimum(np.searchsorted(self.user_ids, wanted, sorter=order), len(order) - 1)]
        unknown = np.flatnonzero(self.user_ids[at] != wanted)
        if len(unknown):
            raise DataError(f"the truth knows no user {str(wanted[unknown[0]])!r}")
        return at

    def write(self, folder: Path | str) -> None:
        """Write `truth.npz` into `folder`. The file gets its name once it is complete."""
        path = Path(folder) / FILE
        part = path.with_name(f"{FILE}.part")
        with part.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})
        sync(part)
        part.replace(path)

    @classmethod
    def read(cls, folder: Path | str) -> Truth:
        """The truth beside the synthetic data set in `folder`. Raises DataError when it is missing or damaged."""
        path = Path(folder) / FILE
        if not path.is_file():
            raise DataError(f"{path} is missing: only synthetic data has a truth")
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: damaged: {error}") from error
