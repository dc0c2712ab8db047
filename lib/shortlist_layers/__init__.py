"""What both stages know of an item: features of the catalogue and the Keras layers that encode them.

Importing this package loads Keras and its backend, without the notes that TensorFlow writes past everybody's logging;
`retrieval` and `ranking` begin by importing it.
"""

import os

from shortlist_core.quiet import quiet_stderr

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # once loaded: errors alone
with quiet_stderr():
    import keras  # noqa: F401
