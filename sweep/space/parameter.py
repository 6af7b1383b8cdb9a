"""A parameter of a space: its name and what its values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "Parameter", "decoded", "typed"]

KINDS = {"int": np.int64, "float": np.float64, "bool": np.bool_, "str": np.int64}
"""What holds a kind's values; strings are held as the position of their category."""


@dataclass(frozen=True)
class Parameter:
    """A name, a kind (``"int"``, ``"float"``, ``"bool"`` or ``"str"``), and a string's categories in the order of first mention."""

    name: str
    kind: str
    categories: tuple[str, ...] = ()


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
        If it is empty, nested, mixed, or has a value that is not finite; names the position.
    """
    given = _listed(name, values)
    if not len(given):
        raise SpaceError(f"axis {name!r} is empty")
    array = given if isinstance(given, np.ndarray) and given.dtype.kind in "biuf" else _array(name, list(given))
    if array.dtype.kind == "U":
        return _coded(array)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        at = int(np.argmin(np.isfinite(array)))
        raise SpaceError(f"axis {name!r} has {array[at]} at position {at}: values must be finite")
    kind = {"b": "bool", "i": "int", "u": "int", "f": "float"}[array.dtype.kind]
    return kind, (), array.astype(KINDS[kind])


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
        if values.dtype.kind not in "biuf":
            return values.tolist()
    return values


def _array(name: str, values: list[Any]) -> NDArray[Any]:
    plain = [each.item() if isinstance(each, np.generic) else each for each in values]
    kinds = {_kind(name, position, each) for position, each in enumerate(plain)}
    if kinds == {"str"}:
        return np.array(plain, dtype=np.str_)
    if len(kinds - {"int", "float"}) and len(kinds) > 1:
        raise SpaceError(f"axis {name!r} mixes {' and '.join(sorted(kinds))}: {plain[:4]!r}")
    try:
        return np.array(plain, dtype=KINDS["float" if "float" in kinds else kinds.pop()])
    except OverflowError:
        raise SpaceError(f"axis {name!r} has an integer beyond 64 bits") from None


def _kind(name: str, position: int, value: Any) -> str:
    for kind, types in (("bool", bool), ("int", int), ("float", float), ("str", str)):
        if isinstance(value, types):
            return kind
    raise SpaceError(f"axis {name!r} has {value!r} at position {position}: values are numbers, bools or strings")


def _coded(array: NDArray[np.str_]) -> tuple[str, tuple[str, ...], NDArray[np.int64]]:
    codes: dict[str, int] = {}
    held = np.array([codes.setdefault(str(each), len(codes)) for each in array], dtype=np.int64)
    return "str", tuple(codes), held
