"""The standard's types: text to values and back."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INTEGERS", "KINDS", "LiteralError", "converted", "limit", "literal", "number", "written"]

INTEGERS = {
    "int": (-(2**31), 2**31 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
}
"""The least and the greatest value of each integer type; ``integer`` is what ``int`` was called before version 1.2."""

KINDS = {**dict.fromkeys(INTEGERS, "int"), "double": "float", "boolean": "bool", "string": "str", "dateTime": "str"}
"""What the values of each type are in a space."""

DOUBLE = re.compile(r"(?=.{1,400}$)[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
LARGEST = 1.7976931348623157e308
INFINITE = {"INF": math.inf, "+INF": math.inf, "-INF": -math.inf}
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class LiteralError(ValueError):
    """A text is no value of its type; the message says so as the end of a sentence."""


def number(text: str) -> float:
    """Read a finite double.

    Raises
    ------
    LiteralError
        If it is none.

    Examples
    --------
    >>> number(" 1.5e1 ")
    15.0
    """
    plain = text.strip()
    if not DOUBLE.fullmatch(plain) or not math.isfinite(float(plain)):
        raise LiteralError(f"is {text!r}: a finite double was expected")
    return float(plain)


def limit(text: str) -> float:
    """Read a double that may be infinite, as in ``INF``.

    Raises
    ------
    LiteralError
        If it is none.
    """
    return INFINITE[text.strip()] if text.strip() in INFINITE else number(text)


def literal(kind: str, text: str) -> Any:
    """Read a value of one of the standard's types.

    Parameters
    ----------
    kind
        ``"int"``, ``"integer"``, ``"unsignedInt"``, ``"unsignedShort"``, ``"double"``, ``"boolean"``, ``"string"`` or ``"dateTime"``.
    text
        As XML Schema writes them.

    Returns
    -------
    int, float, bool or str

    Raises
    ------
    LiteralError
        If the text is no value of the type.

    Examples
    --------
    >>> literal("unsignedShort", "7"), literal("double", "7"), literal("boolean", "1"), literal("string", "7")
    (7, 7.0, True, '7')
    """
    return _READ[kind](kind, text)


def _integer(kind: str, text: str) -> int:
    if not INTEGER.fullmatch(text.strip()):
        raise LiteralError(f"is {text!r}: a value of type {kind} was expected")
    return _within(kind, int(text))


def _within(kind: str, value: int) -> int:
    low, high = INTEGERS[kind]
    if not low <= value <= high:
        raise LiteralError(f"is {value}: a value of type {kind} is from {low} to {high}")
    return value


def _boolean(_: str, text: str) -> bool:
    if text.strip() not in BOOLEANS:
        raise LiteralError(f"is {text!r}: true or false was expected")
    return BOOLEANS[text.strip()]


def _date_time(_: str, text: str) -> str:
    plain = text.strip()
    try:
        dt.datetime.fromisoformat(plain)
        is_one = DATE_TIME.fullmatch(plain) is not None
    except ValueError:
        is_one = False
    if not is_one:
        raise LiteralError(f"is {text!r}: a date and a time was expected, as in 2024-03-21T12:00:00")
    return plain


_READ: dict[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(INTEGERS, _integer),
    "double": lambda _, text: number(text),
    "boolean": _boolean,
    "string": lambda _, text: text,
    "dateTime": _date_time,
}


def converted(kind: str, value: Any) -> Any:
    """Make a Python value one of the standard's types, where nothing is lost.

    Raises
    ------
    LiteralError
        If something would be, as the fraction of a number.
    """
    wanted = KINDS[kind]
    if wanted == "str" and isinstance(value, str):
        return literal(kind, value)
    if wanted == "bool" and isinstance(value, bool):
        return value
    if wanted == "int" and _is_whole(value):
        return _within(kind, int(value))
    if wanted == "float" and _is_number(value) and abs(value) <= LARGEST:
        return float(value)
    raise LiteralError(f"is {value!r}: a value of type {kind} was expected")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


def written(value: Any) -> str:
    """Write a value as XML Schema does; a double by the fewest digits that are read as the same one.

    >>> written(True), written(0.1), written(3), written("x")
    ('true', '0.1', '3', 'x')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(value) if isinstance(value, float) else str(value)
