"""Evaluation: metrics of ranked lists, the held-out protocol, and baselines to compare with."""
