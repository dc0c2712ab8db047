"""The recipe: time slices, retrieval, candidates for the ranker, ranker, publish."""
