"""One of several by weight, and all of several in any order: ``choice``, ``shuffle``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sweep_kernels.arithmetic import select
from sweep_kernels.draws.primitive import standard_uniform

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["choice", "shuffle"]

LEAST_TOTAL = 1e-300


def choice(rng: Rng, weights: Any) -> int:
    """Draw an index of `weights` with a probability in proportion to its weight. One U.

    Weights are summed from the first to the last: the index is the first one whose running sum is above ``U`` times the total.

    Parameters
    ----------
    weights
        A tuple or an array of one dimension; the sum need not be 1.

    Raises
    ------
    ValueError
        If a weight is negative or NaN, or their sum is not above 1e-300 and finite.
    """
    total = 0.0
    allowed = True
    for i in range(len(weights)):
        allowed = allowed & (weights[i] >= 0.0)
        total = total + weights[i]
    if not (allowed and total > LEAST_TOTAL and total < math.inf):
        raise ValueError("choice: no weight may be negative, and their sum must be above 1e-300 and finite")
    target = standard_uniform(rng) * total
    index = 0
    running = 0.0
    for i in range(len(weights)):
        running = running + weights[i]
        index = index + select(running <= target, 1, 0)
    return index


def shuffle(rng: Rng, x: Any) -> None:
    """Put the elements of `x` in a random order, in place. A U for each element but one.

    R. Durstenfeld, "Algorithm 235: Random permutation", Communications of the ACM 7 (1964), https://doi.org/10.1145/364520.364540.

    Parameters
    ----------
    x
        An array of one dimension, of fewer than 2**32 elements.
    """
    for i in range(len(x) - 1, 0, -1):
        j = int(standard_uniform(rng) * float(i + 1))
        x[i], x[j] = x[j], x[i]
