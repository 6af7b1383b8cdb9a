"""The uniform distribution: ``Uniform``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import select
from sweep_kernels.distributions.base import Distribution, finite
from sweep_kernels.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Uniform"]


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform on ``[low, high]``.

    Raises
    ------
    UsageError
        If `low` is not below `high`, or they are infinitely far apart.
    """

    low: float
    high: float

    name = "uniform"

    def __post_init__(self) -> None:
        if not finite("the lower limit", self.low) < finite("the upper limit", self.high):
            raise UsageError(f"the lower limit {self.low:g} is not below the upper limit {self.high:g}")
        if math.isinf(self.high - self.low):
            raise UsageError(f"the limits {self.low:g} and {self.high:g} are further apart than a float can say")

    @property
    def support(self) -> tuple[float, float]:
        """Both ends."""
        return self.low, self.high

    @property
    def inverse(self) -> Callable[[float, float], float]:
        """See `Distribution.inverse`."""
        low, high = float(self.low), float(self.high)

        def inverse(u: float, v: float) -> float:
            x = v * low + u * high
            x = select(x < low, low, x)
            return select(x > high, high, x)

        return inverse

    @property
    def log_density(self) -> Callable[[float], float]:
        """See `Distribution.log_density`."""
        low, high = float(self.low), float(self.high)
        inside = -math.log(high - low)

        def log_density(x: float) -> float:
            return select((x >= low) & (x <= high), inside, -math.inf)

        return log_density
