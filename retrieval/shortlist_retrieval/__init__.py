"""Stage one: a few hundred candidates out of the whole catalogue."""

import shortlist_layers  # noqa: F401  # loads TensorFlow quietly, so before anything else does
