"""Why something cannot be part of a kernel, and what to write instead."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

__all__ = ["ARRAY_BYTES", "READABLE", "kind_of", "lacking", "why"]

ARRAY_BYTES = 1_000_000
"""Largest array: numba compiles larger ones in by their address, which means nothing to another process."""

READABLE = "a kernel can read numbers, strings, tuples and arrays; make it a parameter or a tuple"
ADVICE = {
    "any": "write `or`, or a loop",
    "all": "write `and`, or a loop",
    "sorted": "compare with `if`, min() and max()",
    **dict.fromkeys(("map", "filter", "reversed", "iter", "next"), "write a loop over a range"),
    **dict.fromkeys(("list", "dict", "set"), "keep the numbers in variables or a tuple"),
    **dict.fromkeys(
        ("isinstance", "type", "getattr", "hasattr", "setattr"),
        "what a name stands for is fixed when a kernel is compiled",
    ),
    **dict.fromkeys(
        ("str", "repr", "format"), "return numbers; a string parameter arrives as the position of its category"
    ),
    **dict.fromkeys(("open", "input"), "give it as a parameter, or as a table: data={...}"),
}
"""What to write instead of a builtin."""
SCIPY = "use functions of math (erf, gamma, lgamma), what rng draws, or a table of values that np.interp reads"
CALLABLE = (
    "a kernel can call plain functions, other kernels, @njit functions without options, and those of math and numpy"
)


def why(value: Any, name: str) -> str:  # noqa: PLR0911 - one return a reason
    """Say what a kernel does with a name that stands for something it cannot refer to."""
    if _is_generator(value) or _is_generator(getattr(value, "__self__", None)):
        return f"draws from {name!r}, which no seed of a sweep reaches: draw from rng instead"
    if isinstance(value, np.ndarray) and value.nbytes > ARRAY_BYTES:
        return (
            f"reads {name!r}, an array of {value.nbytes:,} bytes: one of up to {ARRAY_BYTES:,} can be read, or any as a table: make it a "
            f"parameter, and give data={{{name!r}: array}} to the sweep"
        )
    if isinstance(value, int):
        return f"reads {name!r}, which is {value}: integers have 64 bits, -2**63 to 2**63 - 1"
    if isinstance(value, type) and value.__module__ != "builtins":
        return f"uses {name!r}, a class: {READABLE}, or write a NamedTuple"
    if name in ADVICE:
        return f"calls {name!r}, which has no compiled form: {ADVICE[name]}"
    if _is_of_scipy(value):
        return f"calls {name!r} of SciPy, which has no compiled form: {SCIPY}"
    if callable(value):
        return f"calls {name!r}, a {kind_of(value)}: {CALLABLE}"
    return f"reads {name!r}, a {kind_of(value)}: {READABLE}"


def lacking(value: Any, name: str, attribute: str) -> str:
    """Say that a module has no such name, and which one it has."""
    near = difflib.get_close_matches(attribute, dir(value), 1)
    return f"reads the {attribute!r} of {name!r}, which has none: {f'it has {near[0]!r}' if near else READABLE}"


def _is_of_scipy(value: Any) -> bool:
    """Tell whether something callable is SciPy's; its ufuncs do not say where they are from, but are none of NumPy's."""
    homes = (getattr(value, "__module__", None), type(value).__module__)
    return any(str(each).startswith("scipy") for each in homes) or (
        isinstance(value, np.ufunc) and getattr(np, value.__name__, None) is not value
    )


def kind_of(value: Any) -> str:
    """Name a value's type."""
    return type(value).__name__


def _is_generator(value: Any) -> bool:
    return type(value).__module__.startswith(("random", "numpy.random"))
