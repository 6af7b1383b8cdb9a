"""The estimators as kernels, run by the compiled driver on one thread."""

from __future__ import annotations

import numpy as np
from estimators import scalar

from sweep.plan import BLOCK_SIZE
from sweep_kernels import kernel
from sweep_kernels.driver import Blocks, Driver, parameter_words
from sweep_kernels.statistics import FINITE, MEAN, SQUARES


def prepare(name, arguments):
    """Return ``run(first, trials)``: the sum and the sum of squares of what these trials return."""
    kinds = tuple(type(each).__name__ for each in arguments)
    words = parameter_words([np.array([each]) for each in arguments], kinds, 1)
    driver = Driver(kernel(getattr(scalar, name)), kinds, seed=1, trials=1 << 44, block_size=BLOCK_SIZE)

    def run(first, trials):
        count = trials // BLOCK_SIZE
        rows = driver.run(Blocks(0, first // BLOCK_SIZE, count, 0, count), words)[:, 0]
        totals = rows[:, FINITE] * rows[:, MEAN]
        return totals.sum(), (rows[:, SQUARES] + totals * rows[:, MEAN]).sum()

    return run
