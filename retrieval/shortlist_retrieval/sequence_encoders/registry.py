"""The registry of sequence encoders. A new one is also a line in `names` and one in `training.sequence_readers`."""

from __future__ import annotations

from shortlist_retrieval.sequence_encoders.encoder import SequenceEncoder
from shortlist_retrieval.sequence_encoders.gru import GRU
from shortlist_retrieval.sequence_encoders.lstm import LSTM
from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_retrieval.sequence_encoders.transformer import Transformer

ENCODERS: dict[OrderModel, type[SequenceEncoder]] = {each.name: each for each in (Transformer, GRU, LSTM)}
