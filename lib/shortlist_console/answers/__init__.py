"""Answers for a user: the question that a form asks, what came of it, what moved, and the funnel of its stages."""
