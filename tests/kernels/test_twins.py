"""Every compiled function does what its twin in numpy or plain Python does."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given

import shortlist_kernels

LOOSER = {"write_moments": 1e-5, "add_pooled": 1e-5, "add_weighted": 1e-4}
"""Absolute differences where sums of many parts cancel; of the others a millionth."""


def compiled_functions():
    """All of the package."""
    kernels = []
    for module in pkgutil.iter_modules(shortlist_kernels.__path__):
        members = vars(importlib.import_module(f"shortlist_kernels.{module.name}"))
        for name, member in members.items():
            if hasattr(member, "py_func") and member.__module__ == f"shortlist_kernels.{module.name}":
                kernel = SimpleNamespace(run=member, subject=module.name, name=name)
                kernels.append(pytest.param(kernel, id=name))
    return kernels


def outcome(function, chosen, arguments):
    arguments = deepcopy(arguments)
    returned = function(*arguments)
    return chosen(returned, *arguments) if chosen else (returned, *arguments)


def assert_equal(actual, expected, within):
    for one, other in zip(actual, expected, strict=True):
        if isinstance(one, tuple):
            assert_equal(one, other, within)
        elif one is None:
            assert other is None
        elif np.asarray(one).dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=within, equal_nan=True)
        else:
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kernel", compiled_functions())
def test_a_kernel_does_what_its_twin_does(kernel):
    twins = importlib.import_module(f"twins.{kernel.subject}")
    twin, chosen = getattr(twins, kernel.name), getattr(twins, f"{kernel.name}_outcome", None)
    assert inspect.getfullargspec(twin).args == inspect.getfullargspec(kernel.run.py_func).args
    assert not hasattr(twin, "py_func")

    @given(getattr(twins, f"{kernel.name}_inputs")())
    def agree(arguments):
        actual, expected = (outcome(function, chosen, arguments) for function in (kernel.run, twin))
        assert_equal(actual, expected, LOOSER.get(kernel.name, 1e-6))

    agree()


def test_there_are_kernels_to_compare():
    assert len(compiled_functions()) > 40
