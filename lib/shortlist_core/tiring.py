"""Tiring: how an item that is shown to a user again and again sinks in their lists, and comes back by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tiring:
    """The settings of tiring. An impression counts half after every `recovery` seconds."""

    per_impression: float = 0.8  # what the score is multiplied by for an impression that is new; 1: nothing tires
    recovery: float = 86_400.0  # seconds, above 0

    @property
    def is_on(self) -> bool:
        """Whether anything tires."""
        return self.per_impression < 1

    @property
    def in_words(self) -> str:
        """What an impression does."""
        if not self.is_on:
            return "items do not tire"
        less, hours = 1 - self.per_impression, self.recovery / 3_600
        wait = f"{hours / 24:.3g} days" if hours >= 48 else f"{hours:.3g} hours"
        return f"an impression takes {less:.0%} off the score, half of which is back after {wait}"

    def to_json(self) -> dict[str, float]:
        """The settings as plain data."""
        return {"per_impression": self.per_impression, "recovery_seconds": self.recovery}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Tiring:
        """The settings that `to_json` gave."""
        return cls(float(stored["per_impression"]), float(stored["recovery_seconds"]))


NEVER = Tiring(per_impression=1.0)
"""Nothing tires."""

USUAL = Tiring()
"""The settings where nobody says otherwise and no data tells them (docs/explanation/training.md, "What tires")."""
