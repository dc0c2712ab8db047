"""Spans: ranges of numbers, prices and times with one bound or two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.arrays import Bools

Ascending = npt.NDArray[np.float32] | npt.NDArray[np.float64] | npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers between two bounds. A bound that is infinite is none."""

    lower: float = -math.inf
    upper: float = math.inf
    with_lower: bool = True  # whether `lower` itself is in it
    with_upper: bool = True

    def __bool__(self) -> bool:
        return self.lower < self.upper or (self.lower == self.upper and self.with_lower and self.with_upper)

    def holds(self, numbers: npt.NDArray[Any]) -> Bools:
        """Which of the numbers lie in it, bool of their shape; NaN lies in none.

        Bounds are rounded as the numbers are, so that a price of 19.99 in 32 bits is no less than the bound 19.99.
        """
        lower, upper = self._bounds(numbers)
        above = numbers >= lower if self.with_lower else numbers > lower
        below = numbers <= upper if self.with_upper else numbers < upper
        return np.asarray(above & below)

    def part(self, ascending: Ascending) -> slice:
        """Where the numbers that lie in it stand among ascending ones."""
        lower, upper = self._bounds(ascending)
        start = np.searchsorted(ascending, lower, side="left" if self.with_lower else "right")
        return slice(int(start), int(np.searchsorted(ascending, upper, side="right" if self.with_upper else "left")))

    def _bounds(self, numbers: npt.NDArray[Any]) -> tuple[Any, Any]:
        """Both bounds as what the numbers are."""
        if numbers.dtype.kind == "f":
            with np.errstate(over="ignore"):  # a bound that is too large for 32 bits is infinite in them
                return numbers.dtype.type(self.lower), numbers.dtype.type(self.upper)
        limits = np.iinfo(numbers.dtype)
        clipped = (min(max(bound, limits.min), limits.max) for bound in (self.lower, self.upper))
        lower, upper = (numbers.dtype.type(int(bound)) for bound in clipped)
        return lower, upper
