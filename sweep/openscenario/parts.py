"""What several constructs of a distribution file are made of: numbers, ranges, weights; and how elements are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.openscenario.datatypes import LiteralError, converted, limit, number, written
from sweep.openscenario.expressions import evaluated, is_expression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep.openscenario.declarations import Declaration
    from sweep.openscenario.markup import Element

__all__ = ["Context", "Node", "Range", "check_sum"]

SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Context:
    """What a distribution file is read with.

    Attributes
    ----------
    declarations
        The scenario's parameters, by name.
    constants
        Values of those that the file does not vary: what its expressions may refer to.
    relative_weights
        Whether weights need not add up to 1.
    """

    declarations: Mapping[str, Declaration]
    constants: Mapping[str, Any]
    relative_weights: bool = False

    def double(self, element: Element, attribute: str, *, infinite: bool = False) -> float:
        """Read an attribute as a double; as a finite one, where not both are allowed.

        Raises
        ------
        ScenarioError
            If it is none.
        """
        text = element.attributes[attribute]
        try:
            if is_expression(text):
                return converted("double", evaluated(text, self.constants))
            return limit(text) if infinite else number(text)
        except LiteralError as error:
            element.refuse(f"has an attribute {attribute!r} that {error}")

    def whole(self, element: Element, attribute: str, kind: str) -> int:
        """Read an attribute as one of the integer types.

        Raises
        ------
        ScenarioError
            If it is none.
        """
        text = element.attributes[attribute]
        try:
            return converted(kind, evaluated(text, self.constants) if is_expression(text) else number(text))
        except LiteralError as error:
            element.refuse(f"has an attribute {attribute!r} that {error}")


@dataclass(frozen=True)
class Node:
    """An element to be written."""

    tag: str
    attributes: Sequence[tuple[str, Any]] = ()
    children: Sequence[Node] = ()

    def lines(self, depth: int = 0) -> list[str]:
        """Return its lines, indented by two blanks a level."""
        from xml.sax.saxutils import quoteattr  # which imports urllib, and with it an HTTP client

        blanks = "  " * depth
        named = "".join(f" {key}={quoteattr(written(value))}" for key, value in self.attributes)
        if not self.children:
            return [f"{blanks}<{self.tag}{named}/>"]
        inner = [line for each in self.children for line in each.lines(depth + 1)]
        return [f"{blanks}<{self.tag}{named}>", *inner, f"{blanks}</{self.tag}>"]


@dataclass(frozen=True)
class Range:
    """From a lower to an upper limit, as they are written."""

    low: float
    high: float

    @classmethod
    def read(cls, element: Element, context: Context, *, infinite: bool = False) -> Range:
        """Read a ``<Range>``.

        Raises
        ------
        ScenarioError
            If a limit is none, or the lower one is not below the upper one.
        """
        element.only("lowerLimit", "upperLimit")
        element.some()
        low, high = (context.double(element, key, infinite=infinite) for key in ("lowerLimit", "upperLimit"))
        if low > high:
            element.refuse(f"has a lowerLimit of {written(low)} above its upperLimit of {written(high)}")
        return cls(low, high)

    @classmethod
    def optional(cls, parent: Element, context: Context) -> Range | None:
        """Read the ``<Range>`` of a distribution that may have none; a limit may be infinite."""
        return cls.read(parent.one("Range"), context, infinite=True) if parent.children else None

    def node(self) -> Node:
        """Describe it as an element."""
        return Node("Range", [("lowerLimit", self.low), ("upperLimit", self.high)])


def check_sum(element: Element, weights: Sequence[float], context: Context) -> None:
    """See that weights are none below 0 and add up to 1.

    Raises
    ------
    ScenarioError
        If they do not, or, where they are relative, all are 0.
    """
    for each in weights:
        if each < 0.0:
            element.refuse(f"has a weight of {written(each)}: 0 or more was expected")
    total = math.fsum(weights)
    if not context.relative_weights and abs(total - 1.0) > SUM_TOLERANCE:
        element.refuse(
            f"has weights that add up to {total:.12g}, not to 1: write probabilities, or read it with relative_weights=True "
            "(--relative-weights; relative_weights = true in a TOML study)"
        )
    if not 0.0 < total < math.inf:
        element.refuse(f"has weights that add up to {written(total)}")
