"""Processes of a server: the composition root, the workers, their supervisor, TLS."""
