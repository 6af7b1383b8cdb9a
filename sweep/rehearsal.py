"""A look at a kernel before it is compiled: one trial in plain Python. It imports no compiler."""

from __future__ import annotations

import io
import signal
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import KernelError
from sweep.frames import last_frame
from sweep.replay import outputs_of
from sweep.work.arguments import arguments_of
from sweep_kernels.rng import Rng

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sweep.plan import Plan
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["rehearse"]

SECONDS = 1.0

UNFIT = (AttributeError, NameError, TypeError)
"""What plain Python raises for code that cannot be compiled either; anything else may be the numbers of one trial."""

PLAIN_ONLY = ("complex", "numpy boolean")
"""Words of a TypeError that only plain Python raises: the root of a negative number is NaN when compiled, and bools are subtracted."""

MISREAD = ("only integers", "too many indices")
"""Words of an IndexError that is no matter of numbers: what is indexed has other dimensions, or the index is no whole number."""


class _TimeUpError(BaseException):
    """The trial took too long; no ``Exception``, so that a kernel does not catch it."""


def rehearse(kernel: Kernel, plan: Plan, seconds: float = SECONDS, data: Mapping[str, Table] | None = None) -> None:
    """See that trial 0 of point 0 returns what the kernel says; in the main thread only.

    Parameters
    ----------
    kernel, plan
        What to try.
    seconds
        How long the trial may take: a longer one is left, and nothing is said of it.
    data
        The tables that it reads.

    Raises
    ------
    KernelError
        If it uses a name that is not there, or returns something else than its outputs.
    PlanError
        If quantiles or a histogram are asked for of a bool.
    """
    rng = Rng(plan.seed, 0, 0)
    drawn = kernel.draw(rng)
    try:
        with _time_limit(seconds), redirect_stdout(io.StringIO()):
            returned = kernel.frozen(rng, **arguments_of(kernel, plan, 0, data or {}), **drawn)
    except (*UNFIT, IndexError) as error:
        if _may_compile(error):
            return
        frame = last_frame(error, kernel.file)
        place = f"{frame.filename}:{frame.lineno}: " if frame else ""
        raise KernelError(f"{place}kernel {kernel.name!r} raises {type(error).__name__}: {error}") from None
    except (_TimeUpError, Exception):  # noqa: BLE001 - the user's own: a trial may raise, and compiled arithmetic may not
        return
    try:
        outputs = outputs_of(kernel, kernel.completed(returned, drawn, rng))
    except KernelError as error:
        raise KernelError(f"{kernel.file}:{kernel.line}: {error}") from None
    kinds = tuple("bool" if isinstance(each, bool | np.bool_) else "float" for each in outputs.values())
    plan.request.tallies(kernel.outputs, kinds)


def _may_compile(error: Exception) -> bool:
    """Tell whether what plain Python raises may come of the numbers, or be no error in compiled code."""
    if isinstance(error, IndexError):
        return not any(each in str(error) for each in MISREAD)
    return any(each in str(error) for each in PLAIN_ONLY)


@contextmanager
def _time_limit(seconds: float) -> Generator[None]:
    def end(*_: Any) -> None:
        raise _TimeUpError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
