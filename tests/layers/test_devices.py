"""Whether what was asked for is there."""

import keras
import pytest

from shortlist_core.device import Device
from shortlist_core.errors import DataError
from shortlist_layers.devices import confirm


@pytest.mark.parametrize("there", [[], ["gpu:0"]])
def test_a_gpu_that_was_asked_for_has_to_be_there(there, monkeypatch):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: there if kind == "gpu" else ["cpu:0"])
    for device in (Device.AUTO, Device.CPU):
        confirm(device)
    if there:
        confirm(Device.GPU)
    else:
        with pytest.raises(DataError, match="--device auto"):
            confirm(Device.GPU)
