"""A request from history to list: hydrate, retrieve, filter, rank, select. No gRPC."""
