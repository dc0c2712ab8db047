"""Bundles of any size that nobody trained: realistic in shape and cost, made in minutes, to measure serving with.

What they recommend means nothing beyond this: items of one cluster are alike, and users like a few clusters.
"""
