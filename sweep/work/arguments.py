"""The arguments that a kernel gets at a range of points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.driver import parameter_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.space import Space
    from sweep_kernels.declaration import Kernel

__all__ = ["argument_kinds", "argument_words", "arguments_of"]


def argument_kinds(kernel: Kernel, space: Space) -> tuple[str, ...]:
    """Return the kinds of a kernel's parameters in its order: its axes' kinds, or its defaults' own types."""
    axes = {each.name: each.kind for each in space.parameters}
    return tuple(axes[name] if name in axes else type(kernel.defaults[name]).__name__ for name in kernel.parameters)


def argument_words(kernel: Kernel, space: Space, first: int, last: int) -> NDArray[np.int64]:
    """Return the arguments of the points ``first <= p < last`` as the compiled driver reads them."""
    columns = space.columns(first, last)
    rows = last - first
    ordered = [columns[name] if name in columns else np.full(rows, kernel.defaults[name]) for name in kernel.parameters]
    return parameter_words(ordered, argument_kinds(kernel, space), rows)


def arguments_of(kernel: Kernel, space: Space, point: int) -> dict[str, Any]:
    """Return the arguments of one point for `Kernel.trial`: plain Python numbers, strings as category codes."""
    columns = space.columns(point, point + 1)
    return {name: columns[name][0].item() for name in kernel.parameters if name in columns}
