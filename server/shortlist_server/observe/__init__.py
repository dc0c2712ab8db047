"""Metrics of a server: what is counted, the page that shows it, and the sums over workers."""
