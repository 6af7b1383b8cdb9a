"""Axes: values by position, listed or computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sweep.errors import SpaceError
from sweep.space.objects import Objects
from sweep.space.parameter import Parameter, decoded, finite_number, fits, typed, whole_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Axis", "Decimals", "Linspace", "Logspace", "as_axis", "axis_from_spec", "linspace", "logspace"]

EXACT = 2**53
MOST_PLACES = 22
LISTED = 4096
"""Axes up to this long are written into a plan value by value, however they were said; longer ones as they were said."""


class Axis(Protocol):
    """Values by position, ``0 <= i < size``."""

    @property
    def kind(self) -> str:
        """Kind of the values; see `sweep.space.parameter.Parameter`."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """What strings are coded by."""
        ...

    @property
    def size(self) -> int:
        """How many values."""
        ...

    def at(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        """Return the values at some positions; strings as category codes."""
        ...

    def value(self, position: int) -> Any:
        """Return one value as the user wrote it."""
        ...

    def spec(self) -> Any:
        """Describe the axis in JSON."""
        ...


class Listed:
    """An axis whose values are listed."""

    def __init__(self, name: str, values: Any) -> None:
        self.kind, self.categories, self._held = typed(name, values)
        self.size = len(self._held)
        self._parameter = Parameter(name, self.kind, self.categories)

    def at(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        """Return the values at some positions."""
        return self._held[positions]

    def value(self, position: int) -> Any:
        """Return one value."""
        return decoded(self._parameter, self._held[position])

    def spec(self) -> list[Any]:
        """Describe the axis: its values."""
        if self.kind == "str":
            return [self.categories[code] for code in self._held]
        return self._held.tolist()


@dataclass(frozen=True)
class Computed:
    """An axis whose values are computed from their position."""

    size: int

    kind = "float"
    categories = ()

    def at(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        """Return the values at some positions."""
        raise NotImplementedError

    def value(self, position: int) -> Any:
        """Return one value."""
        return self.at(np.array([position]))[0].item()

    def spec(self) -> Any:
        """Describe the axis: by its values if they are few, else as it was said."""
        return self.at(np.arange(self.size)).tolist() if self.size <= LISTED else self.said()

    def said(self) -> Any:
        """Describe the axis as it was said."""
        raise NotImplementedError


@dataclass(frozen=True)
class Steps(Computed):
    """An axis of equally spaced integers; what a `range` becomes."""

    start: int
    step: int

    kind = "int"

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the values at some positions."""
        return self.start + self.step * positions

    def value(self, position: int) -> int:
        """Return one value."""
        return self.start + self.step * position

    def said(self) -> dict[str, list[int]]:
        """Describe the axis as a range."""
        return {"range": [self.start, self.start + self.step * self.size, self.step]}


@dataclass(frozen=True)
class Decimals(Computed):
    """Equally spaced decimal numbers ``(start + i step) / 10**places``, each the float64 nearest to it: 0.1, 0.2, 0.3, not 0.30000000000000004.

    One division of two exact numbers rounds once: `start`, `step` and the last numerator are below 2**53, and `places` is 22 at most.
    """

    start: int
    step: int
    places: int

    def __post_init__(self) -> None:
        last = self.start + self.step * (self.size - 1)
        if max(abs(self.start), abs(self.step), abs(last)) >= EXACT or not 0 <= self.places <= MOST_PLACES:
            raise SpaceError(f"decimals {self.said()['decimals']}: beyond 15 digits")

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values at some positions."""
        return (self.start + self.step * positions) / 10.0**self.places

    def said(self) -> dict[str, list[int]]:
        """Describe the axis by its numerators: the first, the step, and how many; and the places."""
        return {"decimals": [self.start, self.step, self.size, self.places]}


@dataclass(frozen=True)
class Linspace(Computed):
    """`size` equally spaced values from `low` to `high`, both included; the values are those of ``numpy.linspace``, bit for bit."""

    low: float
    high: float

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values at some positions."""
        if self.size == 1:
            return np.full(len(positions), self.low)
        width, last = self.high - self.low, self.size - 1
        step = width / last
        offset = positions * step if step or not width else positions / last * width
        return np.where(positions == last, self.high, offset + self.low)

    def said(self) -> dict[str, list[Any]]:
        """Describe the axis as it was said."""
        return {"linspace": [self.low, self.high, self.size]}


@dataclass(frozen=True)
class Logspace(Computed):
    """`size` values from `low` to `high`, both included, each the same multiple of the one before."""

    low: float
    high: float

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values at some positions."""
        if self.size == 1:
            return np.full(len(positions), self.low)
        exponents = positions * (math.log10(self.high / self.low) / (self.size - 1))
        values = self.low * 10.0**exponents
        return np.where(positions == 0, self.low, np.where(positions == self.size - 1, self.high, values))

    def said(self) -> dict[str, list[Any]]:
        """Describe the axis as it was said."""
        return {"logspace": [self.low, self.high, self.size]}


def linspace(low: float, high: float, num: int) -> Linspace:
    """Make an axis of `num` equally spaced values, both ends included, without listing them.

    Examples
    --------
    >>> linspace(0, 1, 5).spec()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    first, last, size = _checked("linspace", low, high, num)
    if not math.isfinite(last - first):
        raise SpaceError(f"linspace({low!r}, {high!r}, {num!r}): the ends are further apart than a float can say")
    return Linspace(size, first, last)


def logspace(low: float, high: float, num: int) -> Logspace:
    """Make an axis of `num` geometrically spaced values from `low` to `high`, both included, without listing them.

    Examples
    --------
    >>> logspace(1, 100, 3).spec()
    [1.0, 10.0, 100.0]
    """
    first, last, size = _checked("logspace", low, high, num)
    said = f"logspace({low!r}, {high!r}, {num!r})"
    if first <= 0 or last <= 0:
        raise SpaceError(f"{said}: both ends must be above zero")
    if not 0.0 < last / first < math.inf:
        raise SpaceError(f"{said}: the ends are a larger factor apart than a float can say")
    return Logspace(size, first, last)


def _checked(what: str, low: Any, high: Any, num: Any) -> tuple[float, float, int]:
    said = f"{what}({low!r}, {high!r}, {num!r})"
    size, first, last = whole_number(num), finite_number(low), finite_number(high)
    if size is None or size < 1:
        raise SpaceError(f"{said}: the number of values must be a whole number, 1 or more")
    if first is None or last is None:
        raise SpaceError(f"{said}: both ends must be finite numbers")
    return first, last, size


def as_axis(name: str, values: Any) -> Axis:
    """Make an axis of what the user gave: values, a `range`, `linspace`, `logspace`, or one value.

    Raises
    ------
    SpaceError
        If it cannot be an axis.
    """
    if isinstance(values, Computed | Objects):
        return values
    return _steps(name, values) if isinstance(values, range) else Listed(name, values)


def _steps(name: str, values: range) -> Steps:
    if not values:
        raise SpaceError(f"axis {name!r} is empty: {values!r}")
    if not all(map(fits, (values[0], values[-1], values.step))):
        raise SpaceError(f"axis {name!r} is {values!r}: beyond 64 bits; an integer is from -2**63 to 2**63 - 1")
    return Steps((values[-1] - values[0]) // values.step + 1, values.start, values.step)


def axis_from_spec(name: str, spec: Any) -> Axis:
    """Read what `Axis.spec` wrote, and what a TOML spec says: a list, or ``{linspace = [low, high, num]}`` and the like."""
    if not isinstance(spec, dict):
        return as_axis(name, spec)
    if set(spec) == {"objects"}:
        return _objects_from_spec(name, spec["objects"])
    if list(spec) == ["decimals"]:
        start, step, size, places = spec["decimals"]
        return Decimals(size, start, step, places)
    makers = {"range": range, "linspace": linspace, "logspace": logspace}
    if len(spec) != 1 or not set(spec) <= set(makers):
        raise SpaceError(
            f"axis {name!r} is {spec!r}: give a list, or one of {{range = ...}}, {{linspace = ...}}, {{logspace = ...}}, {{objects = ...}}"
        )
    ((maker, arguments),) = spec.items()
    if maker != "range" and (not isinstance(arguments, list) or len(arguments) != len(("low", "high", "num"))):
        raise SpaceError(
            f"axis {name!r}: {maker} = {arguments!r} is not the low end, the high end and the number of values, as in {{ {maker} = [1, 10, 5] }}"
        )
    try:
        return as_axis(name, makers[maker](*arguments))
    except (TypeError, ValueError) as error:
        raise SpaceError(f"axis {name!r}: {maker} = {arguments!r}: {error}") from None


def _objects_from_spec(name: str, spec: Any) -> Objects:
    """Read a pinned collection."""
    try:
        return Objects.from_spec(spec)
    except (KeyError, TypeError, ValueError):
        raise SpaceError(f"axis {name!r}: objects = {spec!r} is no folder and no s3://bucket/prefix") from None
