"""Deterministic distributions: each is an axis of a space, or several parameters side by side.

Constructs are read (`read`), written (`node`) and understood (`space`) in one place each.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sweep.errors import SpaceError
from sweep.openscenario.datatypes import LiteralError, written
from sweep.openscenario.expressions import is_expression
from sweep.openscenario.naming import declaration_of
from sweep.openscenario.parts import Node, Range
from sweep.space.axis import Axis, Decimals, as_axis
from sweep.space.base import POINT_LIMIT
from sweep.space.grid import Grid, Zipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.openscenario.declarations import Declaration
    from sweep.openscenario.markup import Element
    from sweep.openscenario.parts import Context
    from sweep.space import Space

__all__ = ["DistributionRange", "DistributionSet", "ValueSetDistribution"]

MOST_PLACES = 22
SHOWN = 40
LOOKED_AT = 1 << 20
"""Up to so many values of a range are held against the constraints one by one."""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _single(name: str, inner: Node) -> Node:
    return Node("DeterministicSingleParameterDistribution", [("parameterName", name)], [inner])


@dataclass(frozen=True)
class DistributionSet:
    """The listed values of one parameter."""

    name: str
    values: tuple[Any, ...]

    @classmethod
    def read(cls, element: Element, declaration: Declaration, context: Context) -> DistributionSet:
        """Read a ``<DistributionSet>``."""
        element.only()
        listed = element.some("Element")
        if not listed:
            element.refuse("has no <Element>")
        for each in listed:
            each.only("value")
            each.some()
        return cls(declaration.name, tuple(declaration.read(each, "value", context.constants) for each in listed))

    @property
    def names(self) -> tuple[str, ...]:
        """The parameter."""
        return (self.name,)

    def told(self) -> str:
        """Say in a few words what varies."""
        text = ", ".join(written(each) for each in self.values)
        return f"{_count(len(self.values), 'value')}: {text if len(text) <= SHOWN else f'{text[:SHOWN]}...'}"

    def space(self) -> Space:
        """Return its values as a space."""
        return Grid({self.name: as_axis(self.name, list(self.values))})

    def node(self) -> Node:
        """Describe it as an element."""
        return _single(
            self.name, Node("DistributionSet", (), [Node("Element", [("value", each)]) for each in self.values])
        )


@dataclass(frozen=True)
class DistributionRange:
    """The values of one parameter from a lower limit on, a step apart, up to and, where the steps meet it, with the upper limit.

    Attributes
    ----------
    limits, step
        As they are written, as decimal numbers: 0.1, 0.2, 0.3 are three values and nothing is rounded on the way.
    """

    name: str
    limits: Range
    step: float
    axis: Axis

    @classmethod
    def read(cls, element: Element, declaration: Declaration, context: Context) -> DistributionRange:
        """Read a ``<DistributionRange>``."""
        element.only("stepWidth")
        inner = element.one("Range")
        limits, step = Range.read(inner, context), context.double(element, "stepWidth")
        if step <= 0.0:
            element.refuse(f"has a stepWidth of {written(step)}: above 0 was expected")
        if declaration.kind not in {"int", "float"}:
            element.refuse(
                f"steps through {declaration.name!r}, which is of type {declaration.type}: only numbers have steps"
            )
        low, high, width = (
            _decimal(inner, "lowerLimit", limits.low),
            _decimal(inner, "upperLimit", limits.high),
            _decimal(element, "stepWidth", step),
        )
        try:
            axis = _axis(declaration, low, high, width)
        except (SpaceError, LiteralError) as error:
            element.refuse(f"has steps that cannot be taken: {error}")
        _check(element, declaration, axis)
        return cls(declaration.name, limits, step, axis)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameter."""
        return (self.name,)

    def told(self) -> str:
        """Say in a few words what varies."""
        last = written(self.axis.value(self.axis.size - 1))
        return f"{_count(self.axis.size, 'value')}: {written(self.axis.value(0))} to {last} by {written(self.step)}"

    def space(self) -> Space:
        """Return its values as a space; none is made before it is asked for."""
        return Grid({self.name: self.axis})

    def node(self) -> Node:
        """Describe it as an element."""
        return _single(self.name, Node("DistributionRange", [("stepWidth", self.step)], [self.limits.node()]))


def _decimal(element: Element, attribute: str, value: float) -> Decimal:
    """Return a number as it is written; one that was computed as the shortest decimal that is read as it."""
    text = element.attributes[attribute].strip()
    return Decimal(repr(value) if is_expression(text) else text)


def _axis(declaration: Declaration, low: Decimal, high: Decimal, step: Decimal) -> Axis:
    places = max(0, *(-int(each.as_tuple().exponent) for each in map(_shortest, (low, high, step))))
    if places > MOST_PLACES:
        raise LiteralError(f"a number has {places} decimal places, of which at most {MOST_PLACES} can be held exactly")
    start, last, width = (_scaled(each, places) for each in (low, high, step))
    size = (last - start) // width + 1
    if size > POINT_LIMIT:
        raise LiteralError(f"there would be {size:,} values, and at most 2**40 points in a space")
    if declaration.kind == "float":
        return Decimals(size, start, width, places)
    if start % 10**places or width % 10**places:
        raise LiteralError(
            f"{declaration.name!r} is of type {declaration.type}, and a limit or the step is no whole number"
        )
    start, width = start // 10**places, width // 10**places
    return as_axis(declaration.name, range(start, start + width * size, width))


def _shortest(each: Decimal) -> Decimal:
    """Drop zeros at the end; no digit is rounded."""
    if not each:
        return Decimal(0)
    sign, digits, exponent = each.as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    return Decimal((sign, tuple(map(int, text)), int(exponent) + len(digits) - len(text)))


def _scaled(each: Decimal, places: int) -> int:
    """Return a decimal number as a whole number of its last places."""
    sign, digits, exponent = _shortest(each).as_tuple()
    size = int("".join(map(str, digits))) * 10 ** (int(exponent) + places)
    return -size if sign else size


def _check(element: Element, declaration: Declaration, axis: Axis) -> None:
    """Hold the values of a range against the type and the constraints."""
    ends = axis.value(0), axis.value(axis.size - 1)
    for value in ends:
        try:
            declaration.fitting(value)
        except LiteralError as error:
            element.refuse(f"gives {declaration.name!r} a value that {error}")
        declaration.check(element, value)
    if not declaration.groups or declaration.allows_between(*ends):
        return
    if axis.size > LOOKED_AT:
        element.refuse(
            f"has {axis.size:,} values, too many to be held against the constraints of {declaration.name!r}: {declaration.rules}"
        )
    for i in range(axis.size):
        declaration.check(element, axis.value(i))


@dataclass(frozen=True)
class ValueSetDistribution:
    """Values of several parameters side by side.

    Attributes
    ----------
    rows
        Of each set, its values by parameter. What a set does not assign has its declared value.
    defaults
        Those declared values.
    """

    rows: tuple[dict[str, Any], ...]
    defaults: Mapping[str, Any]

    @classmethod
    def read(cls, element: Element, context: Context) -> ValueSetDistribution:
        """Read a ``<ValueSetDistribution>``."""
        element.only()
        sets = element.some("ParameterValueSet")
        if not sets:
            element.refuse("has no <ParameterValueSet>")
        rows = tuple(_row(each, context) for each in sets)
        names = dict.fromkeys(name for row in rows for name in row)
        defaults = {name: context.declarations[name].value for name in names}
        for each, row in zip(sets, rows, strict=True):
            for name in names:
                if name not in row and defaults[name] is None:
                    each.refuse(
                        f"assigns nothing to {name!r}, whose declared value depends on other parameters: assign one"
                    )
        return cls(rows, defaults)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in the order of first mention."""
        return tuple(self.defaults)

    def told(self) -> str:
        """Say in a few words what varies."""
        return f"{_count(len(self.rows), 'set')} of {', '.join(self.names)}"

    def space(self) -> Space:
        """Return the sets as a space."""
        return Zipped(
            {name: as_axis(name, [row.get(name, self.defaults[name]) for row in self.rows]) for name in self.names}
        )

    def node(self) -> Node:
        """Describe it as an element."""
        sets = [
            Node(
                "ParameterValueSet",
                (),
                [Node("ParameterAssignment", [("parameterRef", name), ("value", each)]) for name, each in row.items()],
            )
            for row in self.rows
        ]
        return Node("DeterministicMultiParameterDistribution", (), [Node("ValueSetDistribution", (), sets)])


def _row(element: Element, context: Context) -> dict[str, Any]:
    element.only()
    assignments = element.some("ParameterAssignment")
    if not assignments:
        element.refuse("has no <ParameterAssignment>")
    row: dict[str, Any] = {}
    for each in assignments:
        each.only("parameterRef", "value")
        each.some()
        declaration = declaration_of(each, "parameterRef", context.declarations)
        if declaration.name in row:
            each.refuse(f"assigns {declaration.name!r}, which is assigned before in this set")
        row[declaration.name] = declaration.read(each, "value", context.constants)
    return row
