"""Encoders of the sequence source: what each makes of a user's steps, in numpy."""
