"""Text as token ids: a byte-pair vocabulary learned from the catalogue, so that no language is assumed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from shortlist_core.types import Int32s

PAD, UNKNOWN = "[PAD]", "[UNK]"
VOCABULARY = 8_000
SAMPLE = 200_000
"""At most so many texts are used to learn the vocabulary."""


class TextEncoder:
    """Encodes texts with a learned vocabulary; token 0 is padding."""

    def __init__(self, definition: str) -> None:
        self.definition = definition
        self._tokenizer = Tokenizer.from_str(definition)

    @classmethod
    def learn(cls, texts: Sequence[str]) -> TextEncoder:
        """A vocabulary of up to 8,000 pieces (Sennrich et al. 2016) for texts like these."""
        tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY, min_frequency=2, special_tokens=[PAD, UNKNOWN], show_progress=False
        )
        step = max(1, len(texts) // SAMPLE)
        tokenizer.train_from_iterator(texts[::step], trainer)
        return cls(tokenizer.to_str())

    @property
    def size(self) -> int:
        """How many token ids there are, padding included."""
        return int(self._tokenizer.get_vocab_size())

    def encode(self, texts: Sequence[str], length: int) -> Int32s:
        """The first `length` tokens of each text, int32 [texts, length], padded with 0."""
        tokens = np.zeros((len(texts), length), np.int32)
        for row, encoding in enumerate(self._tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            ids = encoding.ids[:length]
            tokens[row, : len(ids)] = ids
        return tokens
