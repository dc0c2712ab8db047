"""Python client of Shortlist, the two-stage recommender over gRPC."""
