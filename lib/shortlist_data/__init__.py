"""Data sets: canonical Parquet tables, importers, the synthetic shop, splits by time."""
