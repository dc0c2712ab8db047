"""What happens to items that the user's history holds already."""

from __future__ import annotations

from enum import StrEnum


class SeenItems(StrEnum):
    """Which seen items an answer may hold. Impressions do not make an item seen."""

    DROP = "drop"  # none
    KEEP = "keep"  # all
    REPEATS = "repeats"  # those that the user is likely to take again

    @property
    def in_words(self) -> str:
        """What happens to them, after `seen items are`."""
        return {"drop": "dropped", "keep": "kept"}.get(self, "kept where they are likely to be taken again")
