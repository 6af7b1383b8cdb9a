"""The estimators as kernels, run on the first GPU by the same steps, statistics included."""

from __future__ import annotations

import numpy as np
from estimators import scalar

from sweep.plan import BLOCK_SIZE
from sweep_kernels import kernel
from sweep_kernels.cuda.devices import devices
from sweep_kernels.cuda.driver import CudaDriver
from sweep_kernels.driver import Blocks, Driver, parameter_words
from sweep_kernels.statistics import FINITE, MEAN, SQUARES


def rows_of(driver_class, name, arguments, **options):
    """Return ``rows(first, trials)``: statistics of whole blocks."""
    kinds = tuple(type(each).__name__ for each in arguments)
    words = parameter_words([np.array([each]) for each in arguments], kinds, 1)
    driver = driver_class(
        kernel(getattr(scalar, name)), kinds, seed=1, trials=1 << 44, block_size=BLOCK_SIZE, **options
    )

    def rows(first, trials):
        count = trials // BLOCK_SIZE
        return driver.run(Blocks(0, first // BLOCK_SIZE, count, 0, count), words)

    return rows


def prepare(name, arguments):
    """Return ``run(first, trials)``: the sum and the sum of squares of what these trials return."""
    rows_on_gpu = rows_of(CudaDriver, name, arguments, machines=devices()[:1])

    def run(first, trials):
        rows = rows_on_gpu(first, trials)[:, 0]
        totals = rows[:, FINITE] * rows[:, MEAN]
        return totals.sum(), (rows[:, SQUARES] + totals * rows[:, MEAN]).sum()

    return run


def differs(name, arguments, trials):
    """Tell whether a bit of the statistics is another one than the CPU's."""
    on_gpu = rows_of(CudaDriver, name, arguments, machines=devices()[:1])(0, trials)
    return on_gpu.tobytes() != rows_of(Driver, name, arguments)(0, trials).tobytes()
