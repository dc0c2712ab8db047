"""How good a ranked list is, and how good the plain methods would be."""
