"""Device that models compute on. It is chosen before TensorFlow is loaded, which looks for GPUs once at its start."""

from __future__ import annotations

import os
from enum import StrEnum


class Device(StrEnum):
    """The device that was asked for."""

    AUTO = "auto"  # a GPU where there is one
    CPU = "cpu"
    GPU = "gpu"


def choose(device: Device) -> None:
    """Choose the device of this process and of processes that it starts. It has no effect once TensorFlow is loaded.

    GPU memory is allocated as needed, so that the workers of a server can share a GPU.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    if device == Device.CPU:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
