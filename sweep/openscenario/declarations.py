"""The parameters that a scenario declares, and the constraints on their values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.openscenario.datatypes import KINDS, LiteralError, converted, literal
from sweep.openscenario.expressions import evaluated, is_expression, references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.openscenario.markup import Element

__all__ = ["Constraint", "Declaration", "declared"]

RULES = ("equalTo", "greaterThan", "lessThan", "greaterOrEqual", "lessOrEqual", "notEqualTo")
SPOKEN: dict[str, str] = dict(zip(RULES, ("=", ">", "<", ">=", "<=", "!="), strict=True))
TYPES = tuple(KINDS)


@dataclass(frozen=True)
class Constraint:
    """A rule that a value obeys, as in ``lessThan 30.0``.

    Attributes
    ----------
    rule
        One of the standard's six.
    value
        Of the parameter's type.
    """

    rule: str
    value: Any

    def allows(self, value: Any) -> bool:
        """Tell whether a value obeys it."""
        a, b = _ordered(value), _ordered(self.value)
        match self.rule:
            case "equalTo":
                return a == b
            case "notEqualTo":
                return a != b
            case "greaterThan":
                return a > b
            case "lessThan":
                return a < b
            case "greaterOrEqual":
                return a >= b
            case _:
                return a <= b

    def __str__(self) -> str:
        return f"{SPOKEN[self.rule]} {self.value!r}"


def _ordered(value: Any) -> Any:
    """Make dates comparable, those without a time zone as if they were in UTC."""
    if not isinstance(value, str):
        return value
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Declaration:
    """A parameter that a scenario declares.

    Attributes
    ----------
    name
        Without the ``$`` of a reference.
    type
        One of the standard's; see `sweep.openscenario.datatypes.literal`.
    value
        What it has if nothing else is said; None where that refers to another parameter.
    text
        That value as it is written.
    groups
        Constraints: a value obeys all of at least one group, if there are any.
    """

    name: str
    type: str
    value: Any
    text: str
    groups: tuple[tuple[Constraint, ...], ...]

    @property
    def kind(self) -> str:
        """Of its values in a space: ``"int"``, ``"float"``, ``"bool"`` or ``"str"``."""
        return KINDS[self.type]

    def read(self, element: Element, attribute: str, constants: Mapping[str, Any]) -> Any:
        """Read an attribute as a value of the parameter.

        Parameters
        ----------
        element, attribute
            Where it stands.
        constants
            Values of the parameters that it may refer to.

        Raises
        ------
        ScenarioError
            If it is no value of the type, or the constraints exclude it.
        """
        text = element.attributes[attribute]
        try:
            is_computed = is_expression(text) and not (
                self.kind == "str" and "{" in text
            )  # of text there are references only
            value = converted(self.type, evaluated(text, constants)) if is_computed else literal(self.type, text)
        except LiteralError as error:
            element.refuse(f"gives {self.name!r} a value that {error}")
        self.check(element, value)
        return value

    def fitting(self, value: Any) -> Any:
        """Return a Python value as one of the parameter's.

        Raises
        ------
        LiteralError
            If it is none of its type.
        """
        return converted(self.type, value)

    def check(self, element: Element, value: Any) -> None:
        """See that the constraints allow a value.

        Raises
        ------
        ScenarioError
            If they do not.
        """
        if not self.allows(value):
            element.refuse(f"gives {self.name!r} the value {value!r}, which its constraints exclude: {self.rules}")

    def allows(self, value: Any) -> bool:
        """Tell whether the constraints allow a value."""
        return not self.groups or any(all(each.allows(value) for each in group) for group in self.groups)

    def allows_between(self, low: float, high: float) -> bool:
        """Tell whether the constraints allow all numbers between two, which are not themselves asked about."""
        return not self.groups or any(all(_holds_between(each, low, high) for each in group) for group in self.groups)

    @property
    def rules(self) -> str:
        """The constraints, for people."""
        return " or ".join(" and ".join(map(str, group)) for group in self.groups)


def _holds_between(constraint: Constraint, low: float, high: float) -> bool:
    limit = constraint.value
    match constraint.rule:
        case "equalTo":
            return False
        case "notEqualTo":
            return not low < limit < high
        case "greaterThan" | "greaterOrEqual":
            return low >= limit
        case _:
            return high <= limit


def declared(root: Element) -> dict[str, Declaration]:
    """Read the parameters that a scenario declares for the whole of it.

    Parameters
    ----------
    root
        ``<OpenSCENARIO>``.

    Returns
    -------
    dict
        By name, in the order of the file.

    Raises
    ------
    ScenarioError
        If a declaration is malformed, or two have one name.
    """
    found: dict[str, Declaration] = {}
    for parent in (each for each in root.children if each.tag == "ParameterDeclarations"):
        for element in parent.some("ParameterDeclaration"):
            each = _declaration(
                element, {name: other.value for name, other in found.items() if other.value is not None}
            )
            if each.name in found:
                element.refuse(f"declares {each.name!r}, which is declared before")
            found[each.name] = each
    return found


def _declaration(element: Element, constants: Mapping[str, Any]) -> Declaration:
    element.only("name", "parameterType", "value")
    name, kind, text = (element.attributes[key] for key in ("name", "parameterType", "value"))
    if kind not in KINDS:
        element.refuse(f"declares {name!r} of type {kind!r}: expected one of {', '.join(TYPES)}")
    groups = tuple(_group(each, name, kind) for each in element.some("ConstraintGroup"))
    is_settled = all(each in constants for each in references(text))
    value = Declaration(name, kind, None, text, ()).read(element, "value", constants) if is_settled else None
    return Declaration(name, kind, value, text, groups)


def _group(element: Element, name: str, kind: str) -> tuple[Constraint, ...]:
    element.only()
    found = element.some("ValueConstraint")
    if not found:
        element.refuse("has no <ValueConstraint>")
    return tuple(_constraint(each, name, kind) for each in found)


def _constraint(element: Element, name: str, kind: str) -> Constraint:
    element.only("rule", "value")
    rule = element.attributes["rule"]
    if rule not in RULES:
        element.refuse(f"has the rule {rule!r}: expected one of {', '.join(RULES)}")
    if kind in {"string", "boolean"} and rule not in {"equalTo", "notEqualTo"}:
        element.refuse(f"has the rule {rule!r}, and {name!r} is of type {kind}, whose values have no order")
    return Constraint(rule, Declaration(name, kind, None, "", ()).read(element, "value", {}))
