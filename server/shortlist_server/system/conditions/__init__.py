"""Conditions of a filter, one per file."""
