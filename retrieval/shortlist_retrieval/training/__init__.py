"""Fits the sources: the two towers, and everything on the events before a moment."""
