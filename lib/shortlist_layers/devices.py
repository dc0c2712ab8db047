"""Checks which devices TensorFlow can use."""

from __future__ import annotations

from shortlist_core.device import Device
from shortlist_core.errors import DataError
from shortlist_layers.quiet_keras import keras


def confirm(device: Device) -> None:
    """Raise DataError where a GPU was asked for and none can be used."""
    if device == Device.GPU and not keras.distribution.list_devices("gpu"):
        raise DataError(
            "no GPU can be used here: there is none, its driver does not answer, or TensorFlow was installed without"
            " CUDA (the extra `gpu` has it); --device auto takes what there is"
        )
