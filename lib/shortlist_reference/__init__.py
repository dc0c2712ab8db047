"""Writes the generated pages of docs/reference, and checks the documents of the repository."""
