"""What models compute on, chosen before their library is loaded: it looks for GPUs once, when it begins."""

from __future__ import annotations

import os
from enum import StrEnum


class Device(StrEnum):
    """What was asked for."""

    AUTO = "auto"  # a GPU where there is one
    CPU = "cpu"
    GPU = "gpu"


def choose(device: Device) -> None:
    """Choose for this process and those that it starts; without effect once TensorFlow is loaded.

    A GPU's memory is taken as it is needed, so that the workers of a server share one.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    if device == Device.CPU:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
