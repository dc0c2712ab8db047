"""Stage two: one score per candidate, then the list that is shown."""
