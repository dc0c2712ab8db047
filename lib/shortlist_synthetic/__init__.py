"""Synthetic bundles: bundles of any size, made in minutes without training, to measure serving with.

They are realistic in shape and cost. Their recommendations mean no more than this: items of one cluster are alike, and
each user likes a few clusters.
"""
