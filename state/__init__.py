"""What changes while serving: live users and their events."""

from state.store import AppendResult, LiveUser, LogEntry, LogPage, StateStore, Summary, open_store

__all__ = ["AppendResult", "LiveUser", "LogEntry", "LogPage", "StateStore", "Summary", "open_store"]
