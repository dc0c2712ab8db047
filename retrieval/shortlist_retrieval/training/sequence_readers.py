"""The readers of the sequence model, by the name of the encoder that they train."""

from __future__ import annotations

from shortlist_retrieval.training.sequence_reader import SequenceReader
from shortlist_retrieval.training.sequence_transformer import TransformerReader

READERS: dict[str, type[SequenceReader]] = {reader.encoder.name: reader for reader in (TransformerReader,)}
