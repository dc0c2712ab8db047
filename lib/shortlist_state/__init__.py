"""State: what changes while servers serve, which is live users, their events, and items."""

from shortlist_state.catalog import CatalogStore, ChangePage
from shortlist_state.opening import file_of, open_store
from shortlist_state.store import (
    IMPRESSIONS,
    AppendResult,
    Expired,
    LiveUser,
    LogEntry,
    LogPage,
    StateStore,
    Summary,
    without_wishes_below,
)

__all__ = [
    "IMPRESSIONS",
    "AppendResult",
    "CatalogStore",
    "ChangePage",
    "Expired",
    "LiveUser",
    "LogEntry",
    "LogPage",
    "StateStore",
    "Summary",
    "file_of",
    "open_store",
    "without_wishes_below",
]
