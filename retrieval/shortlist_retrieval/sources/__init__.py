"""The sources of candidates, a file each."""
