"""Training: the recipe (time slices, retrieval, ranker), publishing, retraining, offline lists."""
