"""Measures how fast Shortlist serves against what its parts cost on the same machine: see docs/explanation/performance.md."""
