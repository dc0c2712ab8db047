"""Schema of the SQLite file: the statements that make it, and those that bring an older one up to date."""

from __future__ import annotations

SHOWN_INDEX, DONE_INDEX = "events_of_type_impression", "events_of_other_types"
"""Indexes of what users were shown and of what they did, to be named where they are wanted."""

# arrival numbers all events and erasures in the order of commits. It orders events of the same time.
_SCHEMA_1 = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL)",
    """CREATE TABLE events (
        user_id TEXT NOT NULL, time INTEGER NOT NULL, arrival INTEGER NOT NULL, event_id TEXT NOT NULL UNIQUE,
        item_id TEXT NOT NULL, type INTEGER NOT NULL, value REAL NOT NULL,
        session_id TEXT NOT NULL, attribution_token TEXT NOT NULL,
        PRIMARY KEY (user_id, time, arrival)
    ) WITHOUT ROWID""",
    "CREATE TABLE arrivals (next INTEGER NOT NULL)",
    "INSERT INTO arrivals VALUES (0)",
    "INSERT INTO schema_version VALUES (1)",
)
_SCHEMA_2 = (
    "CREATE UNIQUE INDEX events_by_arrival ON events (arrival)",
    "CREATE TABLE erasures (user BLOB PRIMARY KEY, arrival INTEGER NOT NULL UNIQUE) WITHOUT ROWID",
    "CREATE TABLE salt (value BLOB NOT NULL)",
    "INSERT INTO salt VALUES (randomblob(32))",
    "UPDATE schema_version SET version = 2",
)
# item is JSON, empty for an item that was deleted.
_SCHEMA_3 = (
    "CREATE TABLE catalog (sequence INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, item TEXT NOT NULL)",
    "CREATE TABLE catalog_position (sequence INTEGER NOT NULL)",
    "INSERT INTO catalog_position VALUES (0)",
    "UPDATE schema_version SET version = 3",
)
# A note is a number under a name, such as how far a training has read the log.
_SCHEMA_4 = (
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "UPDATE schema_version SET version = 4",
)
# attributes is JSON: pairs of a key and a value.
_SCHEMA_5 = (
    "CREATE TABLE users (user_id TEXT PRIMARY KEY, attributes TEXT NOT NULL) WITHOUT ROWID",
    "UPDATE schema_version SET version = 5",
)
# Impressions (type 7) and what users did are found without reading past the others, which may be many more.
_SCHEMA_6 = (
    f"CREATE INDEX {SHOWN_INDEX} ON events (user_id, time, arrival, item_id) WHERE type = 7",
    f"CREATE INDEX {DONE_INDEX} ON events (user_id, time, arrival) WHERE type <> 7",
    "UPDATE schema_version SET version = 6",
)
SCHEMAS = (_SCHEMA_1, _SCHEMA_2, _SCHEMA_3, _SCHEMA_4, _SCHEMA_5, _SCHEMA_6)
SCHEMA_VERSION = len(SCHEMAS)
