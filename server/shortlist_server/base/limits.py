"""Limits of a request: how many items and candidates it gets at most, and where it does not say."""

MAX_COUNT, DEFAULT_COUNT = 500, 20
"""Items of an answer."""

MAX_CANDIDATES, DEFAULT_CANDIDATES = 2_000, 400
"""Candidates that stage one hands to stage two."""
