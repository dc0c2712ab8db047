"""Core: the types and errors that all other packages share."""
