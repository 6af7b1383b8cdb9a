"""Which one of several, and yes or no: ``integers``, ``bernoulli``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_kernels.draws.primitive import standard_uniform

if TYPE_CHECKING:
    from sweep_kernels.rng import Rng

__all__ = ["bernoulli", "integers"]

MOST_INTEGERS = 1 << 32


def integers(rng: Rng, low: int, high: int) -> int:
    """Integer on ``low <= k < high``, at most 2**32 values. One U.

    ``low + floor(U (high - low))``: a value's probability is off by at most one part in ``2**53 / (high - low)``.

    Raises
    ------
    ValueError
        If there is no integer to draw, there are more than 2**32, or one of the ends is not whole.
    """
    span = high - low
    if not (span >= 1 and span <= MOST_INTEGERS):
        raise ValueError("integers: high must be above low, by at most 2**32")
    first = int(low)
    if first != low or int(high) != high:
        raise ValueError("integers: low and high must be whole numbers")
    return first + int(standard_uniform(rng) * float(span))


def bernoulli(rng: Rng, p: float) -> bool:
    """Return whether an event of probability `p` happens: ``U < p``. One U.

    Raises
    ------
    ValueError
        If `p` is not between 0 and 1.
    """
    if not (p >= 0.0 and p <= 1.0):
        raise ValueError("bernoulli: the probability must be between 0 and 1")
    return standard_uniform(rng) < p
