"""A dimension of a sampled design: how a number between 0 and 1 becomes a parameter's value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError, nearest
from sweep.space.axis import LISTED, Computed, as_axis
from sweep.space.parameter import INT64, Parameter, finite_number, typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Dimension", "as_dimension", "unmistaken"]


RAREST = 2.0**-40
"""Each tail that a distribution is tried at before it is used: about what the largest design reaches."""


class Dimension:
    """A parameter drawn by a design."""

    parameter: Parameter

    def values(self, u: NDArray[np.float64]) -> NDArray[Any]:
        """Turn numbers, ``0 < u < 1``, into values; strings as category codes."""
        raise NotImplementedError

    def spec(self) -> Any:
        """Describe the dimension in JSON."""
        raise NotImplementedError


class Interval(Dimension):
    """Uniform between two numbers."""

    def __init__(self, name: str, low: Any, high: Any) -> None:
        first, last = finite_number(low), finite_number(high)
        if first is None or last is None or not first < last:
            raise SpaceError(f"range of {name!r}: ({low!r}, {high!r}) is not a lower and a higher number")
        if finite_number(last - first) is None:
            raise SpaceError(f"range of {name!r}: ({low!r}, {high!r}) are further apart than a float can say")
        self.parameter = Parameter(name, "float")
        self._low, self._high = first, last

    def values(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn numbers into values."""
        return self._low + (self._high - self._low) * u

    def spec(self) -> dict[str, float]:
        """Describe the interval."""
        return {"low": self._low, "high": self._high}


class Choice(Dimension):
    """One of some values, all equally likely."""

    def __init__(self, name: str, values: Any) -> None:
        kind, categories, self._held = typed(name, values)
        self.parameter = Parameter(name, kind, categories)

    def values(self, u: NDArray[np.float64]) -> NDArray[Any]:
        """Turn numbers into values."""
        return self._held[np.minimum((u * len(self._held)).astype(np.int64), len(self._held) - 1)]

    def spec(self) -> list[Any]:
        """Describe the values."""
        held = self._held.tolist()
        return [self.parameter.categories[code] for code in held] if self.parameter.kind == "str" else held


class Distribution(Dimension):
    """A distribution of scipy.stats, by the inverse of its distribution function."""

    def __init__(self, name: str, distribution: str, arguments: dict[str, Any]) -> None:
        from scipy import stats

        known = [
            each for each, value in vars(stats).items() if isinstance(value, stats.rv_continuous | stats.rv_discrete)
        ]
        if distribution not in known:
            raise SpaceError(
                f"range of {name!r}: scipy.stats has no distribution {distribution!r}: {nearest(distribution, known)}"
            )
        family = getattr(stats, distribution)
        accepted = _argument_names(family)
        for each, value in arguments.items():
            if each not in accepted:
                raise SpaceError(
                    f"range of {name!r}: {distribution} has no argument {each!r}: {nearest(each, accepted)}"
                )
            if finite_number(value) is None:
                raise SpaceError(f"range of {name!r}: {distribution} has {each} = {value!r}, which is no finite number")
        self._arguments = {each: float(arguments[each]) for each in accepted if each in arguments}
        self._name = distribution
        self.parameter = Parameter(name, "int" if isinstance(family, stats.rv_discrete) else "float")
        try:
            self._frozen = family(**self._arguments)
            middle = self._frozen.ppf(0.5)
        except TypeError as error:
            raise SpaceError(f"range of {name!r}: {distribution}: {error}") from None
        if not np.isfinite(middle):
            raise SpaceError(f"range of {name!r}: {distribution} does not exist with {self._arguments}")
        self.values(np.array([RAREST, 1.0 - RAREST]))

    @classmethod
    def of_frozen(cls, name: str, frozen: Any) -> Distribution:
        """Read a frozen distribution, as ``scipy.stats.norm(0, 1)`` makes one."""
        from scipy import stats

        known: Any = getattr(stats, str(frozen.dist.name), None)
        if type(frozen.dist) is not type(known) or (frozen.dist.a, frozen.dist.b) != (known.a, known.b):
            raise SpaceError(
                f"range of {name!r}: {frozen.dist.name!r} is a distribution of your own; a plan can hold those of scipy.stats"
            )
        given = dict(zip(_argument_names(frozen.dist), frozen.args, strict=False)) | frozen.kwds
        return cls(name, frozen.dist.name, given)

    def values(self, u: NDArray[np.float64]) -> NDArray[Any]:
        """Turn numbers into values."""
        found = self._frozen.ppf(u)
        if not np.all(np.abs(found) < (INT64.max if self.parameter.kind == "int" else np.inf)):
            raise SpaceError(
                f"range of {self.parameter.name!r}: {self._name} with {self._arguments} has values that 64 bits do not hold"
            )
        return found.astype(np.int64) if self.parameter.kind == "int" else found

    def spec(self) -> dict[str, Any]:
        """Describe the distribution by its name and arguments; a location of 0 and a scale of 1 go without saying."""
        plain = {"loc": 0.0, "scale": 1.0}
        return {"dist": self._name, **{key: value for key, value in self._arguments.items() if plain.get(key) != value}}


def _argument_names(family: Any) -> list[str]:
    shapes = [each.strip() for each in (family.shapes or "").split(",") if each.strip()]
    from scipy import stats

    return [*shapes, "loc", *(["scale"] if isinstance(family, stats.rv_continuous) else [])]


def as_dimension(name: str, given: Any) -> Dimension:
    """Make a dimension of what the user gave.

    Parameters
    ----------
    name
        The parameter.
    given
        ``(low, high)`` for uniform, a list (or `range`, `linspace`, `logspace`) for a choice, a
        frozen distribution of scipy.stats, or a dict that says one of these:
        ``{"low": 0, "high": 1}``, ``{"choice": [0, 3]}``, ``{"dist": "norm", "loc": 0, "scale": 2}``.

    Raises
    ------
    SpaceError
        If it is none of these.
    """
    if isinstance(given, Computed | range):
        return _of_axis(name, given)
    if isinstance(given, tuple) and len(given) == len(("low", "high")):
        return Interval(name, *given)
    if isinstance(given, dict):
        return _of_dict(name, dict(given))
    if hasattr(given, "dist") and hasattr(given, "kwds"):
        return Distribution.of_frozen(name, given)
    if isinstance(given, list | np.ndarray):
        return Choice(name, given)
    raise SpaceError(
        f"range of {name!r} is {given!r}: give (low, high), a list of values, or a distribution as scipy.stats.norm(0, 1)"
    )


def unmistaken(ranges: dict[str, Any]) -> dict[str, Any]:
    """Return the ranges that a user gave, unless one is a list of two numbers: either a range or a choice may be meant.

    Raises
    ------
    SpaceError
        If it is; says how either is written.
    """
    for name, given in ranges.items():
        if isinstance(given, list) and len(given) == 2 and all(_is_number(each) for each in given):
            low, high = given
            raise SpaceError(
                f"range of {name!r} is {given!r}: write ({low!r}, {high!r}), in TOML {{low = {low!r}, high = {high!r}}}, for all between, "
                f"or {{'choice': {given!r}}}, in TOML {{choice = {given!r}}}, for either of the two"
            )
    return ranges


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _of_axis(name: str, given: Any) -> Dimension:
    axis = as_axis(name, given)
    if axis.size > LISTED:
        raise SpaceError(
            f"range of {name!r}: a choice of {axis.size:,} values; at most {LISTED:,}, or give (low, high)"
        )
    return Choice(name, axis.at(np.arange(axis.size)))


def _of_dict(name: str, given: dict[str, Any]) -> Dimension:
    if given.keys() == {"low", "high"}:
        return Interval(name, given["low"], given["high"])
    if given.keys() == {"choice"} and isinstance(given["choice"], list):
        return Choice(name, given["choice"])
    if isinstance(given.get("dist"), str):
        return Distribution(name, given.pop("dist"), given)
    raise SpaceError(
        f"range of {name!r} is {given!r}: give {{low = 0, high = 1}}, {{dist = 'norm', ...}}, {{choice = [...]}} or a list of values"
    )
