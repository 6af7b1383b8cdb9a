"""The same functions compiled by numba as it is, with NumPy's generator passed in."""

from __future__ import annotations

import numpy as np
from estimators import scalar
from numba import njit

FAST = {"fastmath": True, "error_model": "numpy"}


def prepare(name, arguments):
    """Return ``run(first, trials)``; see `ours`. The draws are PCG64's, so which trials they are means nothing."""
    trial = njit(**FAST)(getattr(scalar, name))
    rng = np.random.default_rng(1)

    @njit(**FAST)
    def loop(rng, trials, arguments):
        total = squares = 0.0
        for _ in range(trials):
            value = trial(rng, *arguments)
            total += value
            squares += value * value
        return total, squares

    return lambda _first, trials: loop(rng, trials, arguments)
