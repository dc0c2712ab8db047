"""The names of the models of order. Told without their code, as recipes need none of it."""

from __future__ import annotations

from enum import StrEnum


class OrderModel(StrEnum):
    """A model of order: its name in recipes, manifests and bundles, which never changes."""

    TRANSFORMER = "transformer"
    GRU = "gru"
    LSTM = "lstm"
