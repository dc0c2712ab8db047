"""Arrangement: which of the scored candidates a list shows, and in which order, by score, variety and rules."""
