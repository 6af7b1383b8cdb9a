"""Inversion of a distribution function that rises in steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.arithmetic import select
from sweep_kernels.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["LONGEST", "position_of", "probabilities_of", "running_sums"]

LONGEST = 1 << 15
"""The most steps: a kernel holds them in its code."""


def probabilities_of(what: str, weights: Sequence[float]) -> list[float]:
    """Return weights as parts of their sum.

    Raises
    ------
    UsageError
        If there are none or too many, one is negative or not finite, or all are 0.
    """
    if not 1 <= len(weights) <= LONGEST:
        raise UsageError(f"{len(weights):,} {what}: 1 to {LONGEST:,} were expected")
    for each in weights:
        if isinstance(each, bool) or not isinstance(each, int | float) or not 0.0 <= each < math.inf:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UsageError(f"the weight {each!r} is not 0 or more, and finite")
    total = math.fsum(weights)
    if not 0.0 < total < math.inf:
        raise UsageError(f"the weights of {what} add up to {total:g}: above 0 was expected")
    return [each / total for each in weights]


def running_sums(probabilities: Sequence[float]) -> NDArray[np.float64]:
    """Return the probability of each step or one before it, rounded once each.

    >>> running_sums([0.25, 0.5, 0.25])
    array([0.25, 0.75, 1.  ])
    """
    sums, total, lost = list[float](), 0.0, 0.0
    for each in probabilities:  # W. Kahan (1965), https://doi.org/10.1145/363707.363723
        term = each - lost
        above = total + term
        lost, total = (above - total) - term, above
        sums.append(total)
    return np.minimum(np.array(sums), 1.0)


def position_of(sums: NDArray[Any]) -> Callable[[float], int]:
    """Make the plain function ``f(u)``: the first step whose running sum is above `u`, the last one if none is.

    It halves the same number of times for every `u`, so that trials stay in step.
    """
    last = len(sums) - 1
    top = 1 << last.bit_length() >> 1

    def position(u: float) -> int:
        at = 0
        step = top
        while step > 0:
            probe = at + step
            inside = probe <= last
            below = sums[select(inside, probe, 1) - 1] <= u
            at = select(inside & below, probe, at)
            step = step >> 1
        return at

    return position
