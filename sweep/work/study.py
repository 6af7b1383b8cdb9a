"""What every worker of a sweep is given, and what it makes of it once."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.work.arguments import argument_kinds
from sweep_kernels.driver import Driver
from sweep_kernels.observer import Observer

if TYPE_CHECKING:
    from sweep.plan import Plan
    from sweep.store import Store
    from sweep_kernels.declaration import Kernel

__all__ = ["Study"]


@dataclass(frozen=True, eq=False)
class Study:
    """A kernel, the plan to run it by, and the store to write to."""

    kernel: Kernel
    plan: Plan
    store: Store

    @functools.cached_property
    def driver(self) -> Driver:
        """The compiled kernel; compiled or loaded on first use, and again after a journey to another process."""
        return self.driver_of(None)

    def driver_of(self, width: int | None) -> Driver:
        """Compile or load the kernel for so many trials side by side.

        Raises
        ------
        PlanError
            If quantiles or a histogram are asked for of a bool.
        """
        driver = Driver(
            self.kernel,
            argument_kinds(self.kernel, self.plan.space),
            seed=self.plan.seed,
            trials=self.plan.trials,
            block_size=self.plan.block_size,
            common_random_numbers=self.plan.common_random_numbers,
            width=width,
        )
        self.plan.request.tallies(
            self.kernel.outputs, driver.output_kinds
        )  # what cannot be counted is told before anything is
        return driver

    @functools.cached_property
    def observer(self) -> Observer | None:
        """What looks at trials for more than statistics, if the plan asks for that."""
        tallies = self.plan.request.tallies(self.kernel.outputs, self.driver.output_kinds)
        return Observer(tallies, len(self.kernel.outputs), self.plan.block_size) if tallies else None

    def __reduce__(self) -> tuple[type[Study], tuple[Kernel, Plan, Store]]:
        return (Study, (self.kernel, self.plan, self.store))
