"""A parameter of a space: its name and what its values are."""

from __future__ import annotations

import math
import numbers
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "Parameter", "decoded", "finite_number", "fits", "named", "typed", "whole_number"]

INT64 = np.iinfo(np.int64)

KINDS = {"int": np.int64, "float": np.float64, "bool": np.bool_, "str": np.int64}
"""What holds a kind's values; strings are held as the position of their category."""


@dataclass(frozen=True)
class Parameter:
    """A name, a kind (``"int"``, ``"float"``, ``"bool"`` or ``"str"``), and a string's categories in the order of first mention."""

    name: str
    kind: str
    categories: tuple[str, ...] = ()


def named(what: str, names: Iterable[Any]) -> list[str]:
    """Return names as Python itself reads them in a kernel: `µ` (U+00B5) and `μ` (U+03BC) are one.

    Raises
    ------
    SpaceError
        If one cannot be a parameter's name, or two are one; `what` says whose names they are.
    """
    found: list[str] = []
    for name in names:
        if not isinstance(name, str) or not name.isidentifier():
            raise SpaceError(f"{what} {name!r} is not a name; letters, digits and _ make one")
        normal = unicodedata.normalize("NFKC", name)
        if normal in found:
            raise SpaceError(f"{what} {normal!r} is there twice")
        found.append(normal)
    return found


def whole_number(value: Any) -> int | None:
    """Return an integer of any library as Python's; None for anything else, a bool too."""
    return None if isinstance(value, bool) or not isinstance(value, numbers.Integral) else int(value)


def finite_number(value: Any) -> float | None:
    """Return a number of any library as a finite float; None for anything else, a bool too."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def fits(value: int) -> bool:
    """Tell whether an integer can be an int64."""
    return INT64.min <= value <= INT64.max


def decoded(parameter: Parameter, value: Any) -> Any:
    """Return a held value as the user wrote it."""
    plain = value.item() if isinstance(value, np.generic) else value
    return parameter.categories[plain] if parameter.kind == "str" else plain


def typed(name: str, values: Any) -> tuple[str, tuple[str, ...], NDArray[Any]]:
    """Find the kind of an axis's values and hold them in an array.

    Parameters
    ----------
    name
        The axis, for an error.
    values
        A sequence or a one-dimensional array.

    Returns
    -------
    kind, categories, array
        All bools are ``"bool"``, all integers ``"int"``, numbers ``"float"``, strings ``"str"``.

    Raises
    ------
    SpaceError
        If it is empty, nested, mixed, or has a value that is not finite or that 64 bits cannot hold; names the position.
    """
    given = _listed(name, values)
    if not len(given):
        raise SpaceError(f"axis {name!r} is empty")
    array = given if isinstance(given, np.ndarray) and given.dtype.kind in "biuf" else _array(name, list(given))
    if array.dtype.kind == "U":
        return _coded(array)
    kind = {"b": "bool", "i": "int", "u": "int", "f": "float"}[array.dtype.kind]
    if array.dtype.kind == "u" and array.max() > INT64.max:
        raise _too_large(name, int(array.max()), int(np.argmax(array)))
    with np.errstate(over="ignore"):
        held = array.astype(KINDS[kind])
    if kind == "float" and not np.isfinite(held).all():
        at = int(np.argmin(np.isfinite(held)))
        raise SpaceError(f"axis {name!r} has {array[at]} at position {at}: values must be finite")
    return kind, (), held


def _too_large(name: str, value: int, position: int) -> SpaceError:
    return SpaceError(
        f"axis {name!r} has {value} at position {position}: beyond 64 bits; an integer is from -2**63 to 2**63 - 1"
    )


def _listed(name: str, values: Any) -> Any:
    if isinstance(values, str) or not hasattr(values, "__len__"):
        if isinstance(values, str | bool | int | float | np.generic):
            return [values]
        raise SpaceError(f"axis {name!r} is {values!r}: give a list, an array, a range, linspace(...) or logspace(...)")
    if not isinstance(values, Sequence | np.ndarray):  # pandas' Index and Series, Arrow's arrays
        values = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise SpaceError(f"axis {name!r} has {values.ndim} dimensions: an axis is one-dimensional")
        if values.dtype.kind in "mM":
            raise SpaceError(f"axis {name!r} holds {values.dtype}: values are numbers, bools or strings")
        if values.dtype.kind not in "biuf":
            return values.tolist()
    return values


def _array(name: str, values: list[Any]) -> NDArray[Any]:
    plain = [each.item() if isinstance(each, np.generic) else each for each in values]
    kinds = {_kind(name, position, each) for position, each in enumerate(plain)}
    if kinds == {"str"}:
        return _text(name, plain)
    if len(kinds - {"int", "float"}) and len(kinds) > 1:
        raise SpaceError(f"axis {name!r} mixes {' and '.join(sorted(kinds))}: {plain[:4]!r}")
    for position, each in enumerate(plain):
        if isinstance(each, int) and not fits(each):
            raise _too_large(name, each, position)
        if "float" in kinds and float(each) != each and math.isfinite(each):
            raise SpaceError(f"axis {name!r} has {each} at position {position}: beside floats it would be rounded")
    return np.array(plain, dtype=KINDS["float" if "float" in kinds else kinds.pop()])


def _text(name: str, values: list[str]) -> NDArray[np.str_]:
    for position, each in enumerate(values):
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in each):
            raise SpaceError(
                f"axis {name!r} has {each!r} at position {position}: text is one line without control characters"
            )
    return np.array(values, dtype=np.str_)


def _kind(name: str, position: int, value: Any) -> str:
    for kind, types in (("bool", bool), ("int", int), ("float", float), ("str", str)):
        if isinstance(value, types):
            return kind
    raise SpaceError(f"axis {name!r} has {value!r} at position {position}: values are numbers, bools or strings")


def _coded(array: NDArray[np.str_]) -> tuple[str, tuple[str, ...], NDArray[np.int64]]:
    codes: dict[str, int] = {}
    held = np.array([codes.setdefault(str(each), len(codes)) for each in array], dtype=np.int64)
    return "str", tuple(codes), held
