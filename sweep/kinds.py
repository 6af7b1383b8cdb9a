"""What parameters are, where their annotations say something else than their axes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Container

    from numpy.typing import NDArray

    from sweep.space import Space
    from sweep_kernels.declaration import Kernel

__all__ = ["other_kinds", "whole_numbers"]

LOOKED_AT = 1 << 16
"""Points that are looked at when a plan is made; the others are when they are computed."""


def other_kinds(kernel: Kernel, space: Space, data: Container[str]) -> dict[str, str]:
    """Return the kinds of the parameters that are annotated as something else than their axis or default is; a string axis stays one.

    Raises
    ------
    PlanError
        If an annotation and an axis or a table do not go together.
    """
    axes = {each.name: each.kind for each in space.parameters}
    found: dict[str, str] = {}
    for name, wanted in kernel.types.items():
        if name in kernel.draws:
            continue
        if name in data:
            raise PlanError(
                f"parameter {name!r} of kernel {kernel.name!r} is annotated as {wanted} and is given a table"
            )
        default = inspect.signature(kernel.function).parameters[name].default
        held = axes.get(name, type(default).__name__)
        if held in {wanted, "str"}:
            continue
        if (held, wanted) not in {("int", "float"), ("int", "float32"), ("float", "float32"), ("float", "int")}:
            raise PlanError(
                f"parameter {name!r} of kernel {kernel.name!r} is annotated as {wanted}, and its axis is of type {held}"
            )
        if name in axes and wanted == "int":
            whole_numbers(name, space.columns(0, min(space.size, LOOKED_AT))[name])
        found[name] = wanted
    return found


def whole_numbers(name: str, values: NDArray[Any]) -> NDArray[np.int64]:
    """Return floats as the integers that they are.

    Raises
    ------
    PlanError
        If one is no whole number of 64 bits.
    """
    is_whole = (values == np.floor(values)) & (np.abs(values) < 2.0**63)
    if not np.all(is_whole):
        odd = values[~is_whole][0].item()
        raise PlanError(
            f"parameter {name!r} is annotated as int, and its axis has {odd!r}: whole numbers were expected"
        )
    return values.astype(np.int64)
