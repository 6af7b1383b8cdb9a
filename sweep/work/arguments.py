"""The arguments that a kernel gets at a range of points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.kinds import whole_numbers
from sweep_kernels.annotations import converted
from sweep_kernels.driver import parameter_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sweep.plan import Plan
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["argument_kinds", "argument_words", "arguments_of"]


def argument_kinds(kernel: Kernel, plan: Plan) -> tuple[str, ...]:
    """Return the kinds of a kernel's parameters in its order: its axes' kinds, its tables', its distributions', or its defaults' own types."""
    known = {each.name: each.kind for each in plan.space.parameters}
    known |= {name: each.kind for name, each in plan.data.items()} | dict(plan.kinds)
    known |= {name: each.kind for name, each in kernel.draws.items()}
    return tuple(known[name] if name in known else type(kernel.defaults[name]).__name__ for name in kernel.parameters)


def argument_words(kernel: Kernel, plan: Plan, first: int, last: int) -> NDArray[np.int64]:
    """Return the arguments of the points ``first <= p < last`` as the compiled driver reads them."""
    columns = plan.space.columns(first, last)
    rows = last - first
    constants = {**dict.fromkeys(plan.data, 0), **kernel.defaults, **dict.fromkeys(kernel.draws, 0)}
    ordered = [columns[name] if name in columns else np.full(rows, constants[name]) for name in kernel.parameters]
    kinds = argument_kinds(kernel, plan)
    for place, (name, kind) in enumerate(zip(kernel.parameters, kinds, strict=True)):
        if kind == "int" and ordered[place].dtype.kind == "f":
            ordered[place] = whole_numbers(name, ordered[place])
    return parameter_words(ordered, kinds, rows)


def arguments_of(kernel: Kernel, plan: Plan, point: int, tables: Mapping[str, Table]) -> dict[str, Any]:
    """Return the arguments of one point for `Kernel.trial`: plain Python numbers, strings as category codes, and tables; not what a trial draws."""
    columns = plan.space.columns(point, point + 1)
    given = {name: columns[name][0].item() for name in kernel.parameters if name in columns}
    typed = [name for name in kernel.types if name in kernel.defaults and name not in kernel.draws]
    given = {name: kernel.defaults[name] for name in typed} | given
    return {name: _as_annotated(kernel, name, each) for name, each in given.items()} | dict(tables)


def _as_annotated(kernel: Kernel, name: str, value: Any) -> Any:
    return converted(kernel.types[name], value, name) if name in kernel.types else value
