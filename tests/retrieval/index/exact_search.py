"""What an index is compared with: unit vectors, and the best of them by all products."""

import numpy as np

MANY, DIM = 25_000, 64


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def exact(vectors, query, count, allowed=None):
    products = vectors @ query
    if allowed is not None:
        products = np.where(allowed, products, -np.inf)
    return np.argsort(-products, kind="stable")[:count]
