"""Stochastic distributions: each is what a trial draws one parameter from.

Constructs are read (`read`), written (`node`) and understood (`distribution`) in one place each. What a range leaves of a distribution
is scaled up to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sweep.errors import UsageError
from sweep.openscenario.datatypes import INTEGERS, written
from sweep.openscenario.parts import Node, Range, check_sum
from sweep_kernels.distributions import Discrete, Distribution, Histogram, LogNormal, Normal, Poisson, Uniform

if TYPE_CHECKING:
    from sweep.openscenario.declarations import Declaration
    from sweep.openscenario.markup import Element
    from sweep.openscenario.parts import Context

__all__ = ["STOCHASTIC", "Stochastic", "stochastic"]

SHOWN = 60
ANYTHING = Range(-math.inf, math.inf)


class Construct(Protocol):
    """A distribution as the standard has it."""

    def node(self) -> Node:
        """Describe it as an element."""
        ...

    def distribution(self, declaration: Declaration) -> Distribution:
        """Say what a parameter is drawn from; UsageError where nothing can be drawn."""
        ...


@dataclass(frozen=True)
class _OfMoments:
    """A distribution that is given by its expected value and its variance, before it is cut off at a range."""

    expected_value: float
    variance: float
    limits: Range | None

    @classmethod
    def read(cls, element: Element, declaration: Declaration, context: Context) -> _OfMoments:
        """Read the element."""
        del declaration
        element.only("expectedValue", "variance")
        moments = (context.double(element, key) for key in ("expectedValue", "variance"))
        expected_value, variance = moments
        if variance <= 0.0:
            element.refuse(f"has a variance of {variance:g}: above 0 was expected")
        return cls(expected_value, variance, Range.optional(element, context))

    def node(self) -> Node:
        """Describe it as an element."""
        named = [("expectedValue", self.expected_value), ("variance", self.variance)]
        return Node(type(self).__name__, named, [self.limits.node()] if self.limits else ())


class NormalDistribution(_OfMoments):
    """See the standard."""

    def distribution(self, declaration: Declaration) -> Distribution:
        """Return the normal distribution between the limits."""
        _require_double(self, declaration)
        limits = self.limits or ANYTHING
        return Normal(self.expected_value, math.sqrt(self.variance), limits.low, limits.high)


class LogNormalDistribution(_OfMoments):
    """See the standard; expected value and variance are those of the values, not of their logarithms."""

    def distribution(self, declaration: Declaration) -> Distribution:
        """Return the log-normal distribution between the limits."""
        _require_double(self, declaration)
        limits = self.limits or ANYTHING
        return LogNormal.of_moments(self.expected_value, self.variance, max(limits.low, 0.0), limits.high)


@dataclass(frozen=True)
class UniformDistribution:
    """See the standard."""

    limits: Range

    @classmethod
    def read(cls, element: Element, declaration: Declaration, context: Context) -> UniformDistribution:
        """Read the element."""
        del declaration
        element.only()
        return cls(Range.read(element.one("Range"), context))

    def node(self) -> Node:
        """Describe it as an element."""
        return Node("UniformDistribution", (), [self.limits.node()])

    def distribution(self, declaration: Declaration) -> Distribution:
        """Return the uniform distribution between the limits."""
        _require_double(self, declaration)
        return Uniform(self.limits.low, self.limits.high)


@dataclass(frozen=True)
class PoissonDistribution:
    """See the standard; both limits may be drawn."""

    expected_value: float
    limits: Range | None

    @classmethod
    def read(cls, element: Element, declaration: Declaration, context: Context) -> PoissonDistribution:
        """Read the element."""
        del declaration
        element.only("expectedValue")
        return cls(context.double(element, "expectedValue"), Range.optional(element, context))

    def node(self) -> Node:
        """Describe it as an element."""
        inner = [self.limits.node()] if self.limits else ()
        return Node("PoissonDistribution", [("expectedValue", self.expected_value)], inner)

    def distribution(self, declaration: Declaration) -> Distribution:
        """Return the Poisson distribution between the limits, and those of an integer type."""
        if declaration.kind not in {"int", "float"}:
            raise UsageError(f"draws numbers, and {declaration.name!r} is of type {declaration.type}")
        limits = self.limits or ANYTHING
        low, high = max(limits.low, 0.0), min(limits.high, INTEGERS.get(declaration.type, (0, math.inf))[1])
        return Poisson(self.expected_value, low, float(high), as_float=declaration.kind == "float")


@dataclass(frozen=True)
class HistogramDistribution:
    """``<Histogram>`` of the standard: bins with their weights; within a bin all values are alike."""

    bins: tuple[tuple[Range, float], ...]

    @classmethod
    def read(cls, element: Element, declaration: Declaration, context: Context) -> HistogramDistribution:
        """Read the element."""
        del declaration
        element.only()
        bins = element.some("Bin")
        found: list[tuple[Range, float]] = []
        for each in bins:
            each.only("weight")
            found.append((Range.read(each.one("Range"), context), context.double(each, "weight")))
        check_sum(element, [weight for _, weight in found], context)
        return cls(tuple(found))

    def node(self) -> Node:
        """Describe it as an element."""
        return Node("Histogram", (), [Node("Bin", [("weight", weight)], [each.node()]) for each, weight in self.bins])

    def distribution(self, declaration: Declaration) -> Distribution:
        """Return the histogram, its bins by rising limits."""
        _require_double(self, declaration)
        return Histogram(tuple(sorted((each.low, each.high, weight) for each, weight in self.bins)))


@dataclass(frozen=True)
class ProbabilityDistributionSet:
    """See the standard: values of any type with their weights."""

    values: tuple[tuple[Any, float], ...]

    @classmethod
    def read(cls, element: Element, declaration: Declaration, context: Context) -> ProbabilityDistributionSet:
        """Read the element."""
        element.only()
        found: dict[Any, float] = {}
        for each in element.some("Element"):
            each.only("value", "weight")
            each.some()
            value, weight = declaration.read(each, "value", context.constants), context.double(each, "weight")
            if value in found:
                each.refuse(f"has the value {value!r}, which is there before")
            found[value] = weight
        check_sum(element, list(found.values()), context)
        return cls(tuple(found.items()))

    def node(self) -> Node:
        """Describe it as an element."""
        inner = [Node("Element", [("value", value), ("weight", weight)]) for value, weight in self.values]
        return Node("ProbabilityDistributionSet", (), inner)

    def distribution(self, declaration: Declaration) -> Distribution:
        """Return the values and their weights."""
        del declaration
        return Discrete(tuple(value for value, _ in self.values), tuple(weight for _, weight in self.values))


def _require_double(construct: Any, declaration: Declaration) -> None:
    if declaration.type != "double":
        name = type(construct).__name__.replace("HistogramDistribution", "Histogram")
        raise UsageError(
            f"draws numbers with fractions, and {declaration.name!r} is of type {declaration.type}: "
            f"take a PoissonDistribution or a ProbabilityDistributionSet, not a {name}"
        )


STOCHASTIC: dict[str, Any] = {
    "ProbabilityDistributionSet": ProbabilityDistributionSet,
    "NormalDistribution": NormalDistribution,
    "LogNormalDistribution": LogNormalDistribution,
    "UniformDistribution": UniformDistribution,
    "PoissonDistribution": PoissonDistribution,
    "Histogram": HistogramDistribution,
}


@dataclass(frozen=True)
class Stochastic:
    """One parameter, the construct it is drawn by, and what that means."""

    name: str
    construct: Construct
    distribution: Distribution

    def told(self) -> str:
        """Say in a few words what varies: the element's name and its numbers."""
        node = self.construct.node()
        numbers = [f"{key}={written(value)}" for key, value in node.attributes]
        limits = [each for each in node.children if each.tag == "Range"]
        entries = ", ".join(
            f"{written(a)} {written(b)}"
            for (_, a), (_, b) in (each.attributes for each in node.children if len(each.attributes) > 1)
        )
        said = [*numbers, *(f"{written(a)} to {written(b)}" for (_, a), (_, b) in (each.attributes for each in limits))]
        text = ", ".join(said) or entries or f"{len(node.children)} bins"
        return f"{node.tag}: {text if len(text) <= SHOWN else f'{text[:SHOWN]}...'}"

    def node(self) -> Node:
        """Describe it as an element."""
        return Node("StochasticDistribution", [("parameterName", self.name)], [self.construct.node()])


def stochastic(element: Element, declaration: Declaration, context: Context) -> Stochastic:
    """Read what stands in a ``<StochasticDistribution>``.

    Raises
    ------
    ScenarioError
        If it is malformed, nothing can be drawn from it, or it may draw what the parameter's constraints exclude.
    """
    construct = STOCHASTIC[element.tag].read(element, declaration, context)
    try:
        distribution = construct.distribution(declaration)
    except UsageError as error:
        element.refuse(f"of {declaration.name!r}: {error}")
    _check(element, declaration, distribution)
    return Stochastic(declaration.name, construct, distribution)


def _check(element: Element, declaration: Declaration, distribution: Distribution) -> None:
    """Hold what may be drawn against the constraints; listed values are, as they are read."""
    low, high = distribution.support
    ends_fit = not isinstance(distribution, Poisson) or all(
        declaration.allows(each) for each in (low, high) if math.isfinite(each)
    )
    if isinstance(distribution, Discrete) or (ends_fit and declaration.allows_between(low, high)):
        return
    ends = f"{'' if math.isinf(low) else f' from {low:g}'}{'' if math.isinf(high) else f' to {high:g}'}"
    element.refuse(
        f"may give {declaration.name!r} any number{ends}, and its constraints are {declaration.rules}: give it a <Range> within them"
    )
