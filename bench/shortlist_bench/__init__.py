"""Measures how fast Shortlist serves against its parts on the same machine: see docs/explanation/performance.md."""
