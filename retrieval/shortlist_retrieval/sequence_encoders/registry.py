"""The registry of sequence encoders, by name. A new one is one line here, and one in `training.sequence_readers`."""

from __future__ import annotations

from shortlist_retrieval.sequence_encoders.encoder import SequenceEncoder
from shortlist_retrieval.sequence_encoders.transformer import Transformer

ENCODERS: dict[str, type[SequenceEncoder]] = {encoder.name: encoder for encoder in (Transformer,)}
