"""Item words: what an item is called and described by, as the token ids that models read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from shortlist_core.catalog import Attribute
from shortlist_core.types import Int32s
from shortlist_layers.attribute_words import AttributeWords
from shortlist_layers.tokens import TextEncoder

MAX_TOKENS = 32
"""Of an item's text."""

MAX_ATTRIBUTE_TOKENS = 16


@dataclass(frozen=True)
class ItemWords:
    """The pieces that texts are made of, followed by the words of attributes; token 0 is padding."""

    text: TextEncoder
    attributes: AttributeWords = field(default_factory=AttributeWords)

    @classmethod
    def learn(cls, texts: Sequence[str], attributes: Sequence[Sequence[Attribute]]) -> Self:
        """The words of items with these texts and attributes."""
        of_attributes = AttributeWords.learn(attributes)
        return cls(TextEncoder.learn(_with_prose(texts, attributes, of_attributes)), of_attributes)

    @property
    def size(self) -> int:
        """How many token ids there are, padding included."""
        return self.text.size + self.attributes.size

    def encode(self, texts: Sequence[str], attributes: Sequence[Sequence[Attribute]]) -> Int32s:
        """The tokens of each item, those of its attributes first, int32 [items, 48], padded with 0 at the end."""
        tokens = np.zeros((len(texts), MAX_ATTRIBUTE_TOKENS + MAX_TOKENS), np.int32)
        of_texts = self.text.encode(_with_prose(texts, attributes, self.attributes), MAX_TOKENS)
        tokens[:, :MAX_TOKENS] = of_texts
        if self.attributes.size:
            for row, of_item in enumerate(attributes):
                words = self.attributes.of(of_item)[:MAX_ATTRIBUTE_TOKENS]
                tokens[row, len(words) : len(words) + MAX_TOKENS] = of_texts[row]
                tokens[row, : len(words)] = np.add(words, self.text.size)
        return tokens

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"definition": self.text.definition, "attributes": self.attributes.to_json()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The words that `to_json` gave. Bundles of before know no words of attributes."""
        attributes = stored.get("attributes")
        return cls(
            TextEncoder(stored["definition"]), AttributeWords.from_json(attributes) if attributes else AttributeWords()
        )


def _with_prose(
    texts: Sequence[str], attributes: Sequence[Sequence[Attribute]], words: AttributeWords
) -> Sequence[str]:
    """The texts, followed by the free text among the attributes."""
    if not words.prose:
        return texts
    return [f"{text} {words.text(of_item)}" for text, of_item in zip(texts, attributes, strict=True)]
