"""Vector search with FAISS: exact, inverted lists, and new items beside them."""
