"""What a distribution of a parameter is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sweep_kernels.draws.primitive import standard_uniform
from sweep_kernels.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep_kernels.rng import Rng

__all__ = ["Distribution", "finite", "logarithm_of_mass"]

HALF_STEP = 2.0**-54


class Distribution(ABC):
    """A distribution of one parameter; each is a frozen dataclass of numbers.

    Attributes
    ----------
    kind
        Of its values: ``"float"``, ``"int"``, ``"bool"`` or ``"str"``; text is drawn as the position of its category.
    categories
        What text is coded by; empty for numbers.
    support
        The least and the greatest value that it can have; of text, of the positions.
    """

    name: str
    """By which a plan knows it."""

    @property
    def kind(self) -> str:
        """Kind of its values."""
        return "float"

    @property
    def categories(self) -> tuple[str, ...]:
        """What text is coded by."""
        return ()

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""

    @property
    def is_countable(self) -> bool:
        """Whether its values are countable, so that `log_density` is of probabilities."""
        return self.kind != "float"

    @property
    def marks(self) -> tuple[Any, ...]:
        """Values that it can have, one for each step of its density, if that has steps."""
        return ()

    @property
    def gaps(self) -> tuple[Any, ...]:
        """Values within its support that it cannot have, one for each gap."""
        return ()

    def reaches(self, other: Distribution) -> bool:
        """Tell whether it can have all values of `other`, so that its draws can be weighted to be that one's."""
        (low, high), (least, most) = self.support, other.support
        if self.is_countable != other.is_countable or not (low <= least and most <= high):
            return False
        own, others = self.log_density, other.log_density
        return all(own(x) > -math.inf for x in other.marks) and not any(others(x) > -math.inf for x in self.gaps)

    @property
    @abstractmethod
    def inverse(self) -> Callable[[float, float], Any]:
        """The plain function ``f(u, v)``: the value with the probability `u` below it and `v` above it, ``u + v = 1``, both above 0.

        Both are given so that either may be small: neither tail is cut off at the 2**-53 from 1 that a float64 can be.
        """

    @property
    @abstractmethod
    def log_density(self) -> Callable[[Any], float]:
        """The plain function ``f(x)``: the logarithm of the density, or of the probability where values are countable; ``-inf`` beyond the support.

        A kernel may call it, by a name of its module: ``density = Normal(20.0, 4.0).log_density``.
        """

    @property
    def draw(self) -> Callable[[Rng], Any]:
        """The plain function ``f(rng)``: a value by one of the trial's uniforms (one U). A kernel may call it."""
        inverse = self.inverse

        def draw(rng: Rng) -> Any:
            u = standard_uniform(rng)
            return inverse(u + HALF_STEP, (1.0 - u) - HALF_STEP)

        return draw

    def spec(self) -> dict[str, Any]:
        """Describe it in JSON; see `sweep_kernels.distributions.spec.from_spec`."""
        return {self.name: {each.name: _as_json(getattr(self, each.name)) for each in fields(self)}}  # type: ignore[arg-type]

    def decoded(self, value: Any) -> Any:
        """Return a drawn value as people write it: text for the position of a category."""
        return self.categories[int(value)] if self.categories else _typed(self.kind, value)

    def encoded(self, value: Any) -> Any:
        """Return what `decoded` was made of.

        Raises
        ------
        UsageError
            If it is text that is none of the categories.
        """
        if not isinstance(value, str):
            return value
        if value not in self.categories:
            raise UsageError(f"{value!r} is none of {list(self.categories)!r}")
        return self.categories.index(value)

    def as_kind(self, kind: str) -> Distribution:
        """Return it with values of another kind: whole numbers may be floats.

        Raises
        ------
        UsageError
            If its values cannot be of that kind.
        """
        if kind != self.kind:
            raise UsageError(f"its values are of type {self.kind}, not {kind}")
        return self


def _typed(kind: str, value: Any) -> Any:
    return {"float": float, "int": int, "bool": bool, "str": str}[kind](value)


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_as_json(each) for each in value]
    return None if isinstance(value, float) and math.isinf(value) else value


def finite(what: str, value: Any) -> float:
    """Return a number as a float.

    Raises
    ------
    UsageError
        If it is none, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{what} is {value!r}: a finite number was expected")
    return float(value)


def logarithm_of_mass(mass: float, low: float, high: float) -> float:
    """Return the logarithm of the probability that a range has.

    Raises
    ------
    UsageError
        If it has none.
    """
    if not mass > 0.0:
        raise UsageError(
            f"the range from {low:g} to {high:g} has no probability: it is too far from the expected value"
        )
    return math.log(mass)
