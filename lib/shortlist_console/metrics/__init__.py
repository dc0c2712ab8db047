"""Live metrics: reads the server's Prometheus page now and then, and says what the samples mean."""
