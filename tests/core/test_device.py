"""Which device is chosen."""

import os

import pytest

from shortlist_core.device import Device, choose


@pytest.mark.parametrize(("device", "visible"), [("auto", "0"), ("gpu", "0"), ("cpu", "-1")])
def test_gpus_are_hidden_where_the_cpu_is_asked_for(device, visible, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    choose(Device(device))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == visible
