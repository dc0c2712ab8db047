"""The pipeline of a request: hydrate, retrieve, filter, rank, select. No gRPC."""
