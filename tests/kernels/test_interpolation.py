"""``np.interp`` of a number, in plain Python and compiled."""

from __future__ import annotations

import numpy as np
import pytest

from sweep_kernels import kernel
from sweep_kernels.driver import Blocks, Driver, parameter_words
from sweep_kernels.interpolation import interpolated
from sweep_kernels.tables import TableReference, as_table

XP = np.cumsum(np.linspace(0.1, 2.0, 40))
FP = np.sin(XP)


@kernel(outputs=["y"])
def reads(rng, a, t):
    return np.interp(a * rng.normal() + 20.0, t[0], t[1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_it_is_numpys_and_the_same_bits_compiled(dtype):
    table = as_table("t", np.array([XP, FP], dtype=dtype))
    kinds = ("float", TableReference.of(table).kind)
    driver = Driver(reads, kinds, seed=4, trials=256, block_size=256, tables={"t": table}, width=16)
    _, values = driver.run_keeping(Blocks(0, 0, 1, 0, 1), parameter_words([np.array([30.0]), None], kinds, 1))
    assert [reads.trial(4, 0, i, a=30.0, t=table) for i in range(256)] == list(values[0])


def test_it_agrees_with_numpy():
    x = np.concatenate([np.linspace(-5.0, 50.0, 999), XP])
    assert np.allclose([interpolated(each, XP, FP) for each in x], np.interp(x, XP, FP), rtol=1e-14, atol=1e-15)
    assert np.isnan(interpolated(np.nan, XP, FP))
    with pytest.raises(ValueError, match="as many as their values"):
        interpolated(1.0, XP, FP[1:])
