"""Run one trial of a sweep again, alone, in plain Python, with the same draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError, SpecError, TrialError, UsageError
from sweep.work.arguments import arguments_of

if TYPE_CHECKING:
    from sweep.plan import Plan
    from sweep_kernels.kernel import Kernel

__all__ = ["Replayed", "prepare", "replay"]


@dataclass(frozen=True)
class Replayed:
    """A trial's parameters and what it returned, by name; no outputs if it was left in the debugger."""

    parameters: dict[str, Any]
    outputs: dict[str, Any]


def prepare(source: str, seed: int | None = None) -> tuple[Kernel, Plan]:
    """Find kernel and plan from a study, or from the store of its sweep.

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
        return sweep.kernel, sweep.plan()
    from sweep.holdings import require_plan
    from sweep.store import open_store

    plan = require_plan(open_store(source))
    return _kernel_of(plan), plan if seed is None else replace(plan, seed=seed)


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
    if kernel.version != plan.kernel.version:
        raise KernelError(
            f"the source of kernel {kernel.name!r} in {place} has changed since the sweep ran: its trials would not be the same",
        )
    return kernel


def replay(kernel: Kernel, plan: Plan, point: int, trial: int, *, debug: bool = False) -> Replayed:
    """Run one trial again.

    Parameters
    ----------
    kernel, plan
        From `prepare`.
    point, trial
        Which: ``0 <= point < plan.points``, ``0 <= trial < plan.trials``.
    debug
        Stop in the debugger at the kernel's first line.

    Raises
    ------
    UsageError
        If there is no such point or trial.
    TrialError
        If the trial raises.
    """
    if not 0 <= point < plan.points:
        raise UsageError(f"point {point} is not one of the sweep's {plan.points:,}: 0 to {plan.points - 1}")
    if not 0 <= trial < plan.trials:
        raise UsageError(f"trial {trial} is not one of the point's {plan.trials:,}: 0 to {plan.trials - 1}")
    arguments = arguments_of(kernel, plan.space, point)
    drawn_at = 0 if plan.common_random_numbers else point
    try:
        if debug:
            import pdb  # noqa: T100 - the user asked for it

            returned = pdb.runcall(kernel.trial, plan.seed, drawn_at, trial, **arguments)
        else:
            returned = kernel.trial(plan.seed, drawn_at, trial, **arguments)
    except Exception as error:
        raise TrialError(f"trial {trial} of point {point} raises {type(error).__name__}: {error}") from error
    return Replayed(plan.space[point], _outputs(kernel, returned, left=debug and returned is None))


def _outputs(kernel: Kernel, returned: Any, *, left: bool) -> dict[str, Any]:
    """Name what a trial returned; nothing if it was left in the debugger."""
    if left:
        return {}
    values = returned if isinstance(returned, tuple) else (returned,)
    if len(values) != len(kernel.outputs):
        raise KernelError(
            f"kernel {kernel.name!r} returned {len(values)} values and names {len(kernel.outputs)} outputs: "
            f"{', '.join(kernel.outputs)}"
        )
    return dict(zip(kernel.outputs, values, strict=True))
