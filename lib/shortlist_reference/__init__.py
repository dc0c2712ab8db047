"""Writes the reference of the API from the protos and their comments: Markdown pages and an OpenAPI file."""
