"""Vector search with FAISS: exact search, inverted lists, and new items."""
