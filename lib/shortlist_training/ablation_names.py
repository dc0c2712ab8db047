"""The names of the ranker's inputs that an ablation leaves out. Told without Keras, for the command line."""

from __future__ import annotations

from enum import StrEnum

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_core.terminal import quoted

ALL = "all"
"""Stands for every input."""


class Input(StrEnum):
    """An input of the ranker, by its name on the command line, in bundles and in manifests."""

    TEXT = "text"
    HISTORY = "history"
    COLLABORATIVE = "collaborative"
    ORDER = "order"
    ATTRIBUTES = "attributes"
    CATEGORIES = "categories"
    VECTORS = "vectors"
    PICTURES = "pictures"
    PRICE = "price"
    AGE = "age"
    POPULARITY = "popularity"
    TIME = "time"
    CONTEXT = "context"
    GROUPS = "groups"

    @property
    def in_words(self) -> str:
        """How a report names it."""
        return _WORDS.get(self, self.value)


_WORDS = {
    Input.HISTORY: "history (LSTM)",
    Input.COLLABORATIVE: "collaborative signals",
    Input.ORDER: "the order of events",
    Input.AGE: "the age of items",
    Input.TIME: "the time of day",
    Input.CONTEXT: "the context of requests",
    Input.GROUPS: "groups of users",
}


def inputs_named(text: str) -> tuple[Input, ...]:
    """The inputs that a list such as `text,order` names, each once, in the order of `Input`; `all` are all of them.

    Raises DataError that names every one that there is not, and those that there are.
    """
    names = [name.strip().lower() for name in text.split(",")]
    known = [*(each.value for each in Input), ALL]
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        found = "; ".join(f"--ablations: there is no input {quoted(n)}{did_you_mean(n, known)}" for n in unknown)
        raise DataError(f"{found} (there are {', '.join(known)})")
    return tuple(each for each in Input if each in names or ALL in names)


def in_words(name: str) -> str:
    """How a report names what the ablation of this name in a bundle lacks; bundles of before have other names."""
    return Input(name).in_words if name in list(Input) else name
