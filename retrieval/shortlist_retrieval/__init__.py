"""Stage one: a few hundred candidates out of the whole catalogue."""
