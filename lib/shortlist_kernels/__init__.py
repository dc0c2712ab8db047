"""Compiled loops over numpy arrays, one subject per file, and the scratch arrays that they work in."""
