"""Runs requests: queues, limits, and which bundle answers whom."""
