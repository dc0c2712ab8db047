"""Sources of candidates, one per file."""
