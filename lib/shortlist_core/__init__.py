"""The types, errors and settings that every other package shares."""
