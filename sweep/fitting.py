"""Whether a kernel or a command, its space and its tables fit one another, before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.errors import PlanError, nearest
from sweep.programs.checks import RESERVED
from sweep.programs.declaration import SCENARIO, Command, unknown_parameter
from sweep_kernels.weights import WEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.request import Request
    from sweep.space import Space
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import TableReference

__all__ = ["check_columns", "check_command", "check_parameters", "check_weighted"]

_SUFFIXES = ("mean", "std", "stderr", "ci_low", "ci_high", "min", "max", "nonfinite", "ess")


def check_command(command: Command, space: Space, data: Mapping[str, TableReference]) -> None:
    """See that the axes are the parameters of a command.

    Raises
    ------
    PlanError
        Names one that is not.
    """
    for name in data:
        raise PlanError(
            f"table {name!r}: a command is given no tables; write it to a file, and name that in files=[...]"
        )
    for name in space.names:
        if name in RESERVED:
            raise PlanError(f"axis {name!r} shares its name with a placeholder of every trial; rename the axis")
        if name not in command.parameters:
            raise PlanError(unknown_parameter(name, command))
    _check_draws(command, dict.fromkeys(space.names, "an axis"))
    for name in command.parameters:
        if name not in {*space.names, *command.draws}:
            raise PlanError(
                f"placeholder {{{name}}} of command {command.name!r} has no axis: {_meant(name, [*space.names, *RESERVED])}; "
                "a brace that is meant as one is written twice"
            )


def _meant(name: str, known: list[str]) -> str:
    if name == SCENARIO:
        return "it is a path in a sweep of an OpenSCENARIO file, Sweep(command, openscenario.read(...))"
    return nearest(name, known)


def check_parameters(kernel: Kernel, space: Space, data: Mapping[str, TableReference]) -> None:
    """See that each parameter of a kernel has one axis, table, distribution or default, and that there is nothing else.

    Raises
    ------
    PlanError
        Names one that has none, or two.
    """
    for name in data:
        if name not in kernel.parameters:
            known = nearest(name, kernel.parameters) if kernel.parameters else "it has none after its first, the rng"
            raise PlanError(f"table {name!r} is no parameter of kernel {kernel.name!r}: {known}")
        if name in space.names:
            raise PlanError(f"parameter {name!r} of kernel {kernel.name!r} has both an axis and a table: leave one out")
    for name in space.names:
        if name == kernel.receiver:
            raise PlanError(
                f"axis {name!r} is the first argument of kernel {kernel.name!r}, which receives the random numbers: "
                f"declare def {kernel.name}(rng, {', '.join((name, *(each for each in kernel.parameters if each != 'rng')))})"
            )
        if name not in kernel.parameters:
            known = nearest(name, kernel.parameters) if kernel.parameters else "it has none after its first, the rng"
            raise PlanError(f"axis {name!r} is no parameter of kernel {kernel.name!r}: {known}")
    _check_draws(kernel, {**dict.fromkeys(data, "a table"), **dict.fromkeys(space.names, "an axis")})
    for name in kernel.parameters:
        if name not in {*space.names, *kernel.defaults, *data, *kernel.draws}:
            raise PlanError(
                f"parameter {name!r} of kernel {kernel.name!r} has no axis and no default: add an axis {name!r} to the space "
                f"(its axes are {', '.join(map(repr, space.names)) or 'none'}), or a table: data={{{name!r}: array}}"
            )


def check_columns(kernel: Kernel | Command, space: Space, request: Request) -> None:
    """See that no two columns of the result, or of the kept trials, would share a name.

    Raises
    ------
    PlanError
        Names one that two would have.
    """
    summaries = {f"{output}_{suffix}" for output in kernel.outputs for suffix in _SUFFIXES}
    for column in request.columns(kernel.outputs):
        if column in summaries:
            raise PlanError(f"two columns of the results would be named {column!r}; rename one of the outputs")
        summaries.add(column)
    taken = {"point", "trial", "n", *kernel.outputs, *summaries}
    for name in space.names:
        if name in taken:
            raise PlanError(f"axis {name!r} would share its name with a column of the results; rename the axis")
    for output in kernel.outputs:
        if output in {"point", "trial", *summaries}:
            raise PlanError(f"output {output!r} would share its name with a column of the results; rename the output")


def check_weighted(kernel: Kernel | Command, request: Request) -> None:
    """See that nothing is asked for that weighted trials do not give, and that the weight's name is free.

    Raises
    ------
    PlanError
        Says what.
    """
    if not kernel.is_weighted:
        return
    if kernel.outputs.count(WEIGHT) > 1:
        raise PlanError(f"output {WEIGHT!r} of kernel {kernel.name!r} has the name of its trials' weight: rename it")
    if request:
        asked = next(name for name in ("quantiles", "histograms", "covariance") if getattr(request, name))
        raise PlanError(
            f"{asked} of kernel {kernel.name!r}: its trials have weights, which counts do not heed; keep trials with keep='all', "
            f"and weight them by their column {WEIGHT!r}"
        )


def _check_draws(kernel: Kernel | Command, others: Mapping[str, str]) -> None:
    """See that nothing else gives a value to what a trial draws."""
    what = "command" if isinstance(kernel, Command) else "kernel"
    for name in kernel.draws:
        if name in others:
            raise PlanError(
                f"parameter {name!r} of {what} {kernel.name!r} has both {others[name]} and a distribution: leave one out"
            )
