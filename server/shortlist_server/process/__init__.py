"""Starts and ends processes: the composition root, workers, their supervisor, TLS."""
