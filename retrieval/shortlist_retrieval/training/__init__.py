"""Training of stage one: fits the sources, the two towers among them, on the events before a moment."""
