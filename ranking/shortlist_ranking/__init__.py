"""Stage two: one score per candidate, then the list that is shown."""

import shortlist_layers  # noqa: F401  # loads TensorFlow quietly, so before anything else does
