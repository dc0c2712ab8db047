"""Defaults of a request: how many items and candidates it gets where it does not say."""

DEFAULT_COUNT = 20
"""Items of an answer."""

DEFAULT_CANDIDATES = 400
"""Candidates that stage one hands to stage two."""
