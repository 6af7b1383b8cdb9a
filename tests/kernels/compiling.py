"""Run a scalar function compiled, the way the driver does, for comparison with plain Python."""

from __future__ import annotations

import numpy as np

from sweep_kernels import Kernel, kernel
from sweep_kernels.driver import Blocks, Driver, parameter_words

KINDS = {float: "float", int: "int", bool: "bool"}


def compiled_trials(
    each: Kernel, seed: int, point: int, first_block: int, count: int, block_size: int = 8, **parameters
):
    """Return what trials give in compiled code, shape (outputs, count * block_size)."""
    kinds = tuple(KINDS[type(parameters[name])] for name in each.parameters)
    last = (first_block + count) * block_size
    driver = Driver(each, kinds, seed=seed, trials=last, block_size=block_size)
    words = parameter_words([np.array([parameters[name]]) for name in each.parameters], kinds, 1)
    return driver.run_keeping(Blocks(point, first_block, count, 0, count), words)[1]


def as_kernel(function, *outputs: str) -> Kernel:
    return kernel(outputs=outputs or ["value"])(function)
