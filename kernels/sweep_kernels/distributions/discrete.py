"""One of several values by probability: ``Discrete``."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.arithmetic import select
from sweep_kernels.distributions.base import Distribution
from sweep_kernels.distributions.steps import LONGEST, position_of, probabilities_of, running_sums
from sweep_kernels.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Discrete"]


@dataclass(frozen=True)
class Discrete(Distribution):
    """One of some values, each as likely as its weight's part of their sum.

    Attributes
    ----------
    values
        All floats, all whole numbers, all bools or all text; no two the same.
    weights
        As many.

    Raises
    ------
    UsageError
        If two values are the same, they are of several types, or the weights are not as many, negative, or all 0.

    Examples
    --------
    >>> car = Discrete(("sedan", "truck"), (0.75, 0.25))
    >>> car.inverse(0.8, 0.2), car.decoded(1), round(car.log_density(0), 4)
    (1, 'truck', -0.2877)
    """

    values: tuple[Any, ...]
    weights: tuple[float, ...]

    name = "discrete"

    def __post_init__(self) -> None:
        kinds = {type(each) for each in self.values}
        if len(kinds) > 1 or not kinds <= {float, int, bool, str}:
            raise UsageError(f"the values {self.values!r} are not all floats, all whole numbers, all bools or all text")
        if len(self.values) != len(self.weights):
            raise UsageError(f"{len(self.values)} values have {len(self.weights)} weights")
        if len(set(self.values)) != len(self.values):
            raise UsageError(f"two of the values {self.values!r} are the same")
        probabilities_of("values", self.weights)

    @property
    def kind(self) -> str:
        """Kind of its values."""
        return type(self.values[0]).__name__

    @property
    def categories(self) -> tuple[str, ...]:
        """Its values, where they are text."""
        return self.values if self.kind == "str" else ()

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value that has a weight; of text, positions."""
        held = self._held()
        return float(held.min()), float(held.max())

    @property
    def is_countable(self) -> bool:
        """It is, whatever its values."""
        return True

    @property
    def marks(self) -> tuple[Any, ...]:
        """The values that have a weight; of text, positions."""
        return tuple(self._held().tolist())

    @property
    def gaps(self) -> tuple[Any, ...]:
        """Whole numbers between them, as far as these are no more than a kernel could hold."""
        held = set(self.marks)
        low, high = min(held), max(held)
        return tuple(x for x in range(int(low), int(high) + 1) if x not in held) if high - low <= LONGEST else ()

    def as_kind(self, kind: str) -> Distribution:
        """See `Distribution.as_kind`."""
        if kind == "float" and self.kind == "int":
            return replace(self, values=tuple(float(each) for each in self.values))
        return super().as_kind(kind)

    def _held(self) -> Any:
        """Return the values that have a weight, text as positions."""
        weighted = [i for i, each in enumerate(self.weights) if each > 0.0]
        return np.array([i if self.categories else self.values[i] for i in weighted])

    def _probabilities(self) -> list[float]:
        return [each for each in probabilities_of("values", self.weights) if each > 0.0]

    @property
    def inverse(self) -> Callable[[float, float], Any]:
        """See `Distribution.inverse`."""
        held, position = self._held(), position_of(running_sums(self._probabilities()))
        return {"float": _floats, "bool": _bools}.get(self.kind, _integers)(held, position)

    @property
    def log_density(self) -> Callable[[Any], float]:
        """See `Distribution.log_density`; of text, a function of its position."""
        held = self._held().astype(np.float64)
        logarithms = np.array([math.log(each) for each in self._probabilities()])
        count = len(held)

        def log_density(x: Any) -> float:
            found = -math.inf
            for i in range(count):
                found = select(held[i] == float(x), logarithms[i], found)
            return float(found)

        return log_density


def _floats(held: Any, position: Callable[[float], int]) -> Callable[[float, float], float]:
    def inverse(u: float, v: float) -> float:  # noqa: ARG001 - as the others
        return float(held[position(u)])

    return inverse


def _integers(held: Any, position: Callable[[float], int]) -> Callable[[float, float], int]:
    def inverse(u: float, v: float) -> int:  # noqa: ARG001 - as the others
        return int(held[position(u)])

    return inverse


def _bools(held: Any, position: Callable[[float], int]) -> Callable[[float, float], bool]:
    def inverse(u: float, v: float) -> bool:  # noqa: ARG001 - as the others
        return bool(held[position(u)])

    return inverse
