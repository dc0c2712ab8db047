"""Measures how fast Shortlist serves, against what its parts cost on the same machine: `make bench`, docs/benchmarks.md."""
