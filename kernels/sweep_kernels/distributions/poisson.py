"""Poisson numbers between a lower and an upper limit: ``Poisson``."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sweep_kernels.arithmetic import select
from sweep_kernels.distributions.base import Distribution, finite
from sweep_kernels.distributions.steps import position_of, running_sums
from sweep_kernels.errors import UsageError
from sweep_kernels.mathematics.gamma_function import lgamma

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Poisson"]

LARGEST = 1e6
NEGLIGIBLE = 1e-25
"""Terms below this part of the largest are beyond what 64 bits tell apart."""


@dataclass(frozen=True)
class Poisson(Distribution):
    """Poisson with ``0 < mean <= 1e6`` before it was cut off; both limits may be drawn.

    Attributes
    ----------
    as_float
        Whether the numbers are floats.

    Raises
    ------
    UsageError
        If `mean` is out of range, or nothing is between the limits.
    """

    mean: float
    low: float = 0.0
    high: float = math.inf
    as_float: bool = False

    name = "poisson"

    def __post_init__(self) -> None:
        if not 0.0 < finite("the expected value", self.mean) <= LARGEST:
            raise UsageError(f"the expected value is {self.mean:g}: above 0, up to 1e6 was expected")
        if math.isnan(self.low) or self._first > self.high:
            raise UsageError(f"there is no whole number from {self.low:g} to {self.high:g}")
        _ = self._table

    @property
    def kind(self) -> str:
        """Kind of its values."""
        return "float" if self.as_float else "int"

    @property
    def is_countable(self) -> bool:
        """It is, as floats too."""
        return True

    def as_kind(self, kind: str) -> Distribution:
        """See `Distribution.as_kind`."""
        return replace(self, as_float=True) if kind == "float" else super().as_kind(kind)

    @property
    def _first(self) -> float:
        """The least whole number."""
        return 0.0 if self.low <= 0.0 else float(math.ceil(self.low)) if math.isfinite(self.low) else self.low

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest whole number."""
        return self._first, float(math.floor(self.high)) if math.isfinite(self.high) else self.high

    @property
    def _table(self) -> tuple[int, list[float], float]:
        """The first number that may be drawn, probabilities from there on, and the logarithm of what ``mean**k / k!`` adds up to."""
        first, last = self.support
        mode = min(max(float(math.floor(self.mean)), first), last)
        if math.isinf(first) or abs(mode - self.mean) > LARGEST:
            raise UsageError(
                f"the range from {self.low:g} to {self.high:g} is too far from the expected value {self.mean:g}"
            )
        above, below = [1.0], list[float]()
        k, term = mode, 1.0
        while term > NEGLIGIBLE and k < last:
            k += 1.0
            term *= self.mean / k
            above.append(term)
        k, term = mode, 1.0
        while term > NEGLIGIBLE and k > first:
            term *= k / self.mean
            k -= 1.0
            below.append(term)
        terms = [*reversed(below), *above]
        total = math.fsum(terms)
        log_total = mode * math.log(self.mean) - lgamma(mode + 1.0) + math.log(total)
        return int(k), [each / total for each in terms], log_total

    @property
    def inverse(self) -> Callable[[float, float], Any]:
        """See `Distribution.inverse`."""
        start, probabilities, _ = self._table
        position = position_of(running_sums(probabilities))
        return _floats(start, position) if self.as_float else _integers(start, position)

    @property
    def log_density(self) -> Callable[[Any], float]:
        """See `Distribution.log_density`."""
        first, last = self.support
        log_mean, log_total = math.log(self.mean), self._table[2]

        def log_density(x: Any) -> float:
            k = float(x)
            inside = (k >= first) & (k <= last) & (k == math.floor(k))
            k = select(inside, k, 0.0)
            return select(inside, k * log_mean - lgamma(k + 1.0) - log_total, -math.inf)

        return log_density


def _integers(start: int, position: Callable[[float], int]) -> Callable[[float, float], int]:
    def inverse(u: float, v: float) -> int:  # noqa: ARG001 - as the others
        return start + position(u)

    return inverse


def _floats(start: int, position: Callable[[float], int]) -> Callable[[float, float], float]:
    def inverse(u: float, v: float) -> float:  # noqa: ARG001 - as the others
        return float(start + position(u))

    return inverse
