"""The size of pages: how many bytes a page of a listing or an export holds at most."""

MAX_PAGE_BYTES = 2 * 1024 * 1024
"""Half of the largest message that gRPC's clients accept by default."""
