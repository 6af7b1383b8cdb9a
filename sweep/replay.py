"""Run trials of a sweep again, one by one, in plain Python, with the same draws."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import CorruptError, KernelError, SpecError, TrialError, UsageError
from sweep.frames import last_frame
from sweep.work.arguments import arguments_of
from sweep_kernels.outputs import flattened
from sweep_kernels.rng import Rng

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep.cases import Cases
    from sweep.plan import Plan
    from sweep.programs import Command
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table
    from sweep_kernels.tracing import Draw

__all__ = ["Replayed", "outputs_of", "prepare", "prepare_stored", "replay", "replay_cases"]

NOT_STEPPED_INTO = (
    "sweep_kernels.arithmetic",
    "sweep_kernels.exponents",
    "sweep_kernels.mathematics.*",
    "sweep_kernels.repeatable",
)
"""Modules of the engine's mathematics, which stand in a kernel for operators and built-in functions: a debugger's `step` passes over those."""


@dataclass(frozen=True)
class Replayed:
    """A trial that was run again.

    Attributes
    ----------
    parameters, outputs
        By name, with those parameters that it drew; no outputs if it was left in the debugger.
    point, trial
        Which it was.
    draws
        In their order, if it was traced.
    """

    parameters: dict[str, Any]
    outputs: dict[str, Any]
    point: int = 0
    trial: int = 0
    draws: tuple[Draw, ...] = ()


def prepare(source: str, seed: int | None = None) -> tuple[Kernel | Command, Plan, Mapping[str, Table]]:
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
    kernel, plan, data = prepare_stored(source)
    return kernel, plan if seed is None else replace(plan, seed=seed), data


def prepare_stored(store: str, study: str | None = None) -> tuple[Kernel | Command, Plan, Mapping[str, Table]]:
    """Find the plan and the tables that a store holds, and its kernel: in a study, or where it was found when it ran.

    Raises
    ------
    SpecError, PlanError
        If there is no such study or sweep.
    KernelError
        If that kernel is not the one that ran.
    """
    from sweep.holdings import require_plan
    from sweep.load import load_sweep
    from sweep.store import open_store
    from sweep.work.tables import load_tables

    place = open_store(store)
    plan = require_plan(place)
    kernel = _kernel_of(plan) if study is None else load_sweep(study).kernel
    if plan.draws:
        kernel = kernel.drawing(plan.draws, plan.proposals)
    if kernel.version != plan.kernel.version:
        where = plan.kernel.source if study is None else study
        raise KernelError(
            f"the source of kernel {kernel.name!r} in {where} has changed since the sweep ran: its trials would not be the same",
        )
    return kernel, plan, load_tables(place, plan)


def _kernel_of(plan: Plan) -> Kernel | Command:
    """Find the kernel that a plan ran, by where it was found then."""
    from pathlib import Path

    from sweep.load import commands_in, load_kernel, load_sweep

    place = plan.kernel.source
    if plan.kernel.is_program and place.endswith(".py"):
        declared = commands_in(Path(place))
        found = next((each for each in _as_drawn(declared, plan) if each.version == plan.kernel.version), None)
        if found is None:
            raise KernelError(
                f"{place} declares no command as it was when the sweep ran: its trials would not be the same"
            )
        return found
    try:
        return (
            load_sweep(place).kernel if place.endswith(".toml") else load_kernel(f"{place}:{plan.kernel.name}", Path())
        )
    except SpecError as error:
        raise KernelError(
            f"{error}; name the study instead of its store: sweep replay STUDY --point P --trial T"
        ) from None


def _as_drawn(commands: list[Command], plan: Plan) -> Iterator[Command]:
    """Yield commands, and each as one that draws what the plan draws, if it can."""
    for each in commands:
        yield each
        if plan.draws:
            with suppress(KernelError):
                yield each.drawing(plan.draws)


def replay(
    kernel: Kernel,
    plan: Plan,
    data: Mapping[str, Table],
    point: int,
    trial: int,
    *,
    debug: bool = False,
    trace: bool = False,
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
    trace
        Note every draw.

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
    rng = _rng(plan, point, trial, trace=trace)
    arguments, drawn = arguments_of(kernel, plan, point, data), kernel.draw(rng)
    values = plan.space[point] | {name: kernel.draws[name].decoded(each) for name, each in drawn.items()}
    try:
        returned = _debugged(kernel, rng, arguments | drawn) if debug else kernel.run(rng, **arguments)
    except Exception as error:
        raise TrialError(_raised(kernel, values, point, trial, error)) from error
    left = debug and returned is None
    outputs = {} if left else outputs_of(kernel, kernel.completed(returned, drawn, rng) if debug else returned)
    return Replayed(values, outputs, point, trial, tuple(getattr(rng, "drawn", ())))


def _rng(plan: Plan, point: int, trial: int, *, trace: bool) -> Rng:
    """Return the draws of a trial."""
    which = plan.seed, 0 if plan.common_random_numbers else point, trial
    if not trace:
        return Rng(*which)
    from sweep_kernels.tracing import TracedRng

    return TracedRng(*which)


def replay_cases(
    kernel: Kernel, plan: Plan, data: Mapping[str, Table], found: Cases, *, trace: bool = False
) -> Iterator[Replayed]:
    """Run kept trials again, and see that each gives what was kept of it, to the bit.

    Parameters
    ----------
    kernel, plan, data
        From `prepare`.
    found
        From `sweep.cases.find_cases`, of the same sweep.
    trace
        Note every draw.

    Raises
    ------
    CorruptError
        If a trial gives something else.
    TrialError
        If a trial raises.
    """
    for row in found.table.to_pylist():
        again = replay(kernel, plan, data, row["point"], row["trial"], trace=trace)
        for name, value in again.outputs.items():
            if not _same(value, row[name]):
                raise CorruptError(
                    f"trial {again.trial} of point {again.point} gives {name}={value!r} in plain Python, and was kept with {row[name]!r}"
                )
        yield again


def _same(a: Any, b: Any) -> bool:
    """Tell whether two values are one to the bit; NaN is NaN, and 0.0 is not -0.0."""
    if isinstance(a, float) and isinstance(b, float):
        return a.hex() == b.hex()
    return bool(a == b)


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
