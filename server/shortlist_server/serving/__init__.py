"""Serving: queues, limits, the bundles that serve, and the route of each request."""
