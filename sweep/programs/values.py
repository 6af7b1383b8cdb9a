"""Values that a program gives, as numbers."""

from __future__ import annotations

import math
from typing import Any

from sweep.errors import KernelError
from sweep.programs.finished import NoResultError

__all__ = ["KINDS", "kind_named", "value_of"]

KINDS: dict[str, Any] = {"float": float, "int": int, "bool": bool}
EXACT = 2**53
"""Integers below it are held exactly by float64, in which all outputs are."""

_TRUTH = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
SHOWN = 40


def kind_named(kind: Any) -> str:
    """Name a kind that is given as a type.

    Raises
    ------
    KernelError
        If it is none of `KINDS`.
    """
    for name, each in KINDS.items():
        if kind is each or kind == name:
            return name
    raise KernelError(f"kind={kind!r} is not one of float, int, bool")


def value_of(kind: str, given: Any, name: str) -> float:
    """Read a value; text as numbers and truth are written.

    Parameters
    ----------
    kind
        ``"float"``, ``"int"`` or ``"bool"``.
    given
        A number, a bool or text.
    name
        What to call it.

    Raises
    ------
    NoResultError
        If it is none, or NaN.

    Examples
    --------
    >>> value_of("float", " 2.5 ", "ttc"), value_of("bool", "true", "hit"), value_of("int", 3.0, "count")
    (2.5, 1.0, 3.0)
    """
    if isinstance(given, str):
        given = given.strip()
    found = _bool(given) if kind == "bool" else _number(given)
    if found is None:
        shown = repr(given) if len(repr(given)) <= SHOWN else f"{repr(given)[:SHOWN]}..."
        raise NoResultError(f"{name} is {shown}, not a {kind}")
    if math.isnan(found):
        raise NoResultError(f"{name} is NaN")
    if kind == "int" and (found != math.floor(found) if math.isfinite(found) else True):
        raise NoResultError(f"{name} is {given!r}, not a whole number")
    if kind == "int" and abs(found) >= EXACT:
        raise NoResultError(f"{name} is {given!r}, which is not below 2**53 and cannot be held exactly")
    return found


def _bool(given: Any) -> float | None:
    if isinstance(given, str):
        given = _TRUTH.get(given.lower())
    return float(given) if isinstance(given, bool | int | float) and given in {0, 1} else None


def _number(given: Any) -> float | None:
    try:
        return float(given) if isinstance(given, str | int | float) else None
    except (ValueError, OverflowError):
        return None
