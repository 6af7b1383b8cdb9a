"""What every worker of a sweep is given, and what it makes of it once."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.work.arguments import argument_kinds
from sweep.work.tables import load_tables
from sweep_kernels.driver import Driver
from sweep_kernels.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.plan import Plan
    from sweep.store import Store
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["Study"]


@dataclass(frozen=True, eq=False)
class Study:
    """A kernel, the plan to run it by, and the store to write to.

    Attributes
    ----------
    data
        The tables of the plan; read from the store when left out.
    """

    kernel: Kernel
    plan: Plan
    store: Store
    data: Mapping[str, Table] | None = None

    @functools.cached_property
    def tables(self) -> Mapping[str, Table]:
        """The tables that the kernel reads, by parameter."""
        return load_tables(self.store, self.plan) if self.data is None else self.data

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
            argument_kinds(self.kernel, self.plan),
            seed=self.plan.seed,
            trials=self.plan.trials,
            block_size=self.plan.block_size,
            common_random_numbers=self.plan.common_random_numbers,
            width=width,
            tables=self.tables,
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

    def __reduce__(self) -> tuple[type[Study], tuple[Any, ...]]:
        return (Study, (self.kernel, self.plan, self.store, self.data))
