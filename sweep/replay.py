"""Run one trial of a sweep again, alone, in plain Python, with the same draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import KernelError, SpecError, TrialError, UsageError
from sweep.frames import last_frame
from sweep.work.arguments import arguments_of
from sweep_kernels.outputs import flattened
from sweep_kernels.rng import Rng

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.plan import Plan
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["Replayed", "outputs_of", "prepare", "replay"]

NOT_STEPPED_INTO = (
    "sweep_kernels.arithmetic",
    "sweep_kernels.exponents",
    "sweep_kernels.mathematics.*",
    "sweep_kernels.repeatable",
)
"""Modules of the engine's mathematics, which stand in a kernel for operators and built-in functions: a debugger's `step` passes over those."""


@dataclass(frozen=True)
class Replayed:
    """A trial's parameters, with those that it drew, and its outputs, by name; none if it was left in the debugger."""

    parameters: dict[str, Any]
    outputs: dict[str, Any]


def prepare(source: str, seed: int | None = None) -> tuple[Kernel, Plan, Mapping[str, Table]]:
    """Find kernel, plan and tables from a study, or from the store of its sweep.

    Raises
    ------
    SpecError, PlanError
        If there is no such study or sweep.
    KernelError
        If the kernel that a store's plan names is not the one that ran.
    """
    from dataclasses import replace

    from sweep.load import load_sweep

    if source.partition(":")[0].endswith((".py", ".toml")):
        sweep = load_sweep(source)
        sweep = sweep if seed is None else replace(sweep, seed=seed)
        return sweep.kernel, sweep.plan(), sweep.data
    from sweep.holdings import require_plan
    from sweep.store import open_store
    from sweep.work.tables import load_tables

    store = open_store(source)
    plan = require_plan(store)
    return _kernel_of(plan), plan if seed is None else replace(plan, seed=seed), load_tables(store, plan)


def _kernel_of(plan: Plan) -> Kernel:
    """Find the kernel that a plan ran, by where it was found then."""
    from pathlib import Path

    from sweep.load import load_kernel, load_sweep

    place = plan.kernel.source
    try:
        kernel = (
            load_sweep(place).kernel if place.endswith(".toml") else load_kernel(f"{place}:{plan.kernel.name}", Path())
        )
    except SpecError as error:
        raise KernelError(
            f"{error}; name the study instead of its store: sweep replay STUDY --point P --trial T"
        ) from None
    kernel = kernel.drawing(plan.draws)
    if kernel.version != plan.kernel.version:
        raise KernelError(
            f"the source of kernel {kernel.name!r} in {place} has changed since the sweep ran: its trials would not be the same",
        )
    return kernel


def replay(
    kernel: Kernel, plan: Plan, data: Mapping[str, Table], point: int, trial: int, *, debug: bool = False
) -> Replayed:
    """Run one trial again.

    Parameters
    ----------
    kernel, plan, data
        From `prepare`.
    point, trial
        Which: ``0 <= point < plan.points``, ``0 <= trial < plan.trials``.
    debug
        Stop in the debugger at the kernel's first line, and where it raises.

    Raises
    ------
    UsageError
        If there is no such point or trial.
    TrialError
        If the trial raises; names the point's parameters and the line.
    """
    if not 0 <= point < plan.points:
        raise UsageError(f"point {point} is not one of the sweep's {plan.points:,}: 0 to {plan.points - 1}")
    if not 0 <= trial < plan.trials:
        raise UsageError(f"trial {trial} is not one of the point's {plan.trials:,}: 0 to {plan.trials - 1}")
    rng = Rng(plan.seed, 0 if plan.common_random_numbers else point, trial)
    arguments, drawn = arguments_of(kernel, plan, point, data), kernel.draw(rng)
    values = plan.space[point] | {name: kernel.draws[name].decoded(each) for name, each in drawn.items()}
    try:
        returned = _debugged(kernel, rng, arguments | drawn) if debug else kernel.run(rng, **arguments)
    except Exception as error:
        raise TrialError(_raised(kernel, values, point, trial, error)) from error
    if debug and returned is None:
        return Replayed(values, {})
    return Replayed(values, outputs_of(kernel, kernel.completed(returned, drawn) if debug else returned))


def _debugged(kernel: Kernel, rng: Rng, arguments: dict[str, Any]) -> Any:
    """Stop at the kernel's first line, and again where it raises."""
    import pdb  # noqa: T100 - the user asked for it

    debugger = pdb.Pdb(skip=NOT_STEPPED_INTO)
    try:
        return debugger.runcall(kernel.frozen, rng, **arguments)
    except Exception as error:
        debugger.message(f"*** {type(error).__name__}: {error}")
        debugger.reset()
        debugger.interaction(None, _from_kernel(error, kernel.file))
        raise


def _from_kernel(error: Exception, file: str) -> Any:
    """Drop from a traceback what stands above the kernel."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    return trace or error.__traceback__


def _raised(kernel: Kernel, parameters: Mapping[str, Any], point: int, trial: int, error: Exception) -> str:
    """Say which trial raised what, and at which line."""
    values = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    frame = last_frame(error, kernel.file)
    place = f" at {frame.filename}:{frame.lineno}: {frame.line}" if frame else ""
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"trial {trial} of point {point}{f' ({values})' if values else ''} raises {what}{place}"


def outputs_of(kernel: Kernel, returned: Any) -> dict[str, Any]:
    """Name what a trial returned.

    Raises
    ------
    KernelError
        If it is not as many values as the kernel names outputs, or one is neither a number nor a bool.
    """
    values = flattened(kernel.name, kernel.outputs, returned)
    plain = (each.item() if isinstance(each, np.generic) else each for each in values)
    return dict(zip(kernel.outputs, plain, strict=True))
