"""What a kernel's annotations say: the types of its parameters, and the names of what it returns.

A parameter annotated as ``np.float32`` is rounded to 32 bits once, before the trial; in the trial it is a float as any other, since numbers of 32
bits mixed with Python's would be another number in plain Python than compiled.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, get_args, get_origin

import numpy as np

from sweep_kernels.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FunctionType

__all__ = ["converted", "parameter_kinds", "returned_outputs"]

KINDS = {
    float: "float",
    np.float64: "float",
    int: "int",
    np.int64: "int",
    bool: "bool",
    np.bool_: "bool",
    np.float32: "float32",
}
SPOKEN = {"float": "a float", "int": "a whole number", "bool": "True or False", "float32": "a float"}


def parameter_kinds(function: FunctionType, names: Iterable[str]) -> dict[str, str]:
    """Return the kinds that parameters are annotated with: ``"float"``, ``"int"``, ``"bool"`` or ``"float32"``; none for any other annotation."""
    found: dict[str, str] = {}
    for name in names:
        annotated = _resolved(function, function.__annotations__.get(name))
        if isinstance(annotated, type) and annotated in KINDS:
            found[name] = KINDS[annotated]
    return found


def returned_outputs(function: FunctionType) -> list[Any] | None:
    """Return the outputs that a function's return annotation names, if it is a named tuple: ``tuple[float, float]`` in it is a vector."""
    annotated = _resolved(function, function.__annotations__.get("return"))
    if not (isinstance(annotated, type) and issubclass(annotated, tuple) and hasattr(annotated, "_fields")):
        return None
    fields = {name: _resolved(function, each) for name, each in annotated.__annotations__.items()}
    return [_declared(name, fields.get(name)) for name in annotated._fields]  # type: ignore[attr-defined] - a named tuple has them


def _declared(name: str, annotated: Any) -> Any:
    parts = get_args(annotated) if get_origin(annotated) is tuple else ()
    return (name, len(parts)) if parts and Ellipsis not in parts else name


def _resolved(function: FunctionType, annotated: Any) -> Any:
    """Look up an annotation that is text, as ``from __future__ import annotations`` makes it; None where its names are not there at run time."""
    annotated = getattr(annotated, "__forward_arg__", annotated)
    if not isinstance(annotated, str):
        return annotated
    closed = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    try:
        scope = vars(builtins) | function.__globals__ | {name: cell.cell_contents for name, cell in closed}
        return eval(annotated, scope)  # noqa: S307 - the user's own annotation
    except Exception:  # noqa: BLE001 - as above: it may name what a type checker only sees
        return None


def converted(kind: str, value: Any, name: str) -> Any:
    """Make a number what its parameter is annotated as.

    Raises
    ------
    KernelError
        If it would lose something: a fraction to an int, anything but a bool to a bool.
    """
    is_bool = isinstance(value, bool | np.bool_)
    if kind == "bool" and is_bool:
        return bool(value)
    if kind in {"float", "float32"} and not is_bool and isinstance(value, int | float | np.integer | np.floating):
        return float(value) if kind == "float" else float(np.float32(value))
    if kind == "int" and not is_bool:
        if isinstance(value, int | np.integer):
            return int(value)
        if isinstance(value, float | np.floating) and float(value).is_integer() and abs(value) < 2**63:
            return int(value)
    raise KernelError(f"parameter {name!r} is annotated as {kind} and is given {value!r}: {SPOKEN[kind]} was expected")
