"""What the functions of ``math`` and ``numpy`` are in a kernel: ours, which give the same bits in plain Python, compiled, and on any machine.

The C library's differ between its versions, and by what the processor can do. A kernel declared with ``mathematics="library"`` gets those.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels import mathematics

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EDITION", "repeatable"]

EDITION = 1
"""Goes up whenever a bit of any result changes: it is part of the version of every kernel that uses one of these."""

_NUMPY = {
    "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh",
    "power": "pow",
}  # fmt: skip
_BINARY = {"atan2", "hypot", "pow"}


def _of_one(function: Callable[[float], float]) -> Callable[[Any], float]:
    def stand_in(x: Any) -> float:
        return function(float(x))

    return stand_in


def _of_two(function: Callable[[float, float], float]) -> Callable[[Any, Any], float]:
    def stand_in(x: Any, y: Any) -> float:
        return function(float(x), float(y))

    return stand_in


def _stand_in(name: str) -> Callable[..., float]:
    """Make what takes any numbers, under a name by which it can be found here when a kernel travels."""
    made = (_of_two if name in _BINARY else _of_one)(mathematics.BY_NAME[name])
    made.__name__ = made.__qualname__ = f"math_{name}"
    globals()[made.__name__] = made
    return made


_MADE = {name: _stand_in(name) for name in mathematics.BY_NAME}
_BY_IDENTITY = {
    id(getattr(home, name)): _MADE[aliases.get(name, name)]
    for home, aliases in ((math, {}), (np, _NUMPY))
    for name in (*_MADE, *aliases)
    if hasattr(home, name) and aliases.get(name, name) in _MADE
}


def repeatable(function: Any) -> Callable[..., float] | None:
    """Return what stands for a function of ``math`` or ``numpy``; None where nothing does."""
    return _BY_IDENTITY.get(id(function))
