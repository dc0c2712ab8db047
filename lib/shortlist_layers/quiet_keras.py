"""Keras, loaded with its backend but without the notes that TensorFlow writes past everybody's logging.

Whatever needs Keras takes it from here: `from shortlist_layers.quiet_keras import keras, layers, ops`. Loading takes
seconds, so no module that serves stage one may import this, directly or through another; import-linter holds that.
"""

import os

from shortlist_core.quiet import quiet_stderr

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # once loaded: errors alone
with quiet_stderr():
    import keras
    from keras import layers, ops

__all__ = ["keras", "layers", "ops"]
