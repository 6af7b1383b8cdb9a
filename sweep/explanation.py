"""How a study's kernel is run, and how fast: for users who want to know why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.blame import line_to_blame
from sweep.errors import UsageError
from sweep.programs import Command
from sweep.work.pilot import mean_seconds
from sweep.work.study import Study

if TYPE_CHECKING:
    from sweep.sweep import Sweep

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found out on this machine.

    Attributes
    ----------
    kernel
        Its name.
    width
        How many trials run side by side.
    parts
        Whether these part ways, so that some wait for others.
    why_alone
        Why they run one after the other; "" where they do not.
    where
        The user's file, line and source that are to blame for it; "" where no line can be told.
    seconds, seconds_alone
        For a trial, on one core; the second one after the other.
    """

    kernel: str
    width: int
    parts: bool
    why_alone: str
    where: str
    seconds: float
    seconds_alone: float


def explain(sweep: Sweep) -> Explanation:
    """Compile a study's kernel both ways, and time trials at a few of its points.

    Raises
    ------
    KernelError
        If it does not compile.
    """
    from sweep.store import open_store

    if isinstance(sweep.kernel, Command):
        raise UsageError(
            f"command {sweep.kernel.name!r} is a program, which is run as it is: only kernels are compiled"
        )
    study = Study(sweep.kernel, sweep.plan(), open_store("memory://explanation"), sweep.data)
    driver, alone = study.driver_of(None), study.driver_of(1)
    code = driver.code
    return Explanation(
        sweep.kernel.name,
        code.width,
        code.parts,
        code.why_alone,
        line_to_blame(sweep.kernel, code.why_alone),
        mean_seconds(driver, study),
        mean_seconds(alone, study),
    )
