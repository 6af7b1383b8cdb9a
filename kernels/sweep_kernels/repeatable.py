"""What the functions of ``math`` and ``numpy`` are in a kernel: ours, which give the same bits in plain Python, compiled, and on any machine.

The C library's differ between its versions, and by what the processor can do. A kernel declared with ``mathematics="library"`` gets those.

In plain Python those of ``math`` raise where Python's do, so that `sweep replay` names the line where a NaN or an infinity came from; compiled
code carries on with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels import mathematics
from sweep_kernels.interpolation import interpolated

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EDITION", "quiet", "repeatable"]

EDITION = 1
"""Goes up whenever a bit of any result changes: it is part of the version of every kernel that uses one of these, or ``**``."""

_NUMPY = {
    "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh",
    "power": "pow", "float_power": "pow",
}  # fmt: skip
_BINARY = {"atan2", "hypot", "pow"}
_OVERFLOWING = {"exp", "exp2", "expm1", "sinh", "cosh", "pow", "hypot", "gamma", "lgamma"}


def _of_one(function: Callable[[float], float]) -> Callable[[Any], float]:
    def stand_in(x: Any) -> float:
        return function(float(x))

    return stand_in


def _of_two(function: Callable[[float, float], float]) -> Callable[[Any, Any], float]:
    def stand_in(x: Any, y: Any) -> float:
        return function(float(x), float(y))

    return stand_in


def _raising(name: str, function: Callable[..., float]) -> Callable[..., float]:
    """Make what raises as Python's function does, where what comes out is not finite though all that went in was."""

    def stand_in(*numbers: Any) -> float:
        result = function(*numbers)
        if not math.isfinite(result) and all(map(math.isfinite, numbers)):
            if math.isinf(result) and name in _OVERFLOWING:
                raise OverflowError("math range error")
            raise ValueError("math domain error")
        return result

    return stand_in


def _named(function: Callable[..., float], name: str) -> Callable[..., float]:
    """Put a function where it is found by its name when a kernel travels."""
    function.__name__ = function.__qualname__ = name
    globals()[name] = function
    return function


_QUIET = {
    name: _named((_of_two if name in _BINARY else _of_one)(each), f"numpy_{name}")
    for name, each in mathematics.BY_NAME.items()
}
_LOUD = {name: _named(_raising(name, each), f"math_{name}") for name, each in _QUIET.items()}
_BY_IDENTITY = {
    **{id(getattr(math, name)): each for name, each in _LOUD.items() if hasattr(math, name)},
    **{id(getattr(np, name)): _QUIET[_NUMPY.get(name, name)] for name in (*_QUIET, *_NUMPY) if hasattr(np, name)},
}
_QUIET_ONES = {id(loud): _QUIET[name] for name, loud in _LOUD.items()}


def repeatable(function: Any) -> Callable[..., float] | None:
    """Return what stands for a function of ``math`` or ``numpy``; None where nothing does."""
    return interpolated if function is np.interp else _BY_IDENTITY.get(id(function))


def quiet(function: Any) -> Any:
    """Return the same function as compiled code has it: it does not raise."""
    return _QUIET_ONES.get(id(function), function)
