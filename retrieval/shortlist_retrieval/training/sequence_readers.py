"""The readers of the sequence model, by the name of the encoder that they train."""

from __future__ import annotations

from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_retrieval.training.sequence_reader import SequenceReader
from shortlist_retrieval.training.sequence_recurrent import GRUReader, LSTMReader
from shortlist_retrieval.training.sequence_transformer import TransformerReader

READERS: dict[OrderModel, type[SequenceReader]] = {
    reader.encoder.name: reader for reader in (TransformerReader, GRUReader, LSTMReader)
}
