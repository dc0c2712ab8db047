"""How much a request asks for where it does not say."""

DEFAULT_COUNT = 20
"""Items of an answer."""

DEFAULT_CANDIDATES = 400
"""Candidates that stage one hands to stage two."""
