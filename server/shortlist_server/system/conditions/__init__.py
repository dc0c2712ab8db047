"""The conditions of a filter, a file each."""
