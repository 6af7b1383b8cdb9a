"""Readers of single values: text, numbers, booleans, times, bytes."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sweep.serve.wire.shape import Shape, limits
from sweep.serve.wire.words import UnreadableError, Where, at, failed, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["scalar_reader", "too_few_or_many"]

BITS = {"integer": 32, "long": 64}
MOST = {"float": 3.4028234663852886e38, "double": 1.7976931348623157e308}
"""The largest finite numbers of IEEE 754's two formats."""

ANY_CASE = "aren't case sensitive"
"""How the model says so of an enumeration; it has no other way."""


def scalar_reader(shape: Shape) -> Callable[[Any, Where, list[str]], Any]:
    """Make a reader for a shape that holds no others; see `sweep.serve.wire.reading.Readers`.

    Raises
    ------
    NotImplementedError
        If a newer botocore has a type that is unknown here.
    """
    kind = shape.type_name
    if kind in {"string", "character"}:
        return _text_reader(shape)
    if kind in BITS:
        return _integer_reader(shape, BITS[kind])
    if kind in MOST:
        return _float_reader(shape, MOST[kind])
    if kind in _PLAIN:
        return _PLAIN[kind]
    raise NotImplementedError(f"{shape.name} is of type {kind}")


def too_few_or_many(length: int, low: float, high: float) -> str:
    """Return the constraint that a length fails, or nothing."""
    if length < low:
        return f"have length greater than or equal to {low:g}"
    return f"have length less than or equal to {high:g}" if length > high else ""


def _text_reader(shape: Shape) -> Callable[[Any, Where, list[str]], Any]:
    check = _text_check(shape)
    is_secret = bool(shape.metadata.get("sensitive"))

    def read(value: Any, where: Where, problems: list[str]) -> Any:
        if type(value) is not str:
            raise unreadable(value, where, "a string")
        if not value.isascii():
            _check_characters(value, where)
        constraint = check(value) if check is not None else ""
        if constraint:
            problems.append(failed(None if is_secret else value, where, constraint))
        return value

    return read


def _check_characters(value: str, where: Where) -> None:
    """Refuse half of a surrogate pair, which JSON can escape and UTF-8 cannot hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnreadableError(f"Value at '{at(where)}' holds half a character (a surrogate)") from None


def _text_check(shape: Shape) -> Callable[[str], str] | None:
    """Make what returns the constraint that a text fails, or nothing; None where there are no constraints."""
    low, high = limits(shape)
    allowed = shape.metadata.get("enum")
    pattern = _pattern(shape)
    if not allowed and pattern is None and (low, high) == (float("-inf"), float("inf")):
        return None
    fold: Callable[[str], str] = str.upper if ANY_CASE in shape.documentation.replace("\u2019", "'") else str
    folded = frozenset(fold(each) for each in allowed or ())

    def check(value: str) -> str:
        if folded and fold(value) not in folded:
            return f"satisfy enum value set: [{', '.join(allowed)}]"
        constraint = too_few_or_many(len(value), low, high)
        if not constraint and pattern is not None and not pattern.fullmatch(value):
            return f"satisfy regular expression pattern: {pattern.pattern}"
        return constraint

    return check


def _pattern(shape: Shape) -> re.Pattern[str] | None:
    """Compile a pattern; None where there is none, or one in Java's dialect that Python's does not have, which is left unchecked."""
    try:
        return re.compile(shape.metadata["pattern"]) if "pattern" in shape.metadata else None
    except re.error:
        return None


def _integer_reader(shape: Shape, bits: int) -> Callable[[Any, Where, list[str]], Any]:
    edge = 1 << (bits - 1)
    low, high = limits(shape)

    def read(value: Any, where: Where, problems: list[str]) -> Any:
        if type(value) is float and value.is_integer():
            value = int(value)  # JSON has one kind of number: 5.0 is 5
        if type(value) is not int:
            raise unreadable(value, where, "a whole number")
        if not -edge <= value < edge:
            raise unreadable(value, where, f"a whole number of {bits} bits")
        _check_range(value, low, high, where, problems)
        return value

    return read


def _float_reader(shape: Shape, most: float) -> Callable[[Any, Where, list[str]], Any]:
    low, high = limits(shape)

    def read(value: Any, where: Where, problems: list[str]) -> Any:
        if type(value) is not int and type(value) is not float:
            raise unreadable(value, where, "a number")
        if not -most <= value <= most:
            raise unreadable(value, where, f"a number between {-most:g} and {most:g}")
        _check_range(value, low, high, where, problems)
        return float(value)

    return read


def _check_range(value: float, low: float, high: float, where: Where, problems: list[str]) -> None:
    if value < low:
        problems.append(failed(value, where, f"have value greater than or equal to {low:g}"))
    elif value > high:
        problems.append(failed(value, where, f"have value less than or equal to {high:g}"))


def _read_boolean(value: Any, where: Where, problems: list[str]) -> Any:
    del problems
    if type(value) is not bool:
        raise unreadable(value, where, "a boolean")
    return value


def _read_time(value: Any, where: Where, problems: list[str]) -> Any:
    """Read seconds since 1970, or a date and time as ISO 8601 writes it."""
    del problems
    try:
        if type(value) in {int, float}:
            return datetime.fromtimestamp(value, UTC)
        if type(value) is str:
            read = datetime.fromisoformat(value)
            return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise unreadable(value, where, "a time: seconds since 1970, or ISO 8601")


def _read_bytes(value: Any, where: Where, problems: list[str]) -> Any:
    del problems
    if type(value) is str:
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise unreadable(value, where, "bytes in base64")


_PLAIN = {"boolean": _read_boolean, "timestamp": _read_time, "blob": _read_bytes}
