"""What changes while serving: live users and their events."""

from state.store import AppendResult, StateStore, open_store

__all__ = ["AppendResult", "StateStore", "open_store"]
