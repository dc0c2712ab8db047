"""What the ranker reads of a candidate beside vectors, a file for each feature."""
