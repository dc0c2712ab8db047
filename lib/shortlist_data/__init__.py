"""Interactions on disk: canonical Parquet, importers, the synthetic shop, time splits."""
